//! Does the report tell of every record what became of it, however its file had to be sent?

use std::fmt::Write as _;

use gong_crm::push::{FileStatus, Options, Rejects, Verdict};
use gong_sim::{Effect, Fault, Operation};

use crate::support::world::{World, account, accounts};

#[tokio::test]
async fn all_of_a_thousand_bad_lines_come_to_light() {
    let world = World::new().await;
    let mut text = String::new();
    for number in 0..3_000 {
        if number % 3 == 0 {
            writeln!(text, "{{\"objectId\":\"bad-{number}\",\"name\":\"B\"}}").unwrap();
        } else {
            text += &account(&format!("good-{number}"), "2026-01-15T09:30:00Z", "G");
        }
        if number % 500 == 0 {
            text += "\n";
        }
    }
    let path = world.write("accounts.ldjson", &text);
    let mut options = Options::new([&path]).local().unchecked();
    options.drain = true;
    options.rejects = Rejects::Beside;
    let report = world.push_with(options).await;
    let file = &report.files[0];
    assert_eq!((report.verdict, file.hidden_errors), (Verdict::Partial, 0));
    assert_eq!(
        (file.records, file.succeeded, file.failed),
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
    let reasons =
        std::fs::read_to_string(world.folder.path().join("accounts.rejects.txt")).unwrap();
    assert!(reasons.lines().all(|line| line.contains("modifiedDate")));
    assert!(
        world.simulator.request_count() < 120,
        "{}",
        world.simulator.request_count()
    );
    // A folder's rejects are not pushed with it.
    assert_eq!(
        gong_crm::push::plan(&[world.folder.path()], None)
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn a_file_that_is_too_large_and_out_of_order_arrives_whole() {
    let world = World::new().await;
    let mut text = String::new();
    for number in 0..200 {
        text += &account(&format!("a-{number}"), "2026-01-15T09:30:00Z", "old");
    }
    // Newer and older versions of some, and a deletion.
    for number in 0..20 {
        text += &account(&format!("a-{number}"), "2026-01-15T11:30:00+01:00", "new");
        text += &account(&format!("a-{number}"), "2025-01-15T09:30:00Z", "oldest");
    }
    text +=
        "\n{\"objectId\":\"a-199\",\"modifiedDate\":\"2026-02-01T00:00:00Z\",\"isDeleted\":true}";
    let path = world.write("accounts.ldjson", &text);
    let mut options = Options::new([&path]).local().unchecked();
    options.max_upload_bytes = 4_000;
    let report = world.push_with(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(report.succeeded(), 241);
    assert_eq!(world.simulator.object_count("ACCOUNT"), 199);
    let name = |id: &str| world.simulator.object("ACCOUNT", id).unwrap()["name"].clone();
    assert_eq!((name("a-7"), name("a-50")), ("new".into(), "old".into()));
    let posts = world.posts();
    assert!(posts > 4, "{posts}");
    assert!(!world.push_with(options).await.files[0].sent);
    assert_eq!(world.posts(), posts);
}

#[tokio::test]
async fn a_folder_with_errors_is_not_sent_unless_they_may_be_left_out() {
    let world = World::new().await;
    let bad = "{\"objectId\":\"bad\",\"name\":\"B\"}\n";
    let text = accounts(2) + "\n" + bad + &accounts(1);
    let path = world.write("accounts.ldjson", &text);
    let mut options = Options::new([&path]).local().unchecked();
    options.check = Some(gong_crm::check::Options::default());
    options.rejects = Rejects::Folder(world.folder.path().join("rejects"));
    let report = world.push_with(options.clone()).await;
    assert_eq!(
        (report.verdict, world.simulator.request_count()),
        (Verdict::Invalid, 0)
    );
    assert_eq!(report.files[0].status, FileStatus::Invalid);
    assert!(world.states().is_empty(), "nothing is planned either");

    options.skip_invalid = true;
    let report = world.push_with(options).await;
    let file = &report.files[0];
    assert_eq!(
        (report.verdict, file.status),
        (Verdict::Partial, FileStatus::Partial)
    );
    assert_eq!((file.records, file.succeeded, file.failed), (4, 3, 1));
    assert_eq!(world.simulator.object_count("ACCOUNT"), 2);
    let rejects = std::fs::read_to_string(file.rejects.as_ref().unwrap()).unwrap();
    assert_eq!(rejects, bad);
}

#[tokio::test]
async fn a_compressed_file_is_pushed_and_its_lines_are_told_as_unpacked() {
    let world = World::new().await;
    let text = accounts(2) + "{\"objectId\":\"bad\",\"name\":\"B\"}\n";
    let path = world.folder.path().join("accounts.ldjson.gz");
    let file = std::fs::File::create(&path).unwrap();
    let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, text.as_bytes()).unwrap();
    packed.finish().unwrap();
    let report = world.push(world.folder.path()).await;
    let error = &report.files[0].errors[0];
    assert_eq!(
        (error.source_line, error.object_id.as_deref()),
        (3, Some("bad"))
    );
    assert_eq!(world.simulator.object_count("ACCOUNT"), 2);
}

#[tokio::test]
async fn only_what_depends_on_a_failed_file_is_held_back() {
    let world = World::new().await;
    world.simulator.add_fault(
        Fault::new(Effect::FailFile("General failure".into()))
            .on(Operation::UploadEntities)
            .nth(2),
    );
    world.write(
        "stages.ldjson",
        "{\"objectId\":\"s-1\",\"name\":\"New\",\"sortOrder\":1,\"isActive\":true}\n",
    );
    world.write("accounts.ldjson", &accounts(1));
    world.write("contacts.ldjson", "{\"objectId\":\"c-1\",\"modifiedDate\":\"2026-01-15T09:30:00Z\",\"emailAddress\":\"a@acme.example\"}\n");
    let report = world.push(world.folder.path()).await;
    let statuses: Vec<FileStatus> = report.files.iter().map(|file| file.status).collect();
    assert_eq!(
        statuses,
        [FileStatus::Done, FileStatus::Failed, FileStatus::NotSent],
        "{report:#?}"
    );
    assert!(
        report.files[2]
            .not_sent_because
            .as_ref()
            .unwrap()
            .contains("ACCOUNT")
    );
}
