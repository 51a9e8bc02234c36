//! Business users, whose address can change only by way of a deletion.

use gong_crm::ledger::TryOutcome;
use gong_crm::push::{Resend, Verdict};
use gong_sim::Simulator;

use crate::support::{Harness, NEW, OLD, deletion};

fn user(id: &str, at: &str, address: &str) -> String {
    format!("{{\"objectId\":\"{id}\",\"modifiedDate\":\"{at}\",\"emailAddress\":\"{address}\"}}\n")
}

/// A Gong that rejects an address that changes without a deletion in an earlier request.
async fn strict() -> Harness {
    let simulator = Simulator::builder().rule("email-change-needs-deletion", true);
    Harness::with(simulator.start().await.unwrap()).await
}

fn address(harness: &Harness, id: &str) -> Option<String> {
    let user = harness.simulator.object("BUSINESS_USER", id)?;
    Some(user["emailAddress"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn user_is_deleted_before_the_address_changes() {
    let harness = strict().await;
    let path = harness.write_text("business-users.ldjson", &user("u", OLD, "ada@acme.example"));
    assert_eq!(harness.push(&path).await.verdict, Verdict::Done);
    harness.write_text(
        "business-users.ldjson",
        &user("u", NEW, "king@acme.example"),
    );
    let report = harness.push(&path).await;
    assert_eq!(
        (report.verdict, report.accepted()),
        (Verdict::Done, 1),
        "{report:#?}"
    );
    assert_eq!(address(&harness, "u").as_deref(), Some("king@acme.example"));
    assert_eq!(harness.posts(), 3, "the user, the deletion, the user again");
    assert_eq!(harness.push(&path).await.unchanged(), 1);
    // Another case is the same address.
    harness.write_text(
        "business-users.ldjson",
        &user("u", "2026-01-17T09:30:00Z", "King@acme.example"),
    );
    assert_eq!(harness.push(&path).await.verdict, Verdict::Done);
    assert_eq!(harness.posts(), 4);
}

#[tokio::test]
async fn user_deletion_rejected_three_times_is_unconfirmed() {
    // Gong has no such user, and nobody can read users back.
    let simulator = Simulator::builder().rule("deletion-needs-object", true);
    let harness = Harness::with(simulator.start().await.unwrap()).await;
    let path = harness.write_text("business_users.ldjson", &deletion("u-1", NEW));
    for outcome in [
        TryOutcome::Rejected,
        TryOutcome::Rejected,
        TryOutcome::Unconfirmed,
    ] {
        let mut options = harness.options(&path);
        options.resend = Resend::All;
        let report = harness.push_with(options).await;
        assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
        assert_eq!(harness.rejects().await[0].outcome, outcome);
    }
    let before = harness.posts();
    let report = harness.push(&path).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    assert_eq!(harness.posts(), before, "it is not sent until it changes");

    // What can be read back is decided: a record that Gong does not have is deleted.
    let path = harness.write_text("accounts.ldjson", &deletion("a-1", NEW));
    assert_eq!(harness.push(&path).await.verdict, Verdict::Done);
}

#[tokio::test]
async fn uncertain_user_is_deleted_before_another_address() {
    // Gong counts no success, so that the ledger does not know which address it has.
    let harness = strict().await;
    let verdict = gong_sim::Verdict::new().set("totalSuccessCount", 0);
    harness.fault_of_uploads(gong_sim::Effect::Verdict(verdict), 1);
    let path = harness.write_text("business_users.ldjson", &user("u-1", OLD, "a@x.example"));
    assert_eq!(harness.push(&path).await.verdict, Verdict::Unknown);
    harness.write_text("business_users.ldjson", &user("u-1", NEW, "b@x.example"));
    let report = harness.push(&path).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(address(&harness, "u-1").as_deref(), Some("b@x.example"));
}

#[tokio::test]
async fn user_whom_the_ledger_does_not_know_is_deleted_first_in_any_words_of_a_rejection() {
    let table = [
        ("The e-mail of a user is final", 1, 3),
        ("This user already exists", 2, 4),
        ("Internal error", 2, 3),
    ];
    for (words, rejections, posts) in table {
        let harness = strict().await;
        let errors = serde_json::json!([{"line": 1, "description": words}]);
        let verdict = gong_sim::Verdict::new()
            .set("status", "FAILED")
            .set("errors", errors)
            .set("totalErrorCount", 1)
            .set("totalSuccessCount", 0)
            .applies_nothing();
        let path = harness.write_text("business_users.ldjson", &user("u-1", OLD, "a@x.example"));
        let mut options = harness.options(&path);
        options.resend = Resend::All;
        for _ in 0..rejections {
            harness.fault_of_uploads(gong_sim::Effect::Verdict(verdict.clone()), 1);
            let report = harness.push_with(options.clone()).await;
            assert_eq!(report.verdict, Verdict::Partial, "{words}: {report:#?}");
        }
        let report = harness.push_with(options).await;
        assert_eq!(report.verdict, Verdict::Done, "{words}: {report:#?}");
        assert_eq!(harness.posts(), posts, "{words}");
        assert_eq!(address(&harness, "u-1").as_deref(), Some("a@x.example"));
    }
}

#[tokio::test]
async fn history_of_a_user_arrives_in_its_order() {
    // Gong drops what is older than what it has.
    let simulator = Simulator::builder()
        .rule("email-change-needs-deletion", true)
        .rule("older-update-applied", false);
    let harness = Harness::with(simulator.start().await.unwrap()).await;
    let last = "2026-01-18T09:30:00Z";
    let text = user("u-1", OLD, "a@x.example")
        + &user("u-1", NEW, "b@x.example")
        + &user("u-1", "2026-01-17T09:30:00Z", "c@x.example")
        + &user("u-2", OLD, "d@x.example")
        + &deletion("u-2", last);
    let path = harness.write_text("business_users.ldjson", &text);
    let mut options = harness.options(&path);
    options.history = true;
    let report = harness.push_with(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(address(&harness, "u-1").as_deref(), Some("c@x.example"));
    assert_eq!(address(&harness, "u-2"), None);
}

#[tokio::test]
async fn freed_address_can_be_used_by_another_user() {
    let harness = strict().await;
    let first = user("u-1", OLD, "sales@acme.example") + &user("u-2", OLD, "two@acme.example");
    let path = harness.write_text("business-users.ldjson", &first);
    assert_eq!(harness.push(&path).await.verdict, Verdict::Done);
    // One user goes, and another takes the address; in the same push.
    let second = deletion("u-1", NEW) + &user("u-2", NEW, "sales@acme.example");
    harness.write_text("business-users.ldjson", &second);
    let report = harness.push(&path).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(address(&harness, "u-1"), None);
    assert_eq!(
        address(&harness, "u-2").as_deref(),
        Some("sales@acme.example")
    );
}

#[tokio::test]
async fn swapped_addresses_arrive() {
    let harness = strict().await;
    let path = harness.write_text(
        "business-users.ldjson",
        &(user("u-1", OLD, "a@acme.example") + &user("u-2", OLD, "b@acme.example")),
    );
    assert_eq!(harness.push(&path).await.verdict, Verdict::Done);
    harness.write_text(
        "business-users.ldjson",
        &(user("u-1", NEW, "b@acme.example") + &user("u-2", NEW, "a@acme.example")),
    );
    let report = harness.push(&path).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(address(&harness, "u-1").as_deref(), Some("b@acme.example"));
    assert_eq!(address(&harness, "u-2").as_deref(), Some("a@acme.example"));
}

#[tokio::test]
async fn user_between_deletion_and_new_address_is_not_lost() {
    let mut harness = strict().await;
    harness.reopen().await;
    let path = harness.write_text("business-users.ldjson", &user("u", OLD, "ada@acme.example"));
    assert_eq!(harness.push(&path).await.verdict, Verdict::Done);
    harness.write_text(
        "business-users.ldjson",
        &user("u", NEW, "king@acme.example"),
    );
    // Gong accepts the deletion, and nothing after it.
    harness.refuse_uploads_from(2);
    assert_ne!(harness.push(&path).await.verdict, Verdict::Done);
    assert_eq!(address(&harness, "u"), None);
    harness.simulator.clear_faults();
    // Each report names the user until it is back.
    harness.refuse_uploads_from(1);
    let report = harness.resume().await;
    let note = "users that were deleted to change their address and are not in Gong again yet: u";
    assert!(report.notes.contains(&note.to_owned()), "{report:#?}");
    harness.simulator.clear_faults();
    let report = harness.push(&path).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(address(&harness, "u").as_deref(), Some("king@acme.example"));
}
