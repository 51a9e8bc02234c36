//! What a plan says about records besides what it does with them, and what it does not compare.

use gong_crm::ObjectType::{Account, Contact};
use gong_crm::push::Verdict;
use serde_json::json;

use crate::support::{World, account, accounts, contact, counts};

#[tokio::test]
async fn ignored_field_is_sent_only_with_other_changes() {
    let world = World::new().await;
    let scored = |name: &str, score: u32| {
        let mut record = account("acc-1", name);
        record["score"] = json!(score);
        [record]
    };
    world.export("account.ldjson", &scored("Acme", 1));
    let mut options = world.options(&[Account]);
    let ignored = ["score".to_owned(), "industry".to_owned()];
    options.push.ignore_fields.insert(Account, ignored.into());
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    let mut same = scored("Acme", 2);
    same[0]["industry"] = json!("Mining");
    world.export("account.ldjson", &same);
    let quiet = world.sync(options.clone()).await;
    assert_eq!(
        (counts(&quiet.plan, Account), quiet.calls),
        ([0, 0, 0, 1, 0], 0),
        "{quiet:#?}"
    );
    assert_eq!(world.field("ACCOUNT", "acc-1", "score"), json!(1));
    world.export("account.ldjson", &scored("Acme Ltd", 3));
    let report = world.sync(options).await;
    assert_eq!(counts(&report.plan, Account)[1], 1, "{report:#?}");
    assert_eq!(world.field("ACCOUNT", "acc-1", "score"), json!(3));
}

#[tokio::test]
async fn alternating_record_is_a_finding() {
    let world = World::new().await;
    let options = world.options(&[Account]);
    for round in 0..7 {
        let name = ["Acme", "Acme Ltd"][round % 2];
        world.export(
            "account.ldjson",
            &[account("acc-1", name), account("acc-2", "Two")],
        );
        let report = world.sync(options.clone()).await;
        assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
        let notes = report.plan.notes.iter();
        let said = notes.filter(|note| note.contains("between the same two versions"));
        let said: Vec<_> = said.collect();
        assert_eq!(said.len(), usize::from(round >= 5), "{round}: {said:?}");
        assert!(
            said.iter()
                .all(|note| note.starts_with("ACCOUNT: acc-1 changed 5 times"))
        );
    }
}

#[tokio::test]
async fn reference_to_a_type_that_is_left_out_is_a_finding() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=2));
    world.export("contact.ldjson", &[contact("c-1", "acc-1")]);
    let mut options = world.options(&[Account, Contact]);
    let plan = world.plan(options.clone()).await;
    assert_eq!(plan.notes, Vec::<String>::new());
    options.only = [(Contact, gong_crm::sync::Only::All)].into();
    let plan = world.plan(options.clone()).await;
    let note = plan.notes.first().unwrap();
    assert!(
        note.starts_with("1 CONTACT record refers to ACCOUNT acc-1"),
        "{note}"
    );
    assert!(note.contains("was not read"), "{note}");
    // Another ledger may have sent it, so nothing is held back.
    assert_eq!(plan.types.iter().map(|of| of.new).sum::<u64>(), 1);
}
