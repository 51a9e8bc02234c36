//! Lists of deletions that are confirmed, and what is left of them.

use gong_crm::ObjectType::Account;
use gong_crm::push::Verdict;

use crate::support::{World, accounts};

fn line(object_type: &str, id: &str) -> String {
    format!("{{\"objectType\":\"{object_type}\",\"objectId\":\"{id}\"}}\n")
}

#[tokio::test]
async fn confirmed_record_that_is_not_deleted_is_counted() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=30));
    let mut options = world.options(&[Account]);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    world.export("account.ldjson", &accounts(2..=30));
    let list = world.path("list.ldjson");
    let lines = [
        line("ACCOUNT", "acc-1"),
        line("ACCOUNT", "acc-2"),
        line("ACCOUNT", "acc-99"),
        line("CONTACT", "c-1"),
    ];
    std::fs::write(&list, lines.concat()).unwrap();
    options.confirm_deletions = Some(list.clone());
    let part = "of the 4 records in";
    let rest =
        "3 are not deleted: 1 in the source, or of another scope, 2 not known to this ledger";
    let plan = world.plan(options.clone()).await;
    let is_said = |note: &String| note.contains(part) && note.contains(rest);
    assert!(plan.notes.iter().any(is_said), "{plan:#?}");
    let report = world.sync(options.clone()).await;
    assert!(!world.has("ACCOUNT", "acc-1"), "{report:#?}");
    assert!(report.plan.notes.iter().any(is_said), "{report:#?}");
    // The same list again.
    let report = world.sync(options.clone()).await;
    let is_gone = |note: &String| note.contains("4 are not deleted: ");
    let is_gone_already = |note: &String| is_gone(note) && note.contains("1 not in Gong any more");
    assert!(report.plan.notes.iter().any(is_gone_already), "{report:#?}");

    std::fs::write(&list, "").unwrap();
    let report = world.sync(options).await;
    let is_empty = |note: &String| note.contains("names no record");
    assert!(report.plan.notes.iter().any(is_empty), "{report:#?}");
}
