//! Scopes that get another name, and what each of two scopes keeps of its sources.

use std::sync::Arc;
use std::time::Duration;

use gong_crm::ObjectType::{self, Account, Stage};
use gong_crm::ledger::RenamedScope;
use gong_crm::push::{Verdict, Wait};
use gong_crm::source::FilesSource;
use gong_crm::sync::{Deletions, Limit, SyncOptions};
use serde_json::json;

use gong_sim::Processing;

use crate::support::{MovedClock, World, account, accounts, counts, stage};

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

/// A sync of a scope, from a file with what changed.
fn changes(world: &World, scope: &str) -> SyncOptions {
    let source = FilesSource::new(world.path(&format!("{scope}.account.ldjson")));
    let options = SyncOptions::new(scope).simulator();
    options.source(Account, Arc::new(source))
}

#[tokio::test]
async fn what_a_scope_keeps_is_not_of_another_one() {
    let world = World::new().await;
    let (mut north, south) = (changes(&world, "north"), changes(&world, "south"));
    let mut invalid = account("acc-1", "One");
    invalid["url"] = json!("nonsense");
    world.export("north.account.ldjson", &[invalid, account("acc-2", "Two")]);
    world.export("south.account.ldjson", &[account("acc-3", "Three")]);
    north.max_changes = Limit::Records(0);
    let report = world.sync(north.clone()).await;
    assert_eq!(report.verdict, Verdict::HeldBack, "{report:#?}");
    let report = world.sync(south.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(!world.has("ACCOUNT", "acc-2") && world.has("ACCOUNT", "acc-3"));
    // The scope's own next round sends what may go, and names the rest.
    north.max_changes = Limit::Default;
    world.export("north.account.ldjson", &[]);
    let report = world.sync(north.clone()).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    assert!(world.has("ACCOUNT", "acc-2"));
    // What a scope kept is not lost with its name.
    let ledger = world.client.ledger();
    let merged = ledger.merge_scopes("south", "north").await.unwrap();
    assert_eq!(merged, RenamedScope::Renamed);
    let report = world.sync(north).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
}

#[tokio::test]
async fn record_that_another_scope_deleted_is_not_the_same() {
    let world = World::new().await;
    let one = world.with_accounts(1..=30).await;
    let path = world.export(
        "other.ldjson",
        &[account("acc-2", "Two"), account("b-1", "B")],
    );
    let source = Arc::new(FilesSource::new(path).complete(true));
    let other = SyncOptions::new("other")
        .simulator()
        .source(Account, source);
    drop(world.sync(other.clone()).await);
    let mut left = accounts(1..=30);
    left[1]["isDeleted"] = json!(true);
    world.export("account.ldjson", &left);
    assert_eq!(world.sync(one).await.verdict, Verdict::Done);
    assert!(!world.has("ACCOUNT", "acc-2"));

    let report = world.sync(other).await;
    let of_type = &report.plan.types[0];
    assert_eq!((of_type.source, of_type.unchanged), (2, 1), "{report:#?}");
    assert_eq!((of_type.deleted_in_gong, of_type.newer_in_gong), (1, 0));
    let note = "ACCOUNT: deleted in Gong after this read: acc-2";
    assert!(report.plan.notes.contains(&note.to_owned()), "{report:#?}");
}

#[tokio::test]
async fn changes_of_one_scope_leave_the_records_of_another_alone() {
    let world = World::new().await;
    let one = world.with_accounts(1..=30).await;
    let two = changes(&world, "two");
    let mut gone = account("acc-2", "Two");
    gone["isDeleted"] = json!(true);
    gone["modifiedDate"] = json!("2026-02-01T09:30:00Z");
    let mut changed = account("acc-1", "TWO");
    changed["modifiedDate"] = json!("2026-02-01T09:30:00Z");
    let changed = [changed, gone, account("b-1", "B")];
    world.export("two.account.ldjson", &changed);
    for plan in [
        world.plan(two.clone()).await,
        world.sync(two.clone()).await.plan,
    ] {
        let note = "ACCOUNT: 2 records of the source are owned by another scope and are skipped";
        let mut notes = plan.notes.iter();
        assert!(notes.any(|of| of.starts_with(note)), "{plan:#?}");
        assert_eq!(counts(&plan, Account)[..3], [1, 0, 0], "{plan:#?}");
    }
    assert_eq!(world.field("ACCOUNT", "acc-1", "name"), "Company 1");
    assert!(world.has("ACCOUNT", "acc-2") && world.has("ACCOUNT", "b-1"));
    let report = world.sync(two.clone()).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");

    // What the other one sent is named, and nobody is asked to delete it.
    world.export("account.ldjson", &accounts(1..=30));
    let report = world.sync(one).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(report.plan.held_back_deletions().is_empty(), "{report:#?}");
    let mut notes = report.plan.notes.iter();
    assert!(notes.any(|note| note.contains("b-1")), "{report:#?}");
}

/// Syncs of two scopes, each from a complete file of its own.
fn two_scopes(world: &World, object_type: ObjectType) -> [SyncOptions; 2] {
    ["east", "west"].map(|scope| {
        let source = FilesSource::new(world.path(&format!("{scope}.ldjson"))).complete(true);
        let options = SyncOptions::new(scope).simulator();
        options.source(object_type, Arc::new(source))
    })
}

fn has_note(notes: &[String], parts: &[&str]) -> bool {
    let mut notes = notes.iter();
    notes.any(|note| parts.iter().all(|part| note.contains(part)))
}

#[tokio::test]
async fn record_that_moves_to_another_scope_stays_in_gong() {
    let world = World::new().await;
    let [east, west] = two_scopes(&world, Account);
    world.export("east.ldjson", &accounts(1..=8));
    world.export("west.ldjson", &accounts(21..=28));
    assert_eq!(world.sync(east.clone()).await.verdict, Verdict::Done);
    assert_eq!(world.sync(west.clone()).await.verdict, Verdict::Done);

    world.export("east.ldjson", &accounts(2..=8));
    let moved: Vec<_> = [accounts(21..=28), accounts(1..=1)].concat();
    world.export("west.ldjson", &moved);
    let report = world.sync(west.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    let of_type = &report.plan.types[0];
    assert_eq!((of_type.unchanged, of_type.of_other_scope), (8, 1));
    let named = ["owned by another scope", "acc-1"];
    assert!(has_note(&report.plan.notes, &named), "{report:#?}");

    let handed = ["scope \"west\" has it, which owns it", "acc-1"];
    let plan = world.plan(east.clone()).await;
    assert!(has_note(&plan.notes, &handed), "{plan:#?}");
    let report = world.sync(east.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(has_note(&report.plan.notes, &handed), "{report:#?}");
    assert!(world.has("ACCOUNT", "acc-1"), "{report:#?}");

    // The new owner changes it, and deletes it.
    let changed = [accounts(21..=28), vec![account("acc-1", "Moved")]].concat();
    world.export("west.ldjson", &changed);
    assert_eq!(world.sync(west.clone()).await.verdict, Verdict::Done);
    assert_eq!(world.field("ACCOUNT", "acc-1", "name"), "Moved");
    world.export("west.ldjson", &accounts(21..=28));
    assert_eq!(world.sync(west).await.verdict, Verdict::Done);
    assert!(!world.has("ACCOUNT", "acc-1"));
    world.export("east.ldjson", &accounts(2..=8));
    assert_eq!(world.sync(east).await.verdict, Verdict::Done);
}

#[tokio::test]
async fn record_that_differs_in_another_scope_is_held_back_until_its_owner_lost_it() {
    let world = World::new().await;
    let [_, west] = two_scopes(&world, Account);
    let source = Arc::new(FilesSource::new(world.path("east.ldjson")).complete(true));
    let east = SyncOptions::new("east").simulator();
    let east = east.source_with(Account, source, Deletions::Never);
    world.export("east.ldjson", &accounts(1..=8));
    world.export("west.ldjson", &accounts(21..=28));
    assert_eq!(world.sync(east.clone()).await.verdict, Verdict::Done);
    assert_eq!(world.sync(west.clone()).await.verdict, Verdict::Done);
    let moved = [accounts(21..=28), vec![account("acc-1", "Moved")]].concat();
    world.export("west.ldjson", &moved);
    let report = world.sync(west.clone()).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    let mut changes = report.plan.changes.iter();
    let held = changes.find_map(|change| change.reason.as_deref());
    assert!(
        held.unwrap().contains("ledger forget ACCOUNT acc-1"),
        "{held:?}"
    );
    world.export("east.ldjson", &accounts(2..=8));
    assert_eq!(world.sync(east).await.verdict, Verdict::Done);
    let report = world.sync(west).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(world.field("ACCOUNT", "acc-1", "name"), "Moved");
}

#[tokio::test]
async fn retired_stage_has_no_owner() {
    let world = World::new().await;
    let [east, west] = two_scopes(&world, Stage);
    let [old, won] = ["Old", "Won"].map(|name| stage(name, name));
    let new: Vec<_> = (1..=4)
        .map(|number| stage(&format!("s{number}"), "New"))
        .collect();
    world.export("east.ldjson", &[new.clone(), vec![old.clone()]].concat());
    world.export("west.ldjson", std::slice::from_ref(&won));
    assert_eq!(world.sync(east.clone()).await.verdict, Verdict::Done);
    assert_eq!(world.sync(west.clone()).await.verdict, Verdict::Done);
    world.export("east.ldjson", &new);
    assert_eq!(world.sync(east.clone()).await.verdict, Verdict::Done);
    assert_eq!(world.field("STAGE", "Old", "isActive"), false);

    world.export("west.ldjson", &[won, old]);
    let report = world.sync(west.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(world.field("STAGE", "Old", "isActive"), true);
    world.export("east.ldjson", &new);
    assert_eq!(world.sync(east).await.verdict, Verdict::Done);
    assert_eq!(world.field("STAGE", "Old", "isActive"), true);
    let report = world.sync(west).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
}

#[tokio::test]
async fn record_that_moves_to_a_source_of_changes_stays_in_gong() {
    let world = World::new().await;
    let [east, _] = two_scopes(&world, Account);
    let west = changes(&world, "west");
    world.export("east.ldjson", &accounts(1..=8));
    assert_eq!(world.sync(east.clone()).await.verdict, Verdict::Done);
    world.export("west.account.ldjson", &accounts(1..=1));
    let report = world.sync(west.clone()).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    for is_handed_over in [true, false] {
        world.export("east.ldjson", &accounts(2..=8));
        let report = world.sync(east.clone()).await;
        assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
        assert!(world.has("ACCOUNT", "acc-1"), "{report:#?}");
        let says_what_to_do = |note: &String| {
            note.contains("acc-1; what that scope gave of it before was not sent: give it again")
        };
        let is_said = report.plan.notes.iter().any(says_what_to_do);
        assert_eq!(is_said, is_handed_over, "{report:#?}");
    }
    world.export("west.account.ldjson", &[account("acc-1", "Moved")]);
    let report = world.sync(west).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(world.field("ACCOUNT", "acc-1", "name"), "Moved");
}

#[tokio::test]
async fn deletion_of_what_a_mostly_foreign_source_has_waits_to_be_confirmed() {
    let mut world = World::new().await;
    let clock = Arc::new(MovedClock::default());
    world.use_clock(Arc::clone(&clock));
    world.export("account.ldjson", &accounts(1..=40));
    let own = world.options(&[Account]);
    assert_eq!(world.sync(own.clone()).await.verdict, Verdict::Done);
    // Under a wrong name, once: it does not become the owner of anything.
    let mut mistyped = own.clone();
    mistyped.scope = "test".to_owned();
    assert_eq!(world.sync(mistyped).await.verdict, Verdict::Partial);
    world.export("account.ldjson", &accounts(3..=40));
    let report = world.sync(own.clone()).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    let changes = format!("{:?}", report.plan.changes);
    assert!(
        changes.contains("the source of scope \\\"test\\\" has it"),
        "{changes}"
    );
    for id in ["acc-1", "acc-2"] {
        assert!(
            changes.contains(id) && world.has("ACCOUNT", id),
            "{changes}"
        );
    }

    std::fs::write(
        world.path("confirmed.ldjson"),
        r#"{"objectType":"ACCOUNT","objectId":"acc-1"}"#,
    )
    .unwrap();
    let mut confirming = own.clone();
    confirming.confirm_deletions = Some(world.path("confirmed.ldjson"));
    let report = world.sync(confirming).await;
    assert!(!world.has("ACCOUNT", "acc-1"), "{report:#?}");
    assert!(world.has("ACCOUNT", "acc-2"), "{report:#?}");
    // A scope that is not read any more has nothing.
    clock.advance(Duration::from_hours(9 * 24));
    world.export("account.ldjson", &accounts(3..=40));
    let report = world.sync(own).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(!world.has("ACCOUNT", "acc-2"), "{report:#?}");
}

#[tokio::test]
async fn records_that_move_to_a_scope_with_few_of_its_own_stay_in_gong() {
    let world = World::new().await;
    let [east, west] = two_scopes(&world, Account);
    world.export("east.ldjson", &accounts(1..=20));
    world.export("west.ldjson", &accounts(21..=22));
    for sync in [&east, &west] {
        assert_eq!(world.sync(sync.clone()).await.verdict, Verdict::Done);
    }
    world.export(
        "west.ldjson",
        &[accounts(21..=22), accounts(1..=3)].concat(),
    );
    assert_eq!(world.sync(west.clone()).await.verdict, Verdict::Partial);
    world.export("east.ldjson", &accounts(4..=20));
    let report = world.sync(east.clone()).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    assert!(world.has("ACCOUNT", "acc-1"), "{report:#?}");

    // With more of its own, it becomes their owner.
    world.export(
        "west.ldjson",
        &[accounts(21..=28), accounts(1..=3)].concat(),
    );
    assert_eq!(world.sync(west.clone()).await.verdict, Verdict::Done);
    world.export("east.ldjson", &accounts(4..=20));
    for sync in [east, west] {
        let report = world.sync(sync).await;
        assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
        assert!(world.has("ACCOUNT", "acc-1"), "{report:#?}");
    }
}

#[tokio::test]
async fn scope_whose_source_is_not_read_any_more_keeps_nothing() {
    let mut world = World::new().await;
    let clock = Arc::new(MovedClock::default());
    world.use_clock(Arc::clone(&clock));
    let [east, west] = two_scopes(&world, Account);
    world.export("east.ldjson", &accounts(1..=8));
    world.export("west.ldjson", &accounts(21..=28));
    for sync in [&east, &west] {
        assert_eq!(world.sync(sync.clone()).await.verdict, Verdict::Done);
    }
    let both = [accounts(21..=28), accounts(1..=1)].concat();
    world.export("west.ldjson", &both);
    assert_eq!(world.sync(west).await.verdict, Verdict::Done);
    clock.advance(Duration::from_hours(9 * 24));
    world.export("east.ldjson", &accounts(2..=8));
    let report = world.sync(east).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(!world.has("ACCOUNT", "acc-1"), "{report:#?}");
}

#[tokio::test]
async fn verdict_after_a_record_was_handed_over_leaves_it_to_its_new_owner() {
    let world = World::new().await;
    let [east, west] = two_scopes(&world, Account);
    world.export("east.ldjson", &accounts(1..=8));
    world.export("west.ldjson", &accounts(21..=28));
    assert_eq!(world.sync(east.clone()).await.verdict, Verdict::Done);
    assert_eq!(world.sync(west.clone()).await.verdict, Verdict::Done);

    // East sends a new version, and has no verdict before it hands the record over.
    world.simulator.set_processing(Processing::Polls(4));
    let changed = [vec![account("acc-1", "New")], accounts(2..=8)].concat();
    world.export("east.ldjson", &changed);
    let mut impatient = east.clone();
    impatient.push.wait = Wait::UntilSent;
    assert_eq!(
        world.sync(impatient.clone()).await.verdict,
        Verdict::TimedOut
    );
    let both = [accounts(21..=28), vec![account("acc-1", "New")]].concat();
    world.export("west.ldjson", &both);
    let mut west_impatient = west.clone();
    west_impatient.push.wait = Wait::UntilSent;
    drop(world.sync(west_impatient).await);
    world.export("east.ldjson", &accounts(2..=8));
    drop(world.sync(impatient).await);
    world.simulator.set_processing(Processing::Immediate);
    for sync in [west.clone(), east, west] {
        let report = world.sync(sync).await;
        assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
        assert!(world.has("ACCOUNT", "acc-1"), "{report:#?}");
    }
}

#[tokio::test]
async fn first_sync_to_another_integration_is_a_first_one() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=3));
    let options = world.options(&[Account]);
    let other = world
        .simulator
        .register_integration("Another CRM", "admin@acme.example");
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    let ledger = world.client.ledger();
    for (integration_id, has_synced) in [(world.integration_id, true), (other.into(), false)] {
        let known = ledger.has_synced(world.client.base_url(), integration_id, &options.scope);
        assert_eq!(known.await.unwrap(), has_synced);
    }
}
