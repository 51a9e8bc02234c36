//! Do versions of one record arrive in their order, whatever files they stand in?

use gong_crm::ObjectType;
use gong_crm::push::{FileStatus, Options, Report, Verdict};
use gong_sim::{Effect, Fault, Operation, Processing};

use crate::support::world::{World, account};

const OLD: &str = "2026-01-15T09:30:00Z";
const NEW: &str = "2026-01-16T09:30:00Z";

/// The name under which Gong holds an account.
fn held(world: &World, id: &str) -> Option<String> {
    let object = world.simulator.object("ACCOUNT", id)?;
    Some(object["name"].as_str().unwrap().to_owned())
}

/// Two files, each with the newer version of one account and the older of another, and one that has
/// nothing to do with them.
fn write_crossed(world: &World) -> Options {
    let paths = [
        world.write(
            "accounts-1.ldjson",
            &(account("a", NEW, "new") + &account("b", OLD, "old")),
        ),
        world.write(
            "accounts-2.ldjson",
            &(account("b", NEW, "new") + &account("a", OLD, "old")),
        ),
        world.write("accounts-3.ldjson", &account("c", OLD, "other")),
    ];
    Options::new(paths).local().unchecked()
}

fn statuses(report: &Report) -> Vec<FileStatus> {
    report.files.iter().map(|file| file.status).collect()
}

fn assert_newest_is_held(world: &World) {
    let names = ["a", "b", "c"].map(|id| held(world, id).unwrap());
    assert_eq!(names, ["new", "new", "other"]);
}

#[tokio::test]
async fn the_newest_version_stays_whichever_file_it_stands_in() {
    let world = World::new().await;
    let options = write_crossed(&world);
    let report = world.push_with(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_newest_is_held(&world);
    let uploads = world.simulator.uploads().len();
    assert_eq!(uploads, 5, "two files go in two waves");

    let again = world.push_with(options).await;
    assert!(again.files.iter().all(|file| !file.sent), "{again:#?}");
    assert_eq!(world.simulator.uploads().len(), uploads);
}

#[tokio::test]
async fn a_deletion_that_a_newer_record_in_another_file_takes_back_goes_before_it() {
    let world = World::new().await;
    let deletion =
        format!("{{\"objectId\":\"a\",\"modifiedDate\":\"{OLD}\",\"isDeleted\":true}}\n");
    let paths = [
        world.write("accounts-1.ldjson", &account("a", NEW, "back")),
        world.write("accounts-2.ldjson", &deletion),
    ];
    let report = world
        .push_with(Options::new(paths).local().unchecked())
        .await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(held(&world, "a").as_deref(), Some("back"));
}

#[tokio::test]
async fn newer_versions_wait_for_older_ones_of_other_files_and_are_resumed_after_them() {
    let world = World::new().await;
    let mut options = write_crossed(&world);
    options.patience.timeout = std::time::Duration::ZERO;
    let hour = std::time::Duration::from_hours(1);
    world.simulator.set_processing(Processing::After(hour));
    let report = world.push_with(options).await;
    assert_eq!(report.verdict, Verdict::TimedOut, "{report:#?}");
    assert_eq!(world.simulator.uploads().len(), 3, "the first wave");
    let reason = report.files[0].not_sent_because.as_deref().unwrap();
    assert!(reason.contains("did not come to its end"), "{reason}");

    world.simulator.advance(hour);
    world.simulator.set_processing(Processing::Immediate);
    let resumed = world.resume().await;
    assert_eq!(resumed.verdict, Verdict::Done, "{resumed:#?}");
    assert_newest_is_held(&world);
    assert_eq!(world.simulator.uploads().len(), 5);
}

#[tokio::test]
async fn where_nobody_waits_deletions_follow_what_was_accepted() {
    let world = World::new().await;
    world.simulator.set_processing(Processing::Never);
    let deletion =
        format!("{{\"objectId\":\"b\",\"modifiedDate\":\"{OLD}\",\"isDeleted\":true}}\n");
    let text = account("a", OLD, "old") + &deletion;
    let path = world.write("accounts.ldjson", &text);
    let mut options = Options::new([path]).local();
    options.acceptance_only = true;
    let report = world.push_with(options).await;
    let statuses: Vec<FileStatus> = report.files[0]
        .uploads
        .iter()
        .map(|upload| upload.status)
        .collect();
    assert_eq!(statuses, [FileStatus::Accepted; 2], "{report:#?}");
}

#[tokio::test]
async fn a_file_that_gong_does_not_get_keeps_back_newer_versions_and_nothing_else() {
    let world = World::new().await;
    let options = write_crossed(&world);
    // The second file is refused for good.
    let refusal = Fault::new(Effect::Status(400)).on(Operation::UploadEntities);
    world.simulator.add_fault(refusal.nth(2));
    let report = world.push_with(options.clone()).await;
    assert_eq!(held(&world, "c").as_deref(), Some("other"));
    assert_eq!(statuses(&report)[2], FileStatus::Done);
    assert_ne!(report.verdict, Verdict::Done);

    let again = world.push_with(options).await;
    assert_eq!(again.verdict, Verdict::Done, "{again:#?}");
    assert_newest_is_held(&world);
}

#[tokio::test]
async fn what_stands_in_two_files_alike_is_sent_once() {
    let world = World::new().await;
    let both = account("a", OLD, "old") + &account("a", NEW, "new");
    let paths = [
        world.write("accounts-1.ldjson", &both),
        world.write("accounts-2.ldjson", &both),
        world.write("accounts-3.ldjson", &account("a", NEW, "new")),
    ];
    let report = world
        .push_with(Options::new(paths).local().unchecked())
        .await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(held(&world, "a").as_deref(), Some("new"));
    assert_eq!(world.simulator.uploads().len(), 2);
    assert_eq!(report.records(), 5);
}

#[tokio::test]
async fn an_older_version_that_comes_later_is_followed_by_the_newer_again() {
    let world = World::new().await;
    let newer = world.write("accounts-1.ldjson", &account("a", NEW, "new"));
    assert_eq!(world.push(&newer).await.verdict, Verdict::Done);
    let older = world.write("accounts-2.ldjson", &account("a", OLD, "old"));
    let options = Options::new([&newer, &older]).local().unchecked();
    let report = world.push_with(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(held(&world, "a").as_deref(), Some("new"));
    assert_eq!(world.simulator.uploads().len(), 3);
    assert_eq!(report.files[0].object_type, ObjectType::Account);

    world.push_with(options).await;
    assert_eq!(world.simulator.uploads().len(), 3, "nothing is new");
}
