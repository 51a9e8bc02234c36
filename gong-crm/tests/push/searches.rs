//! Rejected records beyond those that Gong lists.

use gong_crm::push::{Options, Status, Verdict};
use gong_sim::Simulator;

use crate::support::Harness;

fn accounts(range: std::ops::Range<usize>, is_bad: impl Fn(usize) -> bool) -> Vec<String> {
    range
        .map(|number| {
            let field = if is_bad(number) {
                r#","url":"nonsense""#
            } else {
                ""
            };
            format!(r#"{{"objectId":"acc-{number}","modifiedDate":"2026-01-15T09:30:00Z"{field}}}"#)
        })
        .collect()
}

async fn harness_with(lines: &[String]) -> (Harness, std::path::PathBuf) {
    let harness = Harness::with(Simulator::start().await.unwrap()).await;
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let path = harness.write("accounts.ldjson", &lines);
    (harness, path)
}

#[tokio::test]
async fn rejected_records_beyond_the_twenty_listed_are_found() {
    let lines = accounts(0..200, |number| number % 4 == 0);
    let (harness, path) = harness_with(&lines).await;
    let options = harness.options(&path).unchecked();
    let mut options: Options = options;
    options.find_all_errors = true;
    let report = harness.push_with(options).await;
    assert_eq!(
        report.verdict,
        Verdict::Partial,
        "{:#?}",
        report.files[0].uploads
    );
    assert_eq!((report.accepted(), report.rejected()), (150, 50));
    assert_eq!(report.files[0].errors.len(), 50);
    assert!(harness.simulator.object("ACCOUNT", "acc-1").is_some());
    // Nothing is sent again before its next try.
    let before = harness.simulator.uploads().len();
    let again = harness.push_with(harness.options(&path).unchecked()).await;
    assert_eq!(again.verdict, Verdict::Partial, "{again:#?}");
    assert_eq!((again.unchanged(), again.rejected()), (150, 50));
    assert_eq!(harness.simulator.uploads().len(), before);
}

#[tokio::test]
async fn search_stops_at_its_budget_and_says_what_is_uncertain() {
    let lines = accounts(0..10_000, |number| number % 2 == 0);
    let (harness, path) = harness_with(&lines).await;
    let report = harness.push_with(harness.options(&path).unchecked()).await;
    assert_eq!(report.verdict, Verdict::Unknown);
    assert_eq!(report.files[0].status, Status::Unknown);
    let file = &report.files[0];
    assert_eq!(
        file.accepted + file.rejected + file.uncertain,
        10_000,
        "{file:?}"
    );
    assert!(file.rejected >= 20);
}
