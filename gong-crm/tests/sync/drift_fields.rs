//! Fields that Gong has and that were not sent.

use gong_crm::drift::{DriftOptions, Handled};
use gong_crm::ledger::Ledger;
use gong_crm::push::{Options, Verdict};
use serde_json::json;

use crate::support::{World, account, accounts, client};

#[tokio::test]
async fn field_that_was_never_sent_is_not_gongs_own_form() {
    let world = World::new().await;
    let rule = "omitted-standard-fields-cleared";
    world.simulator.set_rule(rule, false).unwrap();
    let sources = world.with_accounts(1..=2).await;
    // Another tool sets it.
    let mut other = account("acc-2", "Company 2");
    other["url"] = json!("https://two.example");
    other["modifiedDate"] = json!("2026-02-01T09:30:00Z");
    let path = world.path("accounts-2.ldjson");
    std::fs::write(&path, format!("{other}\n")).unwrap();
    let tool = client(&world.simulator, Ledger::memory());
    let pushed = tool.push(world.integration_id, Options::new([path]).simulator());
    assert_eq!(pushed.await.unwrap().verdict, Verdict::Done);
    world.export("account.ldjson", &accounts(1..=2));

    let options = DriftOptions::new().sources(sources).simulator().repair();
    let mut handled = Vec::new();
    for _ in 0..3 {
        let drifted = world.client.drift(world.integration_id, options.clone());
        let report = drifted.await.unwrap();
        let of = &report.differences[0];
        assert!(of.fields[0].is_extra, "{report:#?}");
        handled.push((of.handled, of.is_open()));
    }
    let kept = (Handled::SentBefore, true);
    assert_eq!(handled, [(Handled::SentAgain, false), kept, kept]);
}
