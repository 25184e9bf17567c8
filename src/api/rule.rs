//! The calls about the rules of a policy. No call concerns a single rule, or the rules of several policies.
use super::client::Client;
use super::error::Error;
use super::http::Call;
use super::id::PolicyId;
use super::list::{List, Query};
use super::wire::{Rule, RuleSpec, SetRules, SetRulesAnswer};

const PATH: &str = "/iam/v1alpha1/rules";

impl Client {
    /// Lists the rules of a policy, in the order in which they were set.
    ///
    /// Source: IAM API v1alpha1, `GET /rules` (ListRules). It has neither filters nor orders.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs"));
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = example().await?;
    /// let policy = "00000000-0000-4000-8000-0000000000e1".parse()?;
    /// let rules = client.list_rules(&policy).all().await?;
    /// assert_eq!(rules[0].permission_set_names, ["InstancesFullAccess"]);
    /// # Ok(()) }
    /// ```
    pub fn list_rules(&self, policy: &PolicyId) -> List<Rule> {
        List::new(self, PATH, Query::default().one("policy_id", Some(policy)).done())
    }

    /// Replaces the whole rule list of a policy, atomically, and returns the new rules in the order given.
    ///
    /// Source: IAM API v1alpha1, `PUT /rules` (SetRules). No endpoint changes a single rule. Fact: every rule gets a new
    /// id, also one that stays as it was.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](super::ErrorKind::NotFound) when the policy was deleted since it was read.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs"));
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = example().await?;
    /// use scw_iam::api::wire::{RuleSpec, SpecScope};
    ///
    /// let policy = "00000000-0000-4000-8000-0000000000e1".parse()?;
    /// let read_all = RuleSpec {
    ///     permission_set_names: vec!["AllProductsReadOnly".to_owned()],
    ///     condition: String::new(),
    ///     scope: SpecScope::Organization(client.organization().clone()),
    /// };
    /// let rules = client.set_rules(&policy, &[read_all]).await?;
    /// assert_eq!(rules.len(), 1);
    /// # Ok(()) }
    /// ```
    pub async fn set_rules(&self, policy: &PolicyId, rules: &[RuleSpec]) -> Result<Vec<Rule>, Error> {
        let answer: SetRulesAnswer =
            self.send(Call::put(PATH, &SetRules { policy_id: policy, rules })).await?;
        Ok(answer.rules)
    }
}
