//! The calls about quotas.
use super::client::Client;
use super::error::Error;
use super::http::Call;
use super::id::QuotumName;
use super::list::{List, Query, orders};
use super::wire::Quotum;

const PATH: &str = "/iam/v1alpha1/quota";

/// Which quotas to list, and in which order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListQuota {
    /// The order.
    pub order_by: QuotaOrder,
    /// With these names.
    pub quotum_names: Vec<QuotumName>,
}

orders! {
    /// The orders of the list of quotas.
    QuotaOrder {
        NameAsc = "name_asc",
        NameDesc = "name_desc",
    }
}

impl Client {
    /// Lists the quotas of the organization.
    ///
    /// Source: IAM API v1alpha1, `GET /quota` (ListQuota).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs"));
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = example().await?;
    /// use scw_iam::api::ListQuota;
    ///
    /// for quotum in client.list_quota(&ListQuota::default()).all().await? {
    ///     println!("{}: {:?}", quotum.name, quotum.amount);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list_quota(&self, list: &ListQuota) -> List<Quotum> {
        let query = Query::default()
            .one("organization_id", Some(self.organization()))
            .one("order_by", Some(&list.order_by))
            .each("quotum_names", &list.quotum_names);
        List::new(self, PATH, query.done())
    }

    /// Returns one quota of the organization.
    ///
    /// Source: IAM API v1alpha1, `GET /quota/{name}` (GetQuotum).
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](super::ErrorKind::NotFound) when no quota has this name.
    pub async fn get_quotum(&self, name: &QuotumName) -> Result<Quotum, Error> {
        let query = Query::default().one("organization_id", Some(self.organization()));
        self.send(Call::get(format!("{PATH}/{name}")).query(query.done())).await
    }
}
