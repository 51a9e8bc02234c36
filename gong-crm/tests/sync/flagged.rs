//! Deletions that the source marks, as other deletions: after a confirmation where one is needed.

use std::sync::Arc;

use gong_crm::ObjectType::Account;
use gong_crm::push::Verdict;
use gong_crm::source::FilesSource;
use gong_crm::sync::{Deletions, SyncOptions};
use serde_json::{Value, json};

use crate::support::{World, accounts};

/// Sixty accounts, the first of which are marked as deleted.
fn marked(count: usize) -> Vec<Value> {
    let mut all = accounts(1..=60);
    for account in &mut all[..count] {
        account["isDeleted"] = json!(true);
        account["modifiedDate"] = json!("2026-02-15T09:30:00Z");
    }
    all
}

fn options(world: &World, name: &str, is_complete: bool, deletions: Deletions) -> SyncOptions {
    let source = FilesSource::new(world.path(name)).complete(is_complete);
    let mut options = SyncOptions::new("acme").simulator();
    options.held_deletions = Some(world.path("held.ldjson"));
    options.source_with(Account, Arc::new(source), deletions)
}

#[tokio::test]
async fn marked_record_that_was_taken_off_the_list_stays() {
    for is_complete in [true, false] {
        let world = World::new().await;
        let mut options = options(
            &world,
            "account.ldjson",
            is_complete,
            Deletions::WithinLimits,
        );
        world.export("account.ldjson", &accounts(1..=60));
        assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
        world.export("account.ldjson", &marked(30));
        let report = world.sync(options.clone()).await;
        assert_eq!(report.plan.held_back_deletions().len(), 30, "{report:#?}");
        let text = std::fs::read_to_string(world.path("held.ldjson")).unwrap();
        let is_confirmed = |line: &&str| !(1..=5).any(|id| line.contains(&format!("\"acc-{id}\"")));
        let confirmed: String = text
            .lines()
            .filter(is_confirmed)
            .map(|line| format!("{line}\n"))
            .collect();
        assert_eq!(confirmed.lines().count(), 25, "{text}");
        std::fs::write(world.path("confirmed.ldjson"), confirmed).unwrap();
        options.confirm_deletions = Some(world.path("confirmed.ldjson"));
        let report = world.sync(options).await;
        assert_eq!(report.verdict, Verdict::HeldBack, "{report:#?}");
        for id in 1..=30 {
            let stays = world.has("ACCOUNT", &format!("acc-{id}"));
            assert_eq!(stays, id <= 5, "acc-{id}, {is_complete}");
        }
    }
}

#[tokio::test]
async fn source_that_asks_also_asks_about_marked_records() {
    for is_complete in [true, false] {
        let world = World::new().await;
        let mut options = options(&world, "account.ldjson", is_complete, Deletions::Ask);
        world.export("account.ldjson", &accounts(1..=60));
        assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
        world.export("account.ldjson", &marked(1));
        let report = world.sync(options.clone()).await;
        assert_eq!(report.verdict, Verdict::HeldBack, "{report:#?}");
        assert!(world.has("ACCOUNT", "acc-1"), "{is_complete}");
        options.confirm_deletions = Some(world.path("held.ldjson"));
        let report = world.sync(options).await;
        assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
        assert!(!world.has("ACCOUNT", "acc-1"), "{is_complete}");
    }
}

#[tokio::test]
async fn changed_source_asks_about_marked_records_once() {
    for (is_complete, last) in [(true, "complete read"), (false, "sync")] {
        let world = World::new().await;
        world.export("account.ldjson", &accounts(1..=60));
        let within = Deletions::WithinLimits;
        let first = options(&world, "account.ldjson", is_complete, within);
        assert_eq!(world.sync(first).await.verdict, Verdict::Done);
        world.export("other.ldjson", &marked(2));
        let mut options = options(&world, "other.ldjson", is_complete, within);
        for _ in 0..2 {
            let report = world.sync(options.clone()).await;
            assert_eq!(report.verdict, Verdict::HeldBack, "{report:#?}");
            let reason = &report.plan.held_back_deletions()[0].reason;
            assert!(
                reason.contains(&format!("since the last {last},")),
                "{reason}"
            );
            assert!(world.has("ACCOUNT", "acc-1"));
        }
        options.confirm_deletions = Some(world.path("held.ldjson"));
        let report = world.sync(options.clone()).await;
        assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
        assert!(!world.has("ACCOUNT", "acc-1"));
        options.confirm_deletions = None;
        world.export("other.ldjson", &marked(3));
        let report = world.sync(options).await;
        assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
        assert!(!world.has("ACCOUNT", "acc-3"));
    }
}
