//! Records that are pushed under another spelling of their ids than before.

use gong_crm::push::{Report, Verdict};

use crate::support::{Harness, NEW, OLD, account};

fn named(report: &Report) -> Option<&String> {
    let mut notes = report.notes.iter();
    notes.find(|note| note.contains("under another spelling"))
}

#[tokio::test]
async fn record_that_gong_has_in_another_spelling_is_named() {
    let harness = Harness::new().await;
    let push = async |name: &str, text: String| {
        let options = harness.options(&harness.write_text(name, &text));
        harness.push_with(options).await
    };
    let (long, short) = ("001Q000001GqZ2xIAF", "001Q000001GqZ2x");
    let first = account("acc-1", OLD, "One") + &account(short, OLD, "Two");
    let report = push("accounts-1.ldjson", first.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(named(&report), None);
    // In the same spelling, and with other ids.
    let changed = account("acc-1", NEW, "One again") + &account("acc-2", NEW, "Three");
    let report = push("accounts-2.ldjson", changed).await;
    assert_eq!(named(&report), None);

    let other = account("ACC-1", NEW, "One") + &account(long, NEW, "Two");
    let report = push("accounts-3.ldjson", other).await;
    let note = named(&report).unwrap();
    assert!(note.starts_with("ACCOUNT: 2 new records"), "{note}");
    for pair in ["ACC-1 as acc-1", &format!("{long} as {short}")] {
        assert!(note.contains(pair), "{note}");
    }
}
