//! A `clientRequestId` that the user chooses means one content.

use gong_crm::ledger::Ledger;
use gong_crm::push::{Options, PushError, Verdict};

use crate::support::{Harness, accounts, bad_account};

fn nightly(harness: &Harness, path: &std::path::Path) -> Options {
    let mut options = harness.options(path).unchecked();
    options.request_id = Some("nightly-2026-11-22".parse().unwrap());
    options
}

#[tokio::test]
async fn chosen_id_is_used_and_rejected_for_other_content() {
    let harness = Harness::new().await;
    let path = harness.write_text("accounts.ldjson", &accounts(2));
    let report = harness.push_with(nightly(&harness, &path)).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(
        harness.simulator.uploads()[0].client_request_id,
        "nightly-2026-11-22"
    );
    harness.write_text("accounts.ldjson", &accounts(3));
    let options = nightly(&harness, &path);
    let error = harness
        .client
        .push(harness.integration_id, options)
        .await
        .unwrap_err();
    assert!(matches!(error, PushError::IdUsed { .. }), "{error:?}");
    assert!(error.to_string().contains("nightly-2026-11-22"), "{error}");
    assert_eq!(harness.posts(), 1);
}

#[tokio::test]
async fn chosen_id_of_another_ledger_is_rejected() {
    let mut harness = Harness::new().await;
    let path = harness.write_text("accounts.ldjson", &accounts(2));
    drop(harness.push_with(nightly(&harness, &path)).await);
    harness.use_ledger(Ledger::memory());
    harness.write_text("accounts.ldjson", &accounts(3));
    let report = harness.push_with(nightly(&harness, &path)).await;
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    let reason = report.files[0].reason.as_ref().unwrap();
    assert!(
        reason.contains("nightly-2026-11-22") && reason.contains("other content"),
        "{reason}"
    );
    // The same records are sent with another id.
    let report = harness.push(&path).await;
    assert_eq!(
        (report.verdict, report.accepted()),
        (Verdict::Done, 3),
        "{report:#?}"
    );
}

#[tokio::test]
async fn chosen_id_works_with_one_upload_only() {
    let harness = Harness::new().await;
    let path = harness.write_text("accounts.ldjson", &accounts(9));
    let mut options = nightly(&harness, &path);
    options.max_upload_bytes = 200;
    let error = harness
        .client
        .push(harness.integration_id, options)
        .await
        .unwrap_err();
    assert!(matches!(error, PushError::OneIdForMany { .. }), "{error:?}");
    assert_eq!(harness.posts(), 0);
    assert!(harness.states().await.is_empty());
}

#[tokio::test]
async fn search_for_errors_has_its_own_ids() {
    let harness = Harness::new().await;
    let text: String = (0..30)
        .map(|number| bad_account(&format!("b-{number}")))
        .collect();
    let path = harness.write_text("accounts.ldjson", &(text + &accounts(3)));
    let report = harness.push_with(nightly(&harness, &path)).await;
    assert_eq!(report.files[0].errors.len(), 30, "{report:#?}");
    assert_eq!(report.accepted(), 3);
}

#[tokio::test]
async fn id_is_made_of_ledger_and_number() {
    let harness = Harness::new().await;
    harness.write_text("crm/accounts.ldjson", &accounts(1));
    harness.write_text("crm/stages.ldjson", &crate::support::stage("s", "New"));
    drop(harness.push(&harness.folder()).await);
    let uploads = harness.client.ledger().uploads(10).await.unwrap();
    let ids: Vec<&str> = uploads
        .iter()
        .map(|upload| upload.client_request_id.as_str())
        .collect();
    let ledger = ids[0].split('-').nth(1).unwrap();
    assert_eq!(ledger.len(), 8);
    assert_eq!(
        ids,
        [format!("upload-{ledger}-1"), format!("upload-{ledger}-2")]
    );
}
