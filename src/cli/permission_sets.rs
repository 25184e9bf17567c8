//! `scw-iam permission-sets`

use super::Exit;
use super::arguments::{Common, Reach};
use super::failure::Failure;
use super::output::{Format, talk};
use super::prepare;
use super::session::Session;
use crate::live;
use crate::model::{Catalogue, ScopeType};
use crate::render::escape::markdown as escape;

const EXAMPLES: &str = "\
Examples:
  scw-iam permission-sets | grep Secret
  scw-iam permission-sets --live -o json";

// `--live -o json` is what src/model/catalogue.tsv is renewed with (CONTRIBUTING.md).
/// Lists the permission sets with their scope types: those of the organization, or those built in
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct PermissionSets {
    /// Ask the organization, and not the catalogue that this version was built with
    #[arg(long)]
    live: bool,
    #[command(flatten)]
    reach: Reach,
}

impl PermissionSets {
    pub(super) async fn run(self, common: &Common) -> Result<Exit, Failure> {
        let read = if self.live || self.reach.emulate.is_some() {
            let session = Session::open(&self.reach, None).await?;
            let needs = live::Needs { permission_sets: true, ..live::Needs::default() };
            let live = prepare::read(&session, &needs).await?;
            session.close().await?;
            live.catalogue
        } else {
            None
        };
        let built_in = Catalogue::published();
        let catalogue = read.as_ref().unwrap_or(built_in);
        for output in common.outputs() {
            let bytes = match output.format {
                Format::Text => catalogue.to_table(built_in),
                Format::Markdown => markdown(&catalogue.to_table(built_in)),
                Format::Json => json(catalogue),
            };
            output.write(bytes.as_bytes())?;
        }
        if read.is_some() {
            let new = catalogue.iter().filter(|(name, _)| built_in.get(name).is_none()).count();
            let gone = built_in.iter().filter(|(name, _)| catalogue.get(name).is_none()).count();
            let are = |number: usize| if number == 1 { "is" } else { "are" };
            let (new_are, gone_are) = (are(new), are(gone));
            talk(&format!("{new} {new_are} not built in; {gone} of those built in {gone_are} not there."));
        }
        Ok(Exit::Done)
    }
}

/// The table, whose first line is a comment with the columns, as one of Markdown.
fn markdown(table: &str) -> String {
    let row = |line: &str| {
        let cells: Vec<_> = line.split('\t').map(escape).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let mut lines = table.lines();
    let columns = lines.next().unwrap_or_default().trim_start_matches("# ");
    let rows: String = lines.map(row).collect();
    format!("{}|{}\n{rows}", row(columns), "---|".repeat(columns.split('\t').count()))
}

fn json(catalogue: &Catalogue) -> String {
    let sets: Vec<_> = catalogue
        .iter()
        .map(|(name, set)| {
            let scope_type = match set.scope_type {
                ScopeType::Organization => "organization",
                ScopeType::Projects => "projects",
                ScopeType::AccountRootUser => "account_root_user",
                ScopeType::Other => "other",
            };
            serde_json::json!({"name": name.as_str(), "scope_type": scope_type, "category": set.category})
        })
        .collect();
    format!("{:#}\n", serde_json::Value::from(sets))
}
