//! One ledger with two Gongs, which can know the same integration.

use gong_crm::Client;
use gong_crm::push::{Options, Report, Verdict};
use gong_sim::{Effect, Processing, Simulator};

use crate::support::{Harness, accounts, client, contact, impatient};

/// Two Gongs that know the same integration, and clients of them with one ledger.
async fn two() -> (Harness, Simulator, Client) {
    let harness = Harness::new().await;
    let id = harness.simulator.integrations()[0].integration_id;
    let other = Simulator::builder().integration(id, "Acme CRM", "ada.king@acme.example");
    let other = other.start().await.unwrap();
    let client = client(&other, harness.client.ledger().clone());
    (harness, other, client)
}

async fn resume(client: &Client) -> Report {
    let options = Options::default().simulator();
    client.resume([], options).await.unwrap()
}

#[tokio::test]
async fn upload_is_not_resumed_at_another_gong() {
    for (effect, verdict) in [
        (
            Some(Effect::TooManyRequests(gong_sim::RetryAfter::Seconds(
                86_400,
            ))),
            Verdict::Failed,
        ),
        (Some(Effect::ResetAfterBody), Verdict::Unknown),
        (None, Verdict::TimedOut),
    ] {
        let (harness, other, client) = two().await;
        let path = harness.write_text("accounts.ldjson", &accounts(3));
        let mut options = impatient(harness.options(&path));
        options.retry.max_attempts = 1;
        match &effect {
            Some(effect) => harness.fault_of_uploads(effect.clone(), 1),
            None => harness.simulator.set_processing(Processing::Polls(1)),
        }
        drop(harness.push_with(options).await);

        let report = resume(&client).await;
        assert_eq!(report.verdict, verdict, "{effect:?}: {report:#?}");
        let is_named = |note: &String| note.contains(harness.simulator.base_url());
        assert!(report.notes.iter().any(is_named), "{report:#?}");
        assert_eq!(other.request_count(), 0, "{effect:?}");

        // The other Gong's own uploads are finished.
        let options = Options::new([harness.write_text("contacts.ldjson", &contact("c", "a-1"))]);
        other.set_processing(Processing::Polls(1));
        let options = impatient(options.simulator());
        drop(client.push(harness.integration_id, options).await.unwrap());
        let report = resume(&client).await;
        assert_eq!(report.verdict, verdict, "{effect:?}: {report:#?}");
        assert_eq!(report.accepted(), 1, "{effect:?}: {report:#?}");
        assert_eq!(other.object_count("ACCOUNT"), 0, "{effect:?}");

        let report = harness.resume().await;
        assert_eq!(report.verdict, Verdict::Done, "{effect:?}: {report:#?}");
        assert_eq!(harness.simulator.object_count("ACCOUNT"), 3, "{effect:?}");
    }
}

#[tokio::test]
async fn records_that_a_verdict_left_open_are_not_resumed_at_another_gong() {
    let (harness, other, client) = two().await;
    let verdict = gong_sim::Verdict::new().set("totalSuccessCount", 0);
    harness.fault_of_uploads(Effect::Verdict(verdict.applies_nothing()), 1);
    let path = harness.write_text("accounts.ldjson", &accounts(3));
    let report = harness.push(&path).await;
    assert_eq!(report.verdict, Verdict::Unknown, "{report:#?}");
    let uploads = harness.client.ledger().uploads(10).await.unwrap();
    let id = &uploads[0].client_request_id;

    let resume = |client: &Client| client.resume([id.clone()], Options::default().simulator());
    let report = resume(&client).await.unwrap();
    assert_eq!(report.verdict, Verdict::Unknown, "{report:#?}");
    let is_named = |note: &String| note.contains(harness.simulator.base_url());
    assert!(report.notes.iter().any(is_named), "{report:#?}");
    assert_eq!(other.request_count(), 0);
    let report = resume(&harness.client).await.unwrap();
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(harness.simulator.object_count("ACCOUNT"), 3);
    let report = resume(&client).await.unwrap();
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
}
