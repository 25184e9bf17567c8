use super::{AuditedProduct, PermissionSetName};

/// A product, as the names of permission sets begin with it, and what Audit Trail may call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductFamily {
    /// The name for people.
    pub name: String,
    products: Vec<String>,
}

/// The beginnings of permission sets, the name of the product, and what else Audit Trail may call it. The longest beginning
/// counts.
///
/// Source: the permission sets and the products of Audit Trail in the product documentation of September 2026, and the resource
/// types of its API. Recorded are `iam`, `account`, `instance` and `secret-manager`.
const FAMILIES: &[(&str, &str, &[&str])] = &[
    ("AbuseTicket", "Abuse tickets", &["abuse"]),
    ("AllProducts", ALL, &[]),
    ("AppleSilicon", "Apple silicon", &[]),
    ("AuditTrail", "Audit Trail", &[]),
    ("Autoscaling", "Autoscaling", &["Instance Scaling Group"]),
    ("Billing", "Billing", &[]),
    ("BlockStorage", "Block Storage", &["block", "sbs"]),
    ("ContainerRegistry", "Container Registry", &["registry"]),
    ("Containers", "Serverless Containers", &["container", "containers"]),
    ("DataWarehouse", "ClickHouse", &["Data Warehouse"]),
    ("Dedibox", "Dedibox", &[]),
    ("DistributedDataLab", "Data Lab", &["Data Lab for Apache Spark"]),
    ("DomainsDNS", "Domains and DNS", &["domain", "dns"]),
    ("EdgeServices", "Edge Services", &[]),
    ("ElasticMetal", "Elastic Metal", &["baremetal"]),
    ("EnvironmentalImpact", "Environmental Footprint", &["Environmental Impact"]),
    ("FileStorage", "File Storage", &["file", "sfs"]),
    ("Functions", "Serverless Functions", &["function", "functions"]),
    ("GenerativeApis", "Generative APIs", &["Generative APIs - Serverless"]),
    ("IAM", "IAM", &[]),
    ("IPAM", "IPAM", &[]),
    ("Inference", "Managed Inference", &["inference", "Generative APIs"]),
    ("Instances", "Instances", &["instance"]),
    ("Interlink", "InterLink", &[]),
    ("IoT", "IoT Hub", &["iot"]),
    ("KafkaCluster", "Kafka", &["Clusters for Kafka"]),
    ("KeyManager", "Key Manager", &[]),
    ("Kubernetes", "Kubernetes", &["k8s", "kube"]),
    ("LoadBalancers", "Load Balancers", &["load balancer", "lb"]),
    ("MessagingAndQueuing", "Messaging and Queuing", &["mnq", "NATS", "Queues", "Topics and Events"]),
    ("MongoDB", "MongoDB", &[]),
    ("ObjectStorage", "Object Storage", &["s3"]),
    ("Observability", "Cockpit", &["Observability"]),
    ("Organization", "Organization", &["account", "iam", "Organizations and Projects"]),
    ("PrivateNetworks", "VPC", &["Private Networks"]),
    ("Project", "Projects", &["account", "Organizations and Projects"]),
    ("QaaS", "Quantum as a Service", &["qaas", "Labs"]),
    ("Redis", "Redis", &[]),
    ("RelationalDatabases", "PostgreSQL and MySQL", &["PostgreSQL & MySQL", "Managed Databases", "rdb"]),
    ("SSHKeys", "SSH keys", &["iam"]),
    ("SearchDB", "OpenSearch", &["searchdb"]),
    ("SecretManager", "Secret Manager", &[]),
    ("ServerlessJobs", "Serverless Jobs", &["jobs"]),
    ("ServerlessSQL", "Serverless SQL", &["Serverless SQL Databases", "serverless-sqldb"]),
    ("SiteToSiteVPN", "Site-to-Site VPN", &["s2s vpn"]),
    ("SupportTicket", "Support", &[]),
    ("TransactionalEmail", "Transactional Email", &["tem"]),
    ("VPC", "VPC", &["Private Networks"]),
    ("VPCGateway", "Public Gateways", &["Public Gateway", "vpc gw"]),
    ("WebHosting", "Web Hosting", &[]),
];

const ALL: &str = "all products";

/// What the names of permission sets end with.
const ENDS: [&str; 10] = [
    "FullAccess",
    "ReadOnly",
    "ReadWrite",
    "Access",
    "Create",
    "Delete",
    "Manager",
    "Admin",
    "Read",
    "Write",
];

impl ProductFamily {
    /// Returns the product of a permission set, or the beginning of its name if no known product fits.
    #[must_use]
    pub fn of(set: &PermissionSetName) -> Self {
        let known = FAMILIES.iter().filter(|(start, ..)| set.as_str().starts_with(start));
        if let Some((_, name, others)) = known.max_by_key(|(start, ..)| start.len()) {
            let products = others.iter().chain([name]).map(|text| plain(text)).collect();
            return Self { name: (*name).to_owned(), products };
        }
        let stem = ENDS.iter().find_map(|end| set.as_str().strip_suffix(end)).filter(|stem| !stem.is_empty());
        let name = stem.unwrap_or(set.as_str());
        Self { name: name.to_owned(), products: vec![plain(name)] }
    }

    /// Says whether it stands for all products.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.name == ALL
    }

    /// Says whether a product of Audit Trail is this one.
    #[must_use]
    pub fn is(&self, product: &AuditedProduct) -> bool {
        let named = |text: &str| self.products.contains(&plain(text));
        self.is_all() || named(&product.name) || named(&product.title)
    }
}

/// Reduces a name to its small letters and digits: `Secret Manager` and `secret-manager` are the same.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|char| char.to_ascii_lowercase()).collect()
}

/// Says whether a permission set only lets its holder read.
#[must_use]
pub fn only_reads(set: &PermissionSetName) -> bool {
    let set = set.as_str();
    !set.ends_with("FullAccess")
        && ["ReadOnly", "Read", "List", "Access"].iter().any(|end| set.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Catalogue;

    fn family(set: &str) -> ProductFamily {
        ProductFamily::of(&set.parse().unwrap())
    }

    fn product(name: &str, title: &str) -> AuditedProduct {
        AuditedProduct { name: name.to_owned(), title: title.to_owned(), reads: false }
    }

    #[test]
    fn a_product_goes_by_the_longest_beginning_of_a_permission_set() {
        let names = |sets: &[&str]| sets.iter().map(|set| family(set).name).collect::<Vec<_>>();
        assert_eq!(
            names(&[
                "VPCFullAccess",
                "VPCGatewayReadOnly",
                "InstancesServerListRead",
                "SomethingNewFullAccess"
            ]),
            ["VPC", "Public Gateways", "Instances", "SomethingNew"]
        );
    }

    #[test]
    fn every_published_permission_set_has_a_product() {
        let unknown: Vec<&str> = Catalogue::published()
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|name| !FAMILIES.iter().any(|(start, ..)| name.starts_with(start)))
            .collect();
        assert_eq!(
            unknown,
            [
                "MailboxFullAccess",
                "MailboxReadOnly",
                "NotificationManagerFullAccess",
                "NotificationManagerReadOnly"
            ]
        );
    }

    #[test]
    fn audit_trail_may_call_a_product_by_any_of_its_names() {
        assert!(family("SecretManagerReadOnly").is(&product("secret-manager", "")));
        assert!(family("KubernetesFullAccess").is(&product("k8s", "")));
        assert!(family("MongoDBFullAccess").is(&product("doc-db", "MongoDB®")));
        assert!(!family("InstancesFullAccess").is(&product("iam", "IAM")));
        assert!(family("AllProductsFullAccess").is(&product("iam", "IAM")));
    }

    #[test]
    fn a_permission_set_that_only_reads_is_told_from_one_that_writes() {
        let reads = |set: &str| only_reads(&set.parse().unwrap());
        assert!(reads("IAMReadOnly") && reads("SecretManagerSecretAccess") && reads("InstancesServerRead"));
        assert!(!reads("InstancesFullAccess") && !reads("IAMManager") && !reads("SecretManagerSecretWrite"));
    }
}
