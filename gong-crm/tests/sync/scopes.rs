//! Scopes that get another name.

use gong_crm::ObjectType::Account;
use gong_crm::ledger::RenamedScope;
use gong_crm::push::Verdict;

use crate::support::{World, accounts};

#[tokio::test]
async fn renamed_scope_that_has_synced_is_merged() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=30));
    let old = world.options(&[Account]);
    assert_eq!(world.sync(old.clone()).await.verdict, Verdict::Done);
    // The name is changed in the settings first, and the next rounds come before the ledger's turn.
    let mut new = world.options(&[Account]);
    new.scope = "prod".to_owned();
    world.export("account.ldjson", &accounts(3..=31));
    for _ in 0..2 {
        let report = world.sync(new.clone()).await;
        assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
        let mut notes = report.plan.notes.iter();
        assert!(
            notes.any(
                |note| note.contains("28 records of the source are owned by another scope")
                    && note.contains("rename-scope")
            ),
            "{report:#?}"
        );
    }
    let ledger = world.client.ledger();
    let refused = ledger.rename_scope(&old.scope, "prod").await.unwrap();
    assert_eq!(refused, RenamedScope::Taken(1), "the account that was new");
    let merged = ledger.merge_scopes(&old.scope, "prod").await.unwrap();
    assert_eq!(merged, RenamedScope::Renamed);
    assert_eq!(ledger.scopes().await.unwrap(), ["prod"]);
    let report = world.sync(new).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(!world.has("ACCOUNT", "acc-1") && world.has("ACCOUNT", "acc-31"));
}

#[tokio::test]
async fn scope_that_owns_nothing_gives_its_name_away() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=3));
    let old = world.options(&[Account]);
    assert_eq!(world.sync(old.clone()).await.verdict, Verdict::Done);
    let mut new = world.options(&[Account]);
    new.scope = "prod".to_owned();
    drop(world.sync(new.clone()).await);
    let ledger = world.client.ledger();
    let unknown = ledger.rename_scope("no such scope", "prod").await.unwrap();
    assert_eq!(unknown, RenamedScope::Unknown);
    let renamed = ledger.rename_scope(&old.scope, "prod").await.unwrap();
    assert_eq!(renamed, RenamedScope::Renamed);
    assert_eq!(world.sync(new).await.verdict, Verdict::Done);
}
