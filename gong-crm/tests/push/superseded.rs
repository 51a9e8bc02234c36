//! A record of a service whose push failed, and a newer version of it that is pushed before a resume.

use gong_crm::Account;
use gong_crm::push::{Options, Records, Report, Verdict};
use gong_sim::{Effect, Verdict as Answer};
use serde_json::json;

use crate::support::{Harness, NEW, OLD};

/// Pushes accounts from memory: id, date and name.
async fn push(harness: &Harness, accounts: &[[&str; 3]]) -> Report {
    let mut records = Records::new();
    for [id, at, name] in accounts {
        let account = Account::builder()
            .object_id((*id).to_owned())
            .modified_date((*at).to_owned())
            .name((*name).to_owned());
        records.add(&account.build().unwrap()).unwrap();
    }
    let options = Options::default().simulator();
    let push = harness
        .client
        .push_records(harness.integration_id, records, options);
    push.await.unwrap()
}

#[tokio::test]
async fn resume_sends_of_a_failed_push_only_what_was_not_pushed_again() {
    let failed = Answer::new()
        .set("status", "FAILED")
        .set("errors", json!([]))
        .remove("totalErrorCount")
        .set("totalSuccessCount", 0);
    for effect in [
        Some(Effect::Verdict(failed.applies_nothing())),
        Some(Effect::Status(400)),
        Some(Effect::Status(403)),
        None,
    ] {
        let mut harness = Harness::on_disk().await;
        match effect.clone() {
            Some(effect) => harness.fault_of_uploads(effect, 1),
            None => harness.refuse_uploads_from(1),
        }
        let report = push(&harness, &[["a", OLD, "older"], ["b", OLD, "only"]]).await;
        assert_eq!(report.verdict, Verdict::Failed, "{effect:?}: {report:#?}");
        assert_eq!(report.unfinished().len(), 1, "{effect:?}: {report:#?}");
        harness.simulator.clear_faults();

        let report = push(&harness, &[["a", NEW, "newer"]]).await;
        assert_eq!(report.verdict, Verdict::Done, "{effect:?}: {report:#?}");
        // The service starts again.
        harness.reopen().await;
        let report = harness.resume().await;
        assert_eq!(report.verdict, Verdict::Done, "{effect:?}: {report:#?}");
        assert_eq!(report.accepted(), 1, "{effect:?}: {report:#?}");
        let names = ["a", "b"].map(|id| harness.name(id));
        let names = names.each_ref().map(Option::as_deref);
        assert_eq!(names, [Some("newer"), Some("only")], "{effect:?}");
        let uploads = harness.simulator.upload_history();
        let last = |name: &str| {
            let has_name = |text: &str| text.contains(name);
            uploads
                .iter()
                .rposition(|upload| upload.file_text().is_some_and(|text| has_name(&text)))
        };
        assert!(last("older") < last("newer"), "{effect:?}: {uploads:#?}");
        assert!(harness.rejects().await.is_empty(), "{effect:?}");
        assert!(harness.resume().await.files.is_empty(), "{effect:?}");
    }
}
