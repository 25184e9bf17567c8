// The official JavaScript client against an emulator: a whole life of a group, an application, a policy, rules, and a key.
//
//   node life.mjs URL ORGANIZATION
import assert from 'node:assert/strict'
import { createClient } from '@scaleway/sdk-client'
import { Accountv3 } from '@scaleway/sdk-account'
import { Iamv1alpha1 } from '@scaleway/sdk-iam'

const [apiURL, organizationId] = process.argv.slice(2)
const client = createClient({
  accessKey: 'SCWEMULATOR000000000',
  secretKey: '11111111-1111-1111-1111-111111111111',
  defaultOrganizationId: organizationId,
  defaultProjectId: organizationId,
  apiURL,
})
const iam = new Iamv1alpha1.API(client)
const projects = new Accountv3.ProjectAPI(client)

const own = await iam.getAPIKey({ accessKey: 'SCWEMULATOR000000000' })
assert.equal((await iam.getUser({ userId: own.userId })).type, 'owner')

const project = await projects.createProject({ name: 'js-project', description: '' })
const application = await iam.createApplication({ name: 'js-ci', description: 'Deploys', tags: ['team=js'] })
assert.equal(application.organizationId, organizationId)
assert.ok(application.createdAt instanceof Date)
await assert.rejects(iam.createApplication({ name: 'no/slash', description: '' }), error => error.name === 'InvalidArgumentsError' && error.status === 400)

const group = await iam.createGroup({ name: 'js-developers', description: '' })
await assert.rejects(iam.createGroup({ name: 'js-developers', description: '' }), error => error.name === 'AlreadyExistsError')
let members = await iam.addGroupMember({ groupId: group.id, applicationId: application.id })
assert.deepEqual(members.applicationIds, [application.id])
members = await iam.addGroupMembers({ groupId: group.id, userIds: [own.userId], applicationIds: [] })
assert.deepEqual(members.userIds, [own.userId])
members = await iam.setGroupMembers({ groupId: group.id, userIds: [], applicationIds: [application.id] })
assert.deepEqual(members.userIds, [])
await assert.rejects(iam.removeGroupMember({ groupId: group.id, userId: own.userId }), error => error.name === 'ResourceNotFoundError')

const policy = await iam.createPolicy({
  name: 'js-policy', description: '', groupId: group.id,
  rules: [{ permissionSetNames: ['InstancesReadOnly'], projectIds: [project.id], condition: '' }],
})
assert.equal(policy.nbRules, 0)
assert.equal((await iam.getPolicy({ policyId: policy.id })).nbRules, 1)
const set = await iam.setRules({
  policyId: policy.id,
  rules: [
    { permissionSetNames: ['IAMReadOnly'], organizationId, condition: '' },
    { permissionSetNames: ['ObjectStorageReadOnly'], projectIds: [project.id], condition: "request.user_agent == 'x'" },
  ],
})
const rules = await iam.listRules({ policyId: policy.id }).all()
assert.deepEqual(rules.map(rule => rule.id), set.rules.map(rule => rule.id))
assert.deepEqual(rules.map(rule => rule.permissionSetsScopeType), ['organization', 'projects'])
const moved = await iam.updatePolicy({ policyId: policy.id, applicationId: application.id })
assert.equal(moved.applicationId, application.id)
assert.equal(moved.groupId, undefined)

const expiresAt = new Date('2099-07-06T09:00:00Z')
const key = await iam.createAPIKey({ applicationId: application.id, description: 'js', expiresAt })
assert.match(key.accessKey, /^SCW[0-9A-Z]{17}$/)
assert.ok(key.secretKey)
const read = await iam.getAPIKey({ accessKey: key.accessKey })
assert.ok(!read.secretKey)
assert.equal(read.expiresAt.getTime(), expiresAt.getTime())
assert.equal((await iam.getApplication({ applicationId: application.id })).nbApiKeys, 1)
await iam.updateAPIKey({ accessKey: key.accessKey, description: 'changed' })

const many = 230
for (let at = 0; at < many; at += 1) {
  await iam.createApplication({ name: `js-many-${at}`, description: '' })
}
const all = await iam.listApplications({ orderBy: 'name_asc' }).all()
assert.equal(new Set(all.map(one => one.id)).size, all.length)
assert.equal(all.filter(one => one.name.startsWith('js-many-')).length, many)
assert.equal((await iam.listApplications({ pageSize: 100, page: 3 })).applications.length, all.length - 200)
assert.ok((await iam.listPermissionSets().all()).length > 150)
assert.ok((await iam.listQuota().all()).some(quotum => quotum.unlimited))
assert.ok((await projects.listProjects().all()).some(one => one.id === project.id))

await iam.deleteApplication({ applicationId: application.id })
await assert.rejects(iam.getAPIKey({ accessKey: key.accessKey }), error => error.status === 404)
assert.equal((await iam.getPolicy({ policyId: policy.id })).noPrincipal, true)
assert.deepEqual((await iam.getGroup({ groupId: group.id })).applicationIds, [])
await iam.deletePolicy({ policyId: policy.id })
await iam.deleteGroup({ groupId: group.id })
await projects.deleteProject({ projectId: project.id })
for (const one of all.filter(one => one.name.startsWith('js-many-'))) {
  await iam.deleteApplication({ applicationId: one.id })
}
await assert.rejects(iam.getGroup({ groupId: group.id }), error => error.name === 'ResourceNotFoundError')
console.log(`JavaScript client: a whole life, ${all.length} applications in pages`)
