//! The organization that the runs are about: its live side, the files that say the same, and a change to them.

use serde_json::{Value, json};

pub(crate) const ID: &str = "105bdce1-64c0-48ab-899d-868455867ecf";
const MADE: &str = "2026-01-12T09:00:00.000000Z";
const MEMBERS: usize = 10;
/// How many members a group has that the first apply makes.
const FIRST_MEMBERS: usize = 20;

/// How many of each there are.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) name: &'static str,
    pub(crate) applications: usize,
    pub(crate) users: usize,
    pub(crate) groups: usize,
    pub(crate) policies: usize,
}

/// The default quotas of an organization.
pub(crate) const QUOTA: Size = Size { name: "quota", applications: 100, users: 50, groups: 50, policies: 50 };
/// Ten times that.
pub(crate) const TENFOLD: Size =
    Size { name: "tenfold", applications: 1000, users: 500, groups: 500, policies: 500 };

fn id(kind: usize, n: usize) -> String {
    format!("{kind:08x}-0000-4000-8000-{n:012x}")
}

fn email(n: usize) -> String {
    format!("u{n}@example.com")
}

impl Size {
    /// The users in a group.
    fn members(self, group: usize) -> impl Iterator<Item = usize> {
        self.some_users(group, MEMBERS)
    }

    fn some_users(self, group: usize, count: usize) -> impl Iterator<Item = usize> {
        (0..count).map(move |at| (group * count + at) % self.users)
    }

    /// The live side before the first apply: its people alone.
    pub(crate) fn people(self) -> Value {
        let mut state = self.state();
        for kind in ["applications", "groups", "policies", "api_keys"] {
            state[kind] = json!([]);
        }
        state
    }

    /// The files of the first apply: groups of twenty.
    pub(crate) fn first(self) -> Value {
        let mut files = self.files();
        for n in 0..self.groups {
            let users: Vec<_> = self.some_users(n, FIRST_MEMBERS).map(email).collect();
            files["groups"][format!("group-{n}")]["members"]["users"] = users.into();
        }
        files
    }

    /// The live side: groups of ten, a policy of two rules for each group, an API key for each application.
    pub(crate) fn state(self) -> Value {
        let owned = |id: String, name: String| {
            json!({"id": id, "name": name, "description": "", "created_at": MADE, "updated_at": MADE,
                "organization_id": ID, "editable": true, "deletable": true, "managed": false, "tags": ["scw-iam=bench"]})
        };
        let user = |n: usize| {
            json!({"id": id(1, n), "email": email(n), "username": format!("u{n}"), "organization_id": ID,
                "type": if n == 0 { "owner" } else { "member" }, "created_at": MADE, "updated_at": MADE})
        };
        let group = |n: usize| {
            let mut group = owned(id(3, n), format!("group-{n}"));
            group["user_ids"] = self.members(n).map(|user| id(1, user)).collect();
            group["application_ids"] = json!([]);
            group
        };
        let policy = |n: usize| {
            let mut policy = owned(id(4, n), format!("policy-{n}"));
            policy["group_id"] = id(3, n % self.groups).into();
            policy["rules"] = json!([
                {"id": id(5, n), "permission_set_names": ["InstancesFullAccess"],
                    "permission_sets_scope_type": "projects", "condition": "", "project_ids": [ID]},
                {"id": id(6, n), "permission_set_names": ["IAMReadOnly"],
                    "permission_sets_scope_type": "organization", "condition": "", "organization_id": ID},
            ]);
            policy
        };
        let api_key = |n: usize| {
            json!({"access_key": format!("SCW{n:017}"), "application_id": id(2, n), "description": "",
                "created_at": MADE, "updated_at": MADE, "editable": true, "deletable": true, "managed": false})
        };
        json!({
            "organization": {"id": ID, "name": "bench"},
            "users": (0..self.users).map(user).collect::<Value>(),
            "projects": [{"id": ID, "name": "default", "organization_id": ID, "description": "",
                "created_at": MADE, "updated_at": MADE}],
            "applications": (0..self.applications).map(|n| owned(id(2, n), format!("application-{n}"))).collect::<Value>(),
            "groups": (0..self.groups).map(group).collect::<Value>(),
            "policies": (0..self.policies).map(policy).collect::<Value>(),
            // Every other application has one.
            "api_keys": (1..self.applications).step_by(2).map(api_key).collect::<Value>(),
        })
    }

    /// The files that say just this (JSON is YAML too), the project pinned.
    pub(crate) fn files(self) -> Value {
        let mut files = json!({
            "version": 1, "organization": ID, "stack": "bench", "projects": {"default": ID},
            "settings": {"limits": {"deletes": 9999, "emptied": 9999, "lost_access": 9999, "rename": 9999}},
            "applications": {}, "groups": {}, "policies": {},
        });
        for n in 0..self.applications {
            files["applications"][format!("application-{n}")] = json!({});
        }
        for n in 0..self.groups {
            let users: Vec<_> = self.members(n).map(email).collect();
            files["groups"][format!("group-{n}")] = json!({"members": {"users": users}});
        }
        for n in 0..self.policies {
            files["policies"][format!("policy-{n}")] = json!({
                "principal": {"group": format!("group-{}", n % self.groups)},
                "rules": [
                    {"permission_sets": ["InstancesFullAccess"], "scope": ["default"]},
                    {"permission_sets": ["IAMReadOnly"], "scope": "organization"},
                ],
            });
        }
        files
    }

    /// The files after a busy week: of each fifty groups and policies some are changed in each way, a tenth of the objects in all.
    pub(crate) fn changed(self) -> Value {
        let mut files = self.files();
        for fifty in (0..self.groups).step_by(50) {
            let group = |n: usize| format!("group-{}", fifty + n);
            let policy = |n: usize| format!("policy-{}", fifty + n);
            let users = |n: usize| format!("/groups/{}/members/users", group(n));
            let users_of = |files: &mut Value, n: usize, change: &dyn Fn(&mut Vec<Value>)| {
                change(files.pointer_mut(&users(n)).and_then(Value::as_array_mut).expect("members"));
            };
            // Whoever is not in it yet: the users of a group come one after another.
            let newcomer = |n: usize| Value::from(email(((fifty + n) * MEMBERS + MEMBERS) % self.users));
            for n in [1, 11, 21] {
                users_of(&mut files, n, &|users| users.push(newcomer(n))); // joiners,
            }
            for n in [2, 12, 21] {
                users_of(&mut files, n, &|users| drop(users.remove(1))); // leavers,
            }
            users_of(&mut files, 3, &|users| drop(users.drain(1..4))); // several at once
            for n in [1, 2, 4, 14, 24] {
                let sets = json!(["InstancesReadOnly", "ObjectStorageFullAccess"]);
                files["policies"][policy(n)]["rules"][0]["permission_sets"] = sets;
            }
            // Two teams swap a policy each.
            files["policies"][policy(11)]["principal"] = json!({"group": group(12)});
            files["policies"][policy(12)]["principal"] = json!({"group": group(11)});
            files["groups"][group(5)]["description"] = json!("Who is on call");
            rename(&mut files, "policies", &policy(6), "policy-of-six");
            rename(&mut files, "applications", &format!("application-{}", fifty * 2 + 6), "sixth");
            for n in [7, 8] {
                files["applications"][format!("application-{}", fifty * 2 + n)] =
                    json!({"description": "Builds"});
            }
            for (kind, name) in
                [("applications", format!("application-{}", fifty * 2 + 10)), ("policies", policy(9))]
            {
                files[kind].as_object_mut().expect("a section").shift_remove(&name);
            }
            // A new team, all at once.
            let (team, robot) = (format!("team-{fifty}"), format!("robot-{fifty}"));
            files["applications"][&robot] = json!({});
            files["groups"][&team] =
                json!({"members": {"users": [email(1), email(2)], "applications": [&robot]}});
            files["policies"][&team] = json!({"principal": {"group": &team},
                "rules": [{"permission_sets": ["ContainersFullAccess"], "scope": ["default"]}]});
        }
        files
    }
}

/// Gives an object another name.
fn rename(files: &mut Value, kind: &str, from: &str, to: &str) {
    let mut object =
        files[kind].as_object_mut().and_then(|objects| objects.shift_remove(from)).expect("an object");
    object["previously"] = from.into();
    files[kind][format!("{to}-{from}")] = object;
}
