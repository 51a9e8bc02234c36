//! Whose deals people do not see, as a section of a page.

use gong_crm::coverage::Coverage;

use super::{Chart, Fill, Kind, Section, Table};
use crate::output::sync_report::unseen;
use crate::output::table::count;

const KINDS: [Kind; 3] = [
    ("on the board of a Gong user", Fill::New),
    ("of owners who are not active Gong users", Fill::Gone),
    ("without owner", Fill::Held),
];

/// The deals by whether their owner is a Gong user, and the owners who are not.
pub(crate) fn section(coverage: &Coverage, unknown: &str) -> Section {
    let (hidden, without) = (coverage.unseen_deals(), coverage.without_owner);
    let seen = coverage.deals.saturating_sub(hidden + without);
    let row = ("deals".to_owned(), vec![seen, hidden, without]);
    let rows = coverage.unseen.iter().map(|owner| {
        let (who, why) = unseen(owner, unknown);
        vec![who, count(owner.deals), why]
    });
    let columns = [("owner", false), ("deals", true), ("why", false)];
    let total = coverage.unseen.len() as u64;
    Section::new("Owners of deals")
        .lines([coverage.to_string()])
        .chart(Chart::new("Deals by their owners", &KINDS, [row]))
        .table(Table::new(
            "Owners whose deals are on nobody's board",
            &columns,
            rows,
            total,
        ))
}
