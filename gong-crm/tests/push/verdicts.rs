//! The report has the result of every record, however its file was sent.

use gong_crm::push::{CheckMode, Rejects, Status, Verdict};
use gong_sim::{Effect, Fault, Operation};

use crate::support::{
    Harness, NEW, OLD, account, accounts, bad_account, contact, deletion, half_bad_accounts, stage,
};

#[tokio::test]
async fn thousand_rejected_lines_are_all_found() {
    let harness = Harness::new().await;
    let mut text = String::new();
    for number in 0..3_000 {
        text += &if number % 3 == 0 {
            bad_account(&format!("bad-{number}"))
        } else {
            account(&format!("good-{number}"), OLD, "G")
        };
        if number % 500 == 0 {
            text += "\n";
        }
    }
    let path = harness.write_text("crm/accounts.ldjson", &text);
    let mut options = harness.options(&path).unchecked();
    options.find_all_errors = true;
    options.rejects = Rejects::Beside;
    let report = harness.push_with(options).await;
    let file = &report.files[0];
    assert_eq!((report.verdict, file.uncertain), (Verdict::Partial, 0));
    assert_eq!(
        (file.records, file.accepted, file.rejected),
        (3_000, 2_000, 1_000)
    );
    assert_eq!(file.errors.len(), 1_000);
    let lines: Vec<&str> = text.lines().collect();
    for error in &file.errors {
        let line = lines[usize::try_from(error.source_line).unwrap() - 1];
        assert!(line.contains("\"bad-"), "{error:?}");
        let object_id = error.object_id.as_deref().unwrap();
        assert!(line.contains(&format!("\"{object_id}\"")), "{error:?}");
    }
    let rejects = std::fs::read_to_string(file.rejects.as_ref().unwrap()).unwrap();
    assert_eq!(rejects.lines().count(), 1_000);
    assert!(rejects.lines().all(|line| line.contains("\"bad-")));
    let reasons = std::fs::read_to_string(harness.folder().join("accounts.rejects.txt")).unwrap();
    assert_eq!(reasons.matches("modifiedDate").count(), 1_000);
    let calls = harness.simulator.request_count();
    assert!(calls < 400, "{calls}");
    // A folder's rejects are not pushed with it.
    let files = harness.options(&harness.folder()).files().unwrap();
    assert_eq!(files.len(), 1);
}

#[tokio::test]
async fn ledger_knows_which_of_thousands_was_rejected() {
    let harness = Harness::new().await;
    let mut lines: Vec<String> = (0..5_000)
        .map(|number| account(&format!("a-{number}"), OLD, "Acme"))
        .collect();
    lines[4_321] = account("bad", "not a date", "Acme");
    let path = harness.write_text("accounts.ldjson", &lines.concat());
    let report = harness.push_with(harness.options(&path).unchecked()).await;
    assert_eq!(report.files[0].rejected, 1, "{report:#?}");
    let rejects = harness.rejects().await;
    let ids: Vec<_> = rejects.iter().map(|reject| &*reject.object_id).collect();
    assert_eq!(ids, ["bad"]);
}

#[tokio::test]
async fn search_for_errors_keeps_within_its_calls() {
    let harness = Harness::new().await;
    let path = harness.write_text("accounts.ldjson", &half_bad_accounts(800));
    let mut options = harness.options(&path).unchecked();
    options.search_calls = 10;
    let report = harness.push_with(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Unknown, "{report:#?}");
    assert!(harness.simulator.request_count() <= 2 + 10 + 2);
    let file = &report.files[0];
    assert_eq!(file.accepted + file.rejected + file.uncertain, 800);
    // They are never sent as certain, and those that Gong has are not sent forever.
    let mut posts = Vec::new();
    for _ in 0..5 {
        let before = harness.posts();
        drop(harness.push_with(options.clone()).await);
        posts.push(harness.posts() - before);
    }
    assert_eq!(posts[4], 0, "{posts:?}");
}

#[tokio::test]
async fn large_unsorted_file_arrives_whole() {
    let harness = Harness::new().await;
    let mut text = String::new();
    for number in 0..200 {
        text += &account(&format!("a-{number}"), OLD, "old");
    }
    // Newer and older versions of some, and a deletion.
    for number in 0..20 {
        text += &account(&format!("a-{number}"), "2026-01-15T11:30:00+01:00", "new");
        text += &account(&format!("a-{number}"), "2025-01-15T09:30:00Z", "oldest");
    }
    text += "\n";
    text += deletion("a-199", "2026-02-01T00:00:00Z").trim_end();
    let path = harness.write_text("accounts.ldjson", &text);
    let mut options = harness.options(&path).unchecked();
    options.max_upload_bytes = 4_000;
    let report = harness.push_with(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    let file = &report.files[0];
    assert_eq!(
        (file.records, file.accepted, file.superseded),
        (241, 200, 41)
    );
    assert_eq!(harness.simulator.object_count("ACCOUNT"), 199);
    assert_eq!(harness.name("a-7").as_deref(), Some("new"));
    assert_eq!(harness.name("a-50").as_deref(), Some("old"));
    let posts = harness.posts();
    assert!(posts > 3, "{posts}");
    assert_eq!(harness.push_with(options).await.unchanged(), 200);
    assert_eq!(harness.posts(), posts);
}

#[tokio::test]
async fn invalid_records_are_sent_around_only_if_asked() {
    let harness = Harness::new().await;
    let text = accounts(2) + "\n" + &bad_account("bad") + &accounts(1);
    let path = harness.write_text("accounts.ldjson", &text);
    let options = harness.options(&path);
    let report = harness.push_with(options.clone()).await;
    assert_eq!(
        (report.verdict, harness.simulator.request_count()),
        (Verdict::Invalid, 0)
    );
    assert_eq!(report.files[0].status, Status::Invalid);
    assert!(
        harness.states().await.is_empty(),
        "nothing is planned either"
    );

    let mut options = options;
    options.check = CheckMode::SkipInvalid(gong_crm::check::Options::default());
    let report = harness.push_with(options).await;
    let file = &report.files[0];
    assert_eq!(
        (report.verdict, file.status),
        (Verdict::Partial, Status::Partial)
    );
    let counts = (file.records, file.accepted, file.held_back, file.superseded);
    assert_eq!(counts, (4, 2, 1, 1), "{report:#?}");
    assert_eq!(harness.simulator.object_count("ACCOUNT"), 2);
}

#[tokio::test]
async fn push_of_invalid_records_alone_is_invalid() {
    let harness = Harness::new().await;
    let path = harness.write_text("accounts.ldjson", &(bad_account("a") + &bad_account("b")));
    let mut options = harness.options(&path);
    options.check = CheckMode::SkipInvalid(gong_crm::check::Options::default());
    let report = harness.push_with(options).await;
    assert_eq!(report.verdict, Verdict::Invalid, "{report:#?}");
    assert_eq!(harness.posts(), 0);
}

#[tokio::test]
async fn lines_of_a_compressed_file_are_reported_as_unpacked() {
    let harness = Harness::new().await;
    let text = accounts(2) + &bad_account("bad");
    let path = harness.folder().join("accounts.ldjson.gz");
    let file = std::fs::File::create(&path).unwrap();
    let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, text.as_bytes()).unwrap();
    packed.finish().unwrap();
    let report = harness
        .push_with(harness.options(&harness.folder()).unchecked())
        .await;
    let error = &report.files[0].errors[0];
    assert_eq!(
        (error.source_line, error.object_id.as_deref()),
        (3, Some("bad"))
    );
    assert_eq!(harness.simulator.object_count("ACCOUNT"), 2);
}

/// Stages, accounts and contacts; one contact does not refer to an account.
fn write_three_types(harness: &Harness) {
    harness.write_text("crm/stages.ldjson", &stage("s-1", "New"));
    harness.write_text("crm/accounts.ldjson", &accounts(1));
    let alone = format!(
        "{{\"objectId\":\"c-2\",\"modifiedDate\":\"{OLD}\",\"emailAddress\":\"c@acme.example\"}}\n"
    );
    harness.write_text("crm/contacts.ldjson", &(contact("c-1", "a-1") + &alone));
}

#[tokio::test]
async fn only_dependents_of_a_failed_upload_are_held_back() {
    let harness = Harness::new().await;
    harness.fault_of_uploads(Effect::FailFile("General failure".into()), 2);
    write_three_types(&harness);
    let report = harness.push(&harness.folder()).await;
    let statuses: Vec<Status> = report.files.iter().map(|file| file.status).collect();
    assert_eq!(
        statuses,
        [Status::Done, Status::Failed, Status::Partial],
        "{report:#?}"
    );
    assert_eq!(
        report.verdict,
        Verdict::Failed,
        "something is not in Gong at all"
    );
    let held = &report.files[2].errors[0];
    assert_eq!(held.object_id.as_deref(), Some("c-1"));
    assert!(held.description.contains("ACCOUNT a-1"), "{held:?}");
    let reason = report.files[1].reason.as_ref().unwrap();
    assert!(reason.contains("General failure"), "{reason}");

    // Nothing is lost: the next push brings all of it.
    let report = harness.push(&harness.folder()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(harness.simulator.object_count("CONTACT"), 2);
}

#[tokio::test]
async fn whole_failure_of_a_deal_upload_fails_the_push() {
    let harness = Harness::new().await;
    write_three_types(&harness);
    harness.write_text(
        "crm/deals.ldjson",
        &format!("{{\"objectId\":\"d-1\",\"modifiedDate\":\"{OLD}\",\"accountId\":\"a-1\",\"ownerId\":\"u\",\"name\":\"D\",\"stage\":\"s-1\"}}\n"),
    );
    harness.fault_of_uploads(Effect::FailFile("Poison".into()), 4);
    let report = harness
        .push_with(harness.options(&harness.folder()).unchecked())
        .await;
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    assert_eq!(report.files[3].status, Status::Failed);
}

#[tokio::test]
async fn poison_record_is_found_by_halves() {
    // The last record makes Gong fail every file that has it.
    let harness = Harness::new().await;
    let path = harness.write_text("accounts.ldjson", &accounts(8));
    for nth in [1, 2, 4, 6, 8] {
        harness.fault_of_uploads(Effect::FailFile("Poison".into()), nth);
    }
    let report = harness.push(&path).await;
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    let report = harness.push(&path).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    assert_eq!((report.accepted(), report.rejected()), (7, 1));
    assert_eq!(report.files[0].errors[0].object_id.as_deref(), Some("a-8"));
    assert_eq!(harness.simulator.object_count("ACCOUNT"), 7);

    // It stays rejected when its next try fails the file again: nobody waits for a better hour.
    harness.simulator.clear_faults();
    let fault = Fault::new(Effect::FailFile("Poison".into()));
    let fault = fault.on(Operation::UploadEntities);
    harness.simulator.add_fault(fault).unwrap();
    let mut again = harness.options(&path);
    again.resend = gong_crm::push::Resend::Ids(["a-8".to_owned()].into());
    let report = harness.push_with(again).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    assert_eq!((report.unchanged(), report.rejected()), (7, 1));
    let report = harness.push(&path).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    let rejects = harness.rejects().await;
    assert_eq!((rejects.len(), rejects[0].tries), (1, 2), "{rejects:#?}");

    // And it never shares an upload with new ones, which would fail with it.
    harness.simulator.clear_faults();
    harness.write_text("accounts.ldjson", &accounts(9));
    let mut again = harness.options(&path);
    again.resend = gong_crm::push::Resend::Ids(["a-8".to_owned()].into());
    let report = harness.push_with(again).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(sizes(&report), [1, 1]);
}

#[tokio::test]
async fn one_of_two_records_that_failed_uploads_is_accepted_once_it_is_good() {
    let harness = Harness::new().await;
    let path = harness.write_text("accounts.ldjson", &accounts(4));
    // Two of the four make Gong fail every file that has one of them.
    for nth in [1, 2, 4, 5, 6] {
        harness.fault_of_uploads(Effect::FailFile("Poison".into()), nth);
    }
    drop(harness.push(&path).await);
    let report = harness.push(&path).await;
    assert_eq!(
        (report.accepted(), report.rejected()),
        (2, 2),
        "{report:#?}"
    );
    harness.simulator.clear_faults();
    // One of them is good by now: their upload fails, and then only one half of it.
    for nth in [1, 3] {
        harness.fault_of_uploads(Effect::FailFile("Poison".into()), nth);
    }
    let mut again = harness.options(&path);
    again.resend = gong_crm::push::Resend::Ids(["a-3".to_owned(), "a-4".to_owned()].into());
    let report = harness.push_with(again).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    assert_eq!(
        (report.accepted(), report.rejected()),
        (1, 1),
        "{report:#?}"
    );
    let rejects = harness.rejects().await;
    assert_eq!((rejects.len(), rejects[0].tries), (1, 2), "{rejects:#?}");
}

#[tokio::test]
async fn records_whose_upload_failed_do_not_share_the_next_one_with_new_ones() {
    let harness = Harness::new().await;
    let path = harness.write_text("accounts.ldjson", &accounts(4));
    harness.fault_of_uploads(Effect::FailFile("Poison".into()), 1);
    let report = harness.push(&path).await;
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    harness.write_text("accounts.ldjson", &accounts(5));
    let report = harness.push(&path).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(sizes(&report), [1, 4]);
    // Once Gong has them, they are records like all others.
    let changed = accounts(5).replace(OLD, NEW).replace("Acme", "Company");
    harness.write_text("accounts.ldjson", &changed);
    assert_eq!(sizes(&harness.push(&path).await), [5]);
}

/// How many records the uploads of the only file had.
fn sizes(report: &gong_crm::push::Report) -> Vec<u64> {
    let uploads = report.files[0].uploads.iter();
    let mut sizes: Vec<u64> = uploads.map(|upload| upload.records).collect();
    sizes.sort_unstable();
    sizes
}

#[tokio::test]
async fn gong_that_fails_every_upload_rejects_no_record() {
    for records in [1, 5] {
        let harness = Harness::new().await;
        let path = harness.write_text("accounts.ldjson", &accounts(records));
        let fault = Fault::new(Effect::FailFile("General failure".into()));
        harness
            .simulator
            .add_fault(fault.on(Operation::UploadEntities))
            .unwrap();
        for _ in 0..3 {
            let report = harness.push(&path).await;
            assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
            assert_eq!(report.rejected(), 0, "{report:#?}");
        }
        harness.simulator.clear_faults();
        let report = harness.push(&path).await;
        assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
        assert_eq!(report.accepted(), records as u64);
        assert!(harness.rejects().await.is_empty());
    }
}

#[tokio::test]
async fn contacts_of_account_with_rejected_update_are_sent() {
    let harness = Harness::new().await;
    write_three_types(&harness);
    assert_eq!(harness.push(&harness.folder()).await.verdict, Verdict::Done);
    let bad = format!("{{\"objectId\":\"a-1\",\"modifiedDate\":\"{NEW}\",\"url\":\"no\"}}\n");
    harness.write_text("crm/accounts.ldjson", &bad);
    harness.write_text("crm/contacts.ldjson", &contact("c-9", "a-1"));
    let report = harness
        .push_with(harness.options(&harness.folder()).unchecked())
        .await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    assert_eq!(report.files[2].accepted, 1, "{report:#?}");
    assert_eq!(harness.name("a-1").as_deref(), Some("Acme"));
}
