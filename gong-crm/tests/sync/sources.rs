//! Sources that are missing, cut, late or in parts.

use std::sync::Arc;
use std::time::Duration;

use gong_crm::ObjectType::{Account, Contact};
use gong_crm::push::Verdict;
use gong_crm::source::{FilesSource, Take};
use gong_crm::sync::{Limit, SyncOptions};

use crate::support::{World, account, accounts, contact, counts};

#[tokio::test]
async fn missing_source_fails_and_the_others_go() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=3));
    let options = world.options(&[Account, Contact]);
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    assert!(
        report.plan.problems[0]
            .message
            .starts_with("source missing"),
        "{report:#?}"
    );
    assert!(world.has("ACCOUNT", "acc-1"));
    world.export("contact.ldjson", &[contact("c-1", "acc-1")]);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    std::fs::remove_file(world.path("contact.ldjson")).unwrap();
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Failed);
    assert!(world.has("CONTACT", "c-1"));
}

#[tokio::test]
async fn half_written_file_deletes_nothing() {
    let world = World::new().await;
    let options = world.with_accounts(1..=30).await;
    let text: String = accounts(1..=30)
        .iter()
        .map(|record| format!("{record}\n"))
        .collect();
    world.export_text("account.ldjson", &text[..text.len() - 150]);
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    assert!(world.has("ACCOUNT", "acc-30") && world.has("ACCOUNT", "acc-29"));
}

#[tokio::test]
async fn missing_part_deletes_nothing() {
    let world = World::new().await;
    for part in 0..3 {
        world.export(
            &format!("part-{part}.ldjson"),
            &accounts(part * 10 + 1..=part * 10 + 10),
        );
    }
    let source = FilesSource::new(world.path("part-*.ldjson")).complete(true);
    let options = |source: FilesSource| {
        SyncOptions::new("acme")
            .simulator()
            .source(Account, Arc::new(source))
    };
    let ambiguous = world.sync(options(source.clone())).await;
    assert_eq!(ambiguous.verdict, Verdict::Failed);
    let parts = options(source.take(Take::Parts));
    assert_eq!(world.sync(parts.clone()).await.verdict, Verdict::Done);
    std::fs::remove_file(world.path("part-1.ldjson")).unwrap();
    let report = world.sync(parts.clone()).await;
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    assert!(world.has("ACCOUNT", "acc-11"));

    // A marker that is older than the parts is of an earlier export.
    world.export_text("_SUCCESS", "");
    let marker = std::fs::File::options()
        .write(true)
        .open(world.path("_SUCCESS"));
    let yesterday = std::time::SystemTime::now() - Duration::from_hours(24);
    marker.unwrap().set_modified(yesterday).unwrap();
    for part in [0, 2] {
        let file = format!("part-{part}.ldjson");
        world.export(&file, &accounts(part * 10 + 1..=part * 10 + 10));
    }
    let report = world.sync(parts).await;
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    assert!(world.has("ACCOUNT", "acc-11"));
}

#[tokio::test]
async fn only_a_new_marker_justifies_fewer_parts() {
    let world = World::new().await;
    for part in 0..3 {
        let file = format!("part-{part}.ldjson");
        world.export(&file, &accounts(part * 10 + 1..=part * 10 + 10));
    }
    world.export_text("_SUCCESS", "");
    let source = FilesSource::new(world.path("part-*.ldjson")).complete(true);
    let mut options = SyncOptions::new("acme")
        .simulator()
        .source(Account, Arc::new(source.take(Take::Parts)));
    options.max_deletions = Limit::Unlimited;
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);

    // The marker of the last read says nothing about a part that was lost since.
    std::fs::remove_file(world.path("part-1.ldjson")).unwrap();
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    let message = &report.plan.problems[0].message;
    assert!(message.contains("2 of 3 parts are there"), "{message}");
    assert!(message.contains("of the last read"), "{message}");
    assert!(world.has("ACCOUNT", "acc-11"));

    let marker = std::fs::File::options()
        .write(true)
        .open(world.path("_SUCCESS"));
    let later = std::time::SystemTime::now() + Duration::from_secs(1);
    marker.unwrap().set_modified(later).unwrap();
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(!world.has("ACCOUNT", "acc-11"));
}

#[tokio::test]
async fn latest_file_counts_and_an_older_one_changes_nothing() {
    let world = World::new().await;
    world.export("accounts-1.ldjson", &accounts(1..=30));
    world.export("accounts-2.ldjson", &accounts(2..=31));
    let source = FilesSource::new(world.path("accounts-*.ldjson"))
        .take(Take::Latest)
        .complete(true);
    let options = SyncOptions::new("acme")
        .simulator()
        .source(Account, Arc::new(source));
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done);
    assert!(!world.has("ACCOUNT", "acc-1") && world.has("ACCOUNT", "acc-31"));
    let note = report.plan.notes.join("\n");
    assert!(
        note.contains("accounts-2.ldjson is read, because it was modified last"),
        "{note}"
    );
    std::fs::remove_file(world.path("accounts-2.ldjson")).unwrap();
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    assert!(world.has("ACCOUNT", "acc-31"));
}

#[tokio::test]
async fn copied_file_of_an_older_date_is_not_the_latest() {
    let world = World::new().await;
    let january = [account("acc-1", "January")];
    let february = [account("acc-1", "February"), account("acc-2", "New")];
    world.export("accounts-2026-02-15.ldjson", &february);
    let source = FilesSource::new(world.path("accounts-*.ldjson"))
        .take(Take::Latest)
        .complete(true);
    let options = SyncOptions::new("acme")
        .simulator()
        .source(Account, Arc::new(source));
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    // Copied later, as by a restored backup.
    world.export("accounts-2026-01-15.ldjson", &january);
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(report.plan.notes.is_empty(), "{report:#?}");
    std::fs::remove_file(world.path("accounts-2026-02-15.ldjson")).unwrap();
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    let message = &report.plan.problems[0].message;
    assert!(message.contains("is older by its name than"), "{message}");
    assert_eq!(world.field("ACCOUNT", "acc-1", "name"), "February");
    assert!(world.has("ACCOUNT", "acc-2"));
}

#[tokio::test]
async fn file_that_changed_just_now_is_not_read() {
    let world = World::new().await;
    std::fs::write(
        world.path("account.ldjson"),
        format!("{}\n", account("a", "A")),
    )
    .unwrap();
    let source = FilesSource::new(world.path("account.ldjson"))
        .complete(true)
        .stable_for(Duration::from_mins(10));
    let options = SyncOptions::new("acme")
        .simulator()
        .source(Account, Arc::new(source));
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    assert!(!world.has("ACCOUNT", "a"));
    let old = std::time::SystemTime::now() - Duration::from_mins(20);
    crate::support::set_time(&world.path("account.ldjson"), old);
    assert_eq!(world.sync(options).await.verdict, Verdict::Done);
}

#[tokio::test]
async fn changes_delete_nothing_and_packed_files_are_read() {
    use std::io::Write as _;
    let world = World::new().await;
    let pack = |name: &str, records: &[serde_json::Value]| {
        let file = std::fs::File::create(world.path(name)).unwrap();
        let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        for record in records {
            writeln!(packed, "{record}").unwrap();
        }
        packed.finish().unwrap();
    };
    pack("accounts.ldjson.gz", &accounts(1..=30));
    let source = FilesSource::new(world.path("accounts.ldjson.gz"));
    let options = SyncOptions::new("acme")
        .simulator()
        .source(Account, Arc::new(source));
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    pack("accounts.ldjson.gz", &accounts(30..=31));
    let report = world.sync(options.clone()).await;
    assert_eq!(
        counts(&report.plan, Account),
        [1, 0, 0, 1, 0],
        "{report:#?}"
    );
    assert!(world.has("ACCOUNT", "acc-1"));
    // A packed file that was cut.
    let bytes = std::fs::read(world.path("accounts.ldjson.gz")).unwrap();
    std::fs::write(world.path("accounts.ldjson.gz"), &bytes[..bytes.len() - 12]).unwrap();
    assert_eq!(world.sync(options).await.verdict, Verdict::Failed);
}

#[tokio::test]
async fn parent_stays_while_records_that_may_refer_to_it_are_not_read() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=30));
    world.export("contact.ldjson", &[contact("c-1", "acc-1")]);
    let options = world.options(&[Account, Contact]);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    world.export("account.ldjson", &accounts(2..=30));
    std::fs::remove_file(world.path("contact.ldjson")).unwrap();
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    assert!(world.has("ACCOUNT", "acc-1"));
    // Without the contacts, nobody knows either.
    world.export("contact.ldjson", &[contact("c-1", "acc-1")]);
    let mut only = options.clone();
    only.only.insert(Account, gong_crm::sync::Only::All);
    let report = world.sync(only).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    assert!(world.has("ACCOUNT", "acc-1"));
    world.export("contact.ldjson", &[contact("c-1", "acc-2")]);
    assert_eq!(world.sync(options).await.verdict, Verdict::Done);
    assert!(!world.has("ACCOUNT", "acc-1"));
}

#[tokio::test]
async fn file_truncated_within_a_record_deletes_nothing() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=30));
    let mut options = world.options(&[Account]);
    options.max_deletions = Limit::Unlimited;
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    let text: String = accounts(1..=30)
        .iter()
        .map(|record| format!("{record}\n"))
        .collect();
    let line = text.lines().next().unwrap().len();
    // Also where the id of the last record can still be read.
    for cut in (1..line).step_by(7) {
        world.export_text("account.ldjson", &text[..text.len() / 2 + cut]);
        let report = world.sync(options.clone()).await;
        let is_whole = text[..text.len() / 2 + cut].ends_with(['}', '\n']);
        assert!(
            is_whole || report.verdict == Verdict::Failed,
            "{cut}: {report:#?}"
        );
        assert!(is_whole || world.has("ACCOUNT", "acc-30"), "{cut}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn source_that_is_there_and_is_no_file_says_what_it_is() {
    let world = World::new().await;
    let path = world.path("account.ldjson");
    let options = world.options(&[Account]);
    let problem = async || {
        let plan = world.plan(options.clone()).await;
        plan.problems[0].message.clone()
    };
    std::os::unix::fs::symlink(world.path("nothing"), &path).unwrap();
    assert!(
        problem()
            .await
            .contains("a link to a file that is not there")
    );
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert!(problem().await.contains("has no files of records"));
    std::fs::remove_dir(&path).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(&path).unwrap();
    assert!(problem().await.contains("is not a file"));
}
