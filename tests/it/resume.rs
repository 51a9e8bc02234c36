//! Does a resumed push finish exactly what was begun, wherever the bytes came from?

use std::fmt::Write as _;
use std::io::Write as _;

use gong_crm::check;
use gong_crm::ledger::JobState;
use gong_crm::push::{FileStatus, Options, Rejects, Report, Verdict};
use gong_sim::{Effect, Fault, Operation, RetryAfter};

use crate::support::world::{World, account, accounts};

/// From the nth upload on, Gong wants to be left alone for longer than a push waits.
fn refuse_from(world: &World, nth: u64) {
    let mut fault = Fault::new(Effect::TooManyRequests(RetryAfter::Seconds(86_400)));
    for call in nth..nth + 100 {
        fault = fault.nth(call);
    }
    world
        .simulator
        .add_fault(fault.on(Operation::UploadEntities));
}

fn spool(world: &World) -> std::path::PathBuf {
    world.folder.path().join("state/ledger.sqlite.spool")
}

async fn resume_with(world: &World, change: impl FnOnce(&mut Options)) -> Report {
    let mut options = Options::new([""; 0]).local().unchecked();
    change(&mut options);
    let client = world.client(std::sync::Arc::clone(&world.ledger));
    client.resume([], options).await.unwrap()
}

/// Writes a compressed file into the world's folder.
fn write_packed(world: &World, name: &str, text: &str) -> std::path::PathBuf {
    let path = world.folder.path().join(name);
    let file = std::fs::File::create(&path).unwrap();
    let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap();
    path
}

/// Found by the chaos of seed 5736: both versions went at once, and the older arrived last.
#[tokio::test]
async fn of_two_versions_of_a_file_that_both_wait_the_newer_stays() {
    let world = World::new().await;
    refuse_from(&world, 1);
    let in_waves = account("a", "2026-01-15T08:00:00Z", "oldest")
        + &account("a", "2026-01-15T09:00:00Z", "older")
        + &account("a", "2026-01-15T10:00:00Z", "old");
    let path = write_packed(&world, "accounts.ldjson.gz", &in_waves);
    assert_eq!(world.push(&path).await.verdict, Verdict::Failed);
    let newer = account("a", "2026-01-16T09:30:00Z", "newer");
    write_packed(&world, "accounts.ldjson.gz", &newer);
    assert_eq!(world.push(&path).await.verdict, Verdict::Failed);
    assert_eq!(world.states(), [JobState::Planned; 4]);

    world.simulator.clear_faults();
    let report = world.resume().await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    let name = &world.simulator.object("ACCOUNT", "a").unwrap()["name"];
    assert_eq!(name, "newer");
    assert_eq!(world.simulator.uploads().len(), 4);
}

/// Found by the chaos of seed 10255: killed after the older version had gone again, nothing said that
/// the newer had to.
#[tokio::test]
async fn before_an_older_version_goes_again_the_newer_is_planned_after_it() {
    let world = World::new().await;
    let in_waves = account("a", "2026-01-15T08:00:00Z", "old")
        + &account("a", "2026-01-15T09:00:00Z", "newer");
    let path = world.write("accounts.ldjson", &in_waves);
    assert_eq!(world.push(&path).await.verdict, Verdict::Done);
    // As if Gong had refused the first, and a kill had come before the end of the second was known.
    let mut jobs = world.ledger.jobs().unwrap();
    jobs[0].state = JobState::Failed;
    jobs[1].state = JobState::Processing;
    jobs[1].finished_at = None;
    world.ledger.record(&jobs).unwrap();
    refuse_from(&world, 1);
    assert_eq!(world.push(&path).await.verdict, Verdict::Failed);
    let planned: Vec<u32> = world.ledger.jobs().unwrap()[2..]
        .iter()
        .filter(|job| job.state == JobState::Planned)
        .map(|job| job.attempt)
        .collect();
    assert_eq!(planned, [2, 2]);

    world.simulator.clear_faults();
    assert_eq!(world.resume().await.verdict, Verdict::Done);
    let name = &world.simulator.object("ACCOUNT", "a").unwrap()["name"];
    assert_eq!(name, "newer");
}

#[tokio::test]
async fn what_was_unpacked_is_sent_again_though_the_packed_file_is_gone() {
    let world = World::new().await;
    refuse_from(&world, 1);
    let path = write_packed(&world, "accounts.ldjson.gz", &accounts(3));
    assert_eq!(world.push(&path).await.verdict, Verdict::Failed);
    assert!(spool(&world).exists());

    std::fs::remove_file(&path).unwrap();
    world.simulator.clear_faults();
    let report = world.resume().await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(report.files[0].path, path);
    assert_eq!(world.simulator.object_count("ACCOUNT"), 3);
    assert!(
        !spool(&world).exists(),
        "no record is kept for longer than needed"
    );
    assert!(world.resume().await.files.is_empty());
}

#[tokio::test]
async fn a_file_is_resumed_as_it_was_cut_and_without_what_was_left_out() {
    let world = World::new().await;
    let mut text = accounts(6);
    text += "\n{\"objectId\":\"bad\",\"name\":\"B\"}\n";
    text += &account("a-1", "2026-01-16T09:30:00Z", "newer");
    let path = world.write("accounts.ldjson", &text);
    refuse_from(&world, 2);
    let mut options = Options::new([&path]).local().unchecked();
    options.max_upload_bytes = 200;
    options.check = Some(check::Options::default());
    options.skip_invalid = true;
    let report = world.push_with(options).await;
    assert_eq!(world.simulator.uploads().len(), 1, "{report:#?}");
    let planned = world.states().len();
    assert!(planned > 3, "{planned}");
    assert_eq!(report.unfinished().len(), planned - 1);

    world.simulator.clear_faults();
    let report = resume_with(&world, |options| {
        options.rejects = Rejects::Folder(world.folder.path().join("rejects"));
    })
    .await;
    let file = &report.files[0];
    assert_eq!(file.status, FileStatus::Partial, "{report:#?}");
    assert_eq!((file.records, file.succeeded, file.failed), (8, 7, 1));
    assert_eq!(world.states(), vec![JobState::Done; planned]);
    assert_eq!(world.simulator.uploads().len(), planned);
    let name = &world.simulator.object("ACCOUNT", "a-1").unwrap()["name"];
    assert_eq!(name, "newer");
    let rejects = std::fs::read_to_string(file.rejects.as_ref().unwrap()).unwrap();
    assert_eq!(rejects, "{\"objectId\":\"bad\",\"name\":\"B\"}\n");
    assert!(world.resume().await.files.is_empty());
}

/// A file of which Gong lists 20 errors and hides the rest.
fn with_bad_lines(count: usize) -> String {
    let mut text = String::new();
    for number in 0..count {
        writeln!(text, "{{\"objectId\":\"bad-{number}\",\"name\":\"B\"}}").unwrap();
        text += &account(&format!("good-{number}"), "2026-01-15T09:30:00Z", "G");
    }
    text
}

#[tokio::test]
async fn a_search_that_stops_says_so_and_is_resumed() {
    let world = World::new().await;
    let path = world.write("accounts.ldjson", &with_bad_lines(70));
    refuse_from(&world, 3);
    let mut options = Options::new([&path]).local().unchecked();
    options.drain = true;
    options.rejects = Rejects::Beside;
    let report = world.push_with(options).await;
    let file = &report.files[0];
    assert_eq!((file.errors.len(), file.hidden_errors), (40, 30));
    let reason = file.search_stopped_because.as_ref().unwrap();
    assert!(reason.contains("429"), "{reason}");
    assert!(report.cause().is_some(), "{report:#?}");
    assert_eq!(report.unfinished().len(), 1);

    world.simulator.clear_faults();
    let before = world.simulator.uploads().len();
    let report = resume_with(&world, |options| options.rejects = Rejects::Beside).await;
    let file = &report.files[0];
    assert_eq!((file.errors.len(), file.hidden_errors), (70, 0));
    assert_eq!((file.succeeded, file.failed), (70, 70));
    assert_eq!(report.verdict, Verdict::Partial);
    let rejects = std::fs::read_to_string(file.rejects.as_ref().unwrap()).unwrap();
    assert_eq!(rejects.lines().count(), 70);
    assert_eq!(
        world.simulator.uploads().len() - before,
        2,
        "what was found before is not searched again"
    );
    assert!(world.resume().await.files.is_empty());
}

#[tokio::test]
async fn a_search_for_errors_has_ids_of_its_own_beside_that_of_the_user() {
    let world = World::new().await;
    let path = world.write("accounts.ldjson", &with_bad_lines(30));
    let mut options = Options::new([&path]).local().unchecked();
    options.drain = true;
    options.request_id = Some("nightly-2026-11-22".parse().unwrap());
    let report = world.push_with(options).await;
    assert_eq!(report.files[0].errors.len(), 30, "{report:#?}");
}

#[tokio::test]
async fn a_verdict_whose_rejects_could_not_be_written_is_told_again() {
    let world = World::new().await;
    let path = world.write("accounts.ldjson", &with_bad_lines(3));
    let mut options = Options::new([&path]).local().unchecked();
    // A folder can't be made where a file is.
    options.rejects = Rejects::Folder(path.join("rejects"));
    let report = world.push_with(options).await;
    assert_eq!(world.states(), [JobState::Failed]);
    let cause = report.cause().unwrap().to_string();
    assert!(cause.contains("can't be written"), "{cause}");

    let report = resume_with(&world, |options| options.rejects = Rejects::Beside).await;
    assert_eq!(report.files[0].errors.len(), 3, "{report:#?}");
    assert!(report.files[0].rejects.is_some());
    assert_eq!(world.posts(), 1, "nothing is sent for it");
    assert!(world.resume().await.files.is_empty());
}
