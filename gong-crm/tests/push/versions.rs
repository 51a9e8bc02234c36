//! The newest version of a record stays in Gong, whatever files its versions are in.

use std::time::Duration;

use gong_crm::ObjectType;
use gong_crm::ledger::{Action, UploadState};
use gong_crm::push::{CheckMode, Options, Status, Verdict, Wait};
use gong_sim::{Effect, Processing};

use crate::support::{Harness, NEW, OLD, account, deletion, impatient};

/// Two files, each with the newer version of one account and the older of another, and one that has
/// nothing to do with them.
fn write_crossed(harness: &Harness) -> Options {
    let paths = [
        harness.write_text(
            "accounts-1.ldjson",
            &(account("a", NEW, "new") + &account("b", OLD, "old")),
        ),
        harness.write_text(
            "accounts-2.ldjson",
            &(account("b", NEW, "new") + &account("a", OLD, "old")),
        ),
        harness.write_text("accounts-3.ldjson", &account("c", OLD, "other")),
    ];
    Options::new(paths).simulator().unchecked()
}

fn assert_newest_are_in_gong(harness: &Harness) {
    let names = ["a", "b", "c"].map(|id| harness.name(id).unwrap());
    assert_eq!(names, ["new", "new", "other"]);
}

#[tokio::test]
async fn newest_version_stays_whichever_file_it_is_in() {
    let harness = Harness::new().await;
    let options = write_crossed(&harness);
    let report = harness.push_with(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_newest_are_in_gong(&harness);
    assert_eq!(
        harness.simulator.uploads().len(),
        1,
        "one upload of three records"
    );
    let counts = report
        .files
        .iter()
        .map(|file| (file.accepted, file.superseded));
    assert_eq!(counts.collect::<Vec<_>>(), [(1, 1), (1, 1), (1, 0)]);

    let again = harness.push_with(options).await;
    assert_eq!(again.unchanged(), 3, "{again:#?}");
    assert_eq!(harness.simulator.uploads().len(), 1);
}

#[tokio::test]
async fn record_that_is_newer_than_its_deletion_stays() {
    let harness = Harness::new().await;
    let paths = [
        harness.write_text("accounts-1.ldjson", &account("a", NEW, "back")),
        harness.write_text("accounts-2.ldjson", &deletion("a", OLD)),
    ];
    let report = harness
        .push_with(Options::new(paths).simulator().unchecked())
        .await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(harness.name("a").as_deref(), Some("back"));
}

#[tokio::test]
async fn deletion_that_is_newer_than_its_record_wins() {
    let harness = Harness::new().await;
    let path = harness.write_text("accounts.ldjson", &account("a", OLD, "there"));
    assert_eq!(harness.push(&path).await.verdict, Verdict::Done);
    harness.write_text(
        "accounts.ldjson",
        &(deletion("a", "2026-02-01T00:00:00Z") + &account("a", NEW, "newer")),
    );
    let report = harness.push(&path).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(harness.name("a"), None);
}

/// The uploaded files, oldest first.
fn bodies(harness: &Harness) -> Vec<String> {
    let history = harness.simulator.upload_history();
    history
        .iter()
        .map(|upload| upload.file_text().unwrap().into_owned())
        .collect()
}

#[tokio::test]
async fn history_sends_all_versions_oldest_first() {
    let harness = Harness::new().await;
    let text =
        account("a", NEW, "2") + &account("a", OLD, "1") + &deletion("a", "2026-01-17T09:30:00Z");
    let path = harness.write_text("accounts.ldjson", &text);
    let mut options = harness.options(&path);
    options.history = true;
    let report = harness.push_with(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    let bodies = bodies(&harness);
    assert_eq!(bodies.len(), 3);
    assert!(bodies[0].contains("\"1\"") && bodies[1].contains("\"2\""));
    assert!(bodies[2].contains("isDeleted"));
    assert_eq!(harness.name("a"), None);
    let ledger = harness.client.ledger();
    let past = ledger.history(ObjectType::Account, "a").await.unwrap();
    let actions = past.iter().map(|of| of.action);
    let expected = [Action::Create, Action::Update, Action::Delete];
    assert_eq!(actions.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn history_that_gong_has_is_not_sent_again() {
    let harness = Harness::new().await;
    let mut text = account("a", OLD, "1") + &account("a", NEW, "2");
    let path = harness.write_text("accounts.ldjson", &text);
    let mut options = harness.options(&path);
    options.history = true;
    assert_eq!(harness.push_with(options.clone()).await.accepted(), 2);
    let report = harness.push_with(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!((report.accepted(), report.unchanged()), (0, 1));

    // It goes back to its first version, and its history goes on from where Gong is.
    text += &account("a", "2026-01-17T09:30:00Z", "1");
    harness.write_text("accounts.ldjson", &text);
    assert_eq!(harness.push_with(options.clone()).await.accepted(), 1);
    assert_eq!(bodies(&harness).len(), 3);
    assert_eq!(harness.name("a").as_deref(), Some("1"));
    assert_eq!(harness.push_with(options).await.accepted(), 0);
}

#[tokio::test]
async fn history_continues_after_a_version_in_flight() {
    let harness = Harness::on_disk().await;
    let mut text = account("a", OLD, "1") + &account("a", NEW, "2");
    let path = harness.write_text("accounts.ldjson", &text);
    let mut options = harness.options(&path);
    options.history = true;
    let hour = Duration::from_hours(1);
    harness.simulator.set_processing(Processing::After(hour));
    drop(harness.push_with(impatient(options.clone())).await);
    harness.simulator.advance(hour);
    harness.simulator.set_processing(Processing::Immediate);
    text += &account("a", "2026-01-17T09:30:00Z", "3");
    harness.write_text("accounts.ldjson", &text);
    let report = harness.push_with(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(harness.name("a").as_deref(), Some("3"));
    let bodies = bodies(&harness);
    let of = |name: &str| bodies.iter().filter(|body| body.contains(name)).count();
    assert_eq!(
        [of("\"1\""), of("\"2\""), of("\"3\"")],
        [1, 1, 1],
        "{bodies:?}"
    );
}

#[tokio::test]
async fn contradictory_versions_of_a_new_record_are_named() {
    let harness = Harness::new().await;
    let text = account("new", OLD, "1") + &account("new", OLD, "2") + &account("other", OLD, "3");
    let path = harness.write_text("accounts.ldjson", &text);
    for history in [false, true] {
        let mut options = harness.options(&path).unchecked();
        options.history = history;
        let report = harness.push_with(options).await;
        assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
        let ids = report.files[0]
            .errors
            .iter()
            .map(|error| error.object_id.as_deref());
        assert_eq!(ids.collect::<Vec<_>>(), [Some("new"), Some("new")]);
    }
}

#[tokio::test]
async fn later_version_waits_for_the_verdict_of_the_one_before() {
    let harness = Harness::on_disk().await;
    let text = account("a", OLD, "old") + &account("a", NEW, "new");
    let path = harness.write_text("accounts.ldjson", &text);
    let mut options = impatient(harness.options(&path));
    options.history = true;
    let hour = Duration::from_hours(1);
    harness.simulator.set_processing(Processing::After(hour));
    let report = harness.push_with(options).await;
    assert_eq!(
        harness.simulator.uploads().len(),
        1,
        "only the first version: {report:#?}"
    );
    assert_ne!(report.verdict, Verdict::Done);

    harness.simulator.advance(hour);
    harness.simulator.set_processing(Processing::Immediate);
    let resumed = harness.resume().await;
    assert_eq!(resumed.verdict, Verdict::Done, "{resumed:#?}");
    assert_eq!(harness.name("a").as_deref(), Some("new"));
    assert_eq!(harness.simulator.uploads().len(), 2);
}

#[tokio::test]
async fn change_waits_for_the_verdict_of_an_earlier_push() {
    let harness = Harness::on_disk().await;
    let path = harness.write_text("accounts.ldjson", &account("a", OLD, "old"));
    let hour = Duration::from_hours(1);
    harness.simulator.set_processing(Processing::After(hour));
    let report = harness.push_with(impatient(harness.options(&path))).await;
    assert_eq!(report.verdict, Verdict::TimedOut);

    harness.write_text("accounts.ldjson", &account("a", NEW, "new"));
    let report = harness.push_with(impatient(harness.options(&path))).await;
    assert_ne!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(
        harness.simulator.uploads().len(),
        1,
        "uploads of a record never overlap"
    );

    harness.simulator.advance(hour);
    harness.simulator.set_processing(Processing::Immediate);
    let report = harness.push(&path).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(harness.name("a").as_deref(), Some("new"));
    drop(harness.resume().await);
    assert_eq!(harness.name("a").as_deref(), Some("new"));
    assert_eq!(harness.simulator.uploads().len(), 2);
}

#[tokio::test]
async fn same_version_takes_the_verdict_of_an_earlier_push() {
    let harness = Harness::on_disk().await;
    let path = harness.write_text("accounts.ldjson", &account("a", OLD, "old"));
    harness.simulator.set_processing(Processing::Polls(2));
    let report = harness.push_with(impatient(harness.options(&path))).await;
    assert_eq!(report.verdict, Verdict::TimedOut);
    let report = harness.push(&path).await;
    assert_eq!(
        (report.verdict, report.accepted()),
        (Verdict::Done, 1),
        "{report:#?}"
    );
    assert_eq!(harness.posts(), 1);
}

#[tokio::test]
async fn deletions_follow_accepted_uploads_without_waiting() {
    let harness = Harness::on_disk().await;
    let text = account("b", OLD, "old");
    let path = harness.write_text("accounts.ldjson", &text);
    assert_eq!(harness.push(&path).await.verdict, Verdict::Done);
    harness.simulator.set_processing(Processing::Never);
    harness.write_text(
        "accounts.ldjson",
        &(account("a", OLD, "old") + &deletion("b", NEW)),
    );
    let report = harness
        .push_with(harness.options(&path).wait(Wait::UntilSent))
        .await;
    assert_eq!(report.verdict, Verdict::TimedOut, "{report:#?}");
    let states = harness.states().await;
    assert_eq!(states[1..], [UploadState::Accepted; 2], "{report:#?}");
}

#[tokio::test]
async fn rejected_upload_does_not_hold_back_others() {
    let harness = Harness::new().await;
    let mut options = write_crossed(&harness);
    options.max_upload_bytes = 80;
    harness.fault_of_uploads(Effect::Status(400), 2);
    let report = harness.push_with(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    assert_eq!(harness.simulator.object_count("ACCOUNT"), 2);
    let unsent = report
        .files
        .iter()
        .filter(|file| file.status == Status::NotSent);
    assert_eq!(unsent.count(), 1, "{report:#?}");

    let again = harness.push_with(options).await;
    assert_eq!(again.verdict, Verdict::Done, "{again:#?}");
    assert_newest_are_in_gong(&harness);
}

#[tokio::test]
async fn equal_records_of_two_files_are_sent_once() {
    let harness = Harness::new().await;
    let both = account("a", OLD, "old") + &account("a", NEW, "new");
    let paths = [
        harness.write_text("accounts-1.ldjson", &both),
        harness.write_text("accounts-2.ldjson", &both),
        harness.write_text("accounts-3.ldjson", &account("a", NEW, "new")),
    ];
    let report = harness
        .push_with(Options::new(paths).simulator().unchecked())
        .await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(harness.name("a").as_deref(), Some("new"));
    assert_eq!(harness.simulator.uploads().len(), 1);
    let superseded: u64 = report.files.iter().map(|file| file.superseded).sum();
    assert_eq!((report.records(), report.accepted(), superseded), (5, 1, 4));
}

#[tokio::test]
async fn older_file_beside_the_newer_one_changes_nothing() {
    let harness = Harness::new().await;
    let newer = harness.write_text("accounts-1.ldjson", &account("a", NEW, "new"));
    assert_eq!(harness.push(&newer).await.verdict, Verdict::Done);
    let older = harness.write_text("accounts-2.ldjson", &account("a", OLD, "old"));
    let options = Options::new([&newer, &older]).simulator().unchecked();
    let report = harness.push_with(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(harness.name("a").as_deref(), Some("new"));
    assert_eq!(harness.simulator.uploads().len(), 1);
}

#[tokio::test]
async fn different_contents_with_equal_date_are_an_error() {
    let contradiction = [
        account("a", OLD, "one") + &account("b", OLD, "fine"),
        account("a", OLD, "other"),
    ];
    for is_one_file in [true, false] {
        let harness = Harness::new().await;
        let folder = harness.folder();
        if is_one_file {
            harness.write_text("crm/accounts.ldjson", &contradiction.concat());
        } else {
            for (number, text) in contradiction.iter().enumerate() {
                harness.write_text(&format!("crm/accounts-{number}.ldjson"), text);
            }
        }
        let report = harness.push(&folder).await;
        assert_eq!(report.verdict, Verdict::Invalid, "{report:#?}");
        assert_eq!(harness.posts(), 0);
        let errors = report.files.iter().map(|file| file.errors.len());
        assert_eq!(
            errors.sum::<usize>(),
            2,
            "both versions are named: {report:#?}"
        );

        // Without that record, the others can go.
        let mut options = harness.options(&folder);
        options.check = CheckMode::SkipInvalid(gong_crm::check::Options::default());
        let report = harness.push_with(options).await;
        assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
        assert_eq!(
            (harness.name("a"), harness.name("b")),
            (None, Some("fine".to_owned()))
        );
        let report = harness
            .push_with(harness.options(&folder).unchecked())
            .await;
        assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
        assert_eq!(harness.name("a"), None);
    }
}

#[tokio::test]
async fn rejected_version_keeps_the_accepted_one_before() {
    let harness = Harness::new().await;
    let text = account("a", OLD, "old")
        + r#"{"objectId":"a","modifiedDate":"2026-01-16T09:30:00Z","url":"no"}"#;
    let path = harness.write_text("accounts.ldjson", &text);
    let mut options = harness.options(&path).unchecked();
    options.history = true;
    let report = harness.push_with(options).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    assert_eq!(harness.name("a").as_deref(), Some("old"));
    let rejects = harness.rejects().await;
    assert!(rejects[0].has_earlier_version, "{rejects:#?}");
    // What refers to the record goes: Gong has a version of it.
    let contacts = harness.write_text("contacts.ldjson", &crate::support::contact("c", "a"));
    assert_eq!(harness.push(&contacts).await.verdict, Verdict::Done);
}

#[tokio::test]
async fn rejected_version_in_a_history_is_not_said_to_be_in_gong() {
    let harness = Harness::new().await;
    let with_url = r#"{"objectId":"a","modifiedDate":"2026-01-16T09:30:00Z","url":"no"}"#;
    let newest = account("a", "2026-01-17T09:30:00Z", "new");
    let later = account("a", "2026-01-18T09:30:00Z", "newer");
    let text = account("a", OLD, "old") + with_url + "\n" + &newest + &later;
    let path = harness.write_text("accounts.ldjson", &text);
    let mut options = harness.options(&path).unchecked();
    options.history = true;
    let report = harness.push_with(options).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    assert_eq!(report.accepted(), 3, "{report:#?}");
    let notes = report.notes.iter().filter(|note| note.contains("url"));
    let expected = "ACCOUNT: url is absent from 1 record that had it in an earlier version of this push; \
                    where Gong accepts that version, it may keep the value";
    assert_eq!(notes.collect::<Vec<_>>(), [expected]);
}

#[tokio::test]
async fn history_that_gong_has_is_unchanged_although_a_version_is_invalid() {
    let harness = Harness::new().await;
    let invalid = r#"{"objectId":"a","modifiedDate":"2026-01-16T09:30:00Z","url":"no"}"#;
    let text = account("a", OLD, "A") + invalid + "\n" + &account("a", "2026-01-17T09:30:00Z", "A");
    let path = harness.write_text("accounts.ldjson", &text);
    let mut options = harness.options(&path);
    options.check = CheckMode::SkipInvalid(gong_crm::check::Options::default());
    options.history = true;
    let report = harness.push_with(options.clone()).await;
    assert_eq!((report.verdict, report.accepted()), (Verdict::Partial, 1));
    let report = harness.push_with(options).await;
    assert_eq!((report.verdict, report.unchanged()), (Verdict::Partial, 1));
    assert_eq!(report.files[0].status, Status::Partial, "{report:#?}");
}

/// A push is as old as its beginning, however long others keep it waiting for the ledger.
#[tokio::test]
async fn newest_of_waiting_pushes_stays_whichever_has_the_ledger_first() {
    use std::future::IntoFuture as _;

    use gong_crm::push::Event;

    for later in [NEW, OLD] {
        let harness = Harness::new().await;
        let older = account("a-1", OLD, "older");
        let older = harness.write_text("older/accounts.ldjson", &older);
        let newer = account("a-1", later, "newer");
        let newer = harness.write_text("newer/accounts.ldjson", &newer);
        let lock = harness.client.ledger().try_lock().await.unwrap();
        let waits = std::sync::Arc::new(tokio::sync::Notify::new());
        let push = |path: &std::path::Path| {
            let waits = std::sync::Arc::clone(&waits);
            let options = harness.options(path).unchecked();
            let push = harness.client.push(harness.integration_id, options);
            let push = push.on_event(move |event| {
                if matches!(event, Event::Waiting { .. }) {
                    waits.notify_one();
                }
            });
            push.into_future()
        };
        let mut first = push(&older);
        tokio::select! {
            report = &mut first => panic!("it has the ledger: {report:?}"),
            () = waits.notified() => {}
        }
        // The moments are counted in milliseconds.
        let began = jiff::Timestamp::now().as_millisecond();
        while jiff::Timestamp::now().as_millisecond() == began {
            tokio::task::yield_now().await;
        }
        let mut second = push(&newer);
        tokio::select! {
            report = &mut second => panic!("it has the ledger: {report:?}"),
            () = waits.notified() => {}
        }
        drop(lock);
        let report = second.await.unwrap();
        assert_eq!(report.accepted(), 1, "{report:#?}");
        let report = first.await.unwrap();
        assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
        assert_eq!(report.notes, ["ACCOUNT: newer in Gong than this push: 1"]);
        assert_eq!(harness.name("a-1").as_deref(), Some("newer"), "{later}");
        // Whoever says it again now means it.
        let report = harness.push_with(harness.options(&older).unchecked()).await;
        assert_eq!(report.accepted(), 1, "{report:#?}");
    }
}
