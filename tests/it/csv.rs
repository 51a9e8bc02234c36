//! Does a CSV go the way of all files, and is what became of it told of its rows?

use std::path::PathBuf;

use gong_crm::check;
use gong_crm::ledger::JobState;
use gong_crm::mapping::{Conversion, Mapping};
use gong_crm::push::{FileStatus, Options, Rejects, Verdict};
use gong_sim::{Effect, Fault, Operation, RetryAfter};

use crate::support::world::World;

/// Rows of one line and of two; the third holds an amount that nothing can be made of.
const CSV: &str =
    "Nr;Firma;Umsatz\na-1;\"Müller\nund Söhne\";1.250,10\na/2;Weiß;7\na-3;Groß;12.5\na-4;Café;\n";

fn conversion() -> Conversion {
    let mapping = "[ACCOUNT]\ndelimiter = ';'\ndecimal = ','\nthousands = '.'\n\
        [ACCOUNT.fields]\nobjectId = 'Nr'\nname = 'Firma'\n\
        modifiedDate = { constant = 'now' }\nrevenue = { from = 'Umsatz', type = 'CURRENCY' }\n";
    let mapping = Mapping::from_toml(mapping).unwrap();
    Conversion::new(mapping)
}

fn options(path: &PathBuf) -> Options {
    let mut options = Options::new([path]).local().unchecked();
    options.conversion = Some(conversion());
    options.check = Some(check::Options::default());
    options.skip_invalid = true;
    options.rejects = Rejects::Beside;
    options
}

#[tokio::test]
async fn rows_that_are_left_out_come_back_as_a_csv() {
    let world = World::new().await;
    let path = world.write("accounts.csv", CSV);
    let report = world.push_with(options(&path)).await;
    let file = &report.files[0];
    assert_eq!(file.status, FileStatus::Partial, "{report:#?}");
    assert_eq!((file.records, file.succeeded, file.failed), (4, 2, 2));
    assert_eq!(file.path, path);
    let name = &world.simulator.object("ACCOUNT", "a-1").unwrap()["name"];
    assert_eq!(name, "Müller\nund Söhne");
    let rejects = file.rejects.as_ref().unwrap();
    assert_eq!(rejects, &world.folder.path().join("accounts.rejects.csv"));
    let rejects = std::fs::read_to_string(rejects).unwrap();
    assert_eq!(
        rejects,
        "\u{feff}Nr;Firma;Umsatz\na/2;Weiß;7\na-3;Groß;12.5\n"
    );
    let why = std::fs::read_to_string(world.folder.path().join("accounts.rejects.txt")).unwrap();
    let places: Vec<&str> = why
        .lines()
        .map(|line| line.split('\t').nth(1).unwrap())
        .collect();
    let named = path.display();
    assert_eq!(places, [format!("{named}:4"), format!("{named}:5")]);

    // Of the same rows, nothing is sent again.
    let report = world.push_with(options(&path)).await;
    assert!(!report.files[0].sent);
    assert_eq!(world.simulator.uploads().len(), 1);
}

#[tokio::test]
async fn now_is_when_the_csv_was_last_changed_so_that_it_is_sent_once() {
    let world = World::new().await;
    let path = world.write("accounts.csv", CSV);
    let touch = |time: &str| {
        let time: jiff::Timestamp = time.parse().unwrap();
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(time.into()).unwrap();
    };
    touch("2026-02-03T14:30:00.25Z");
    assert!(world.push_with(options(&path)).await.files[0].sent);
    let modified = || world.simulator.object("ACCOUNT", "a-1").unwrap()["modifiedDate"].clone();
    assert_eq!(modified(), "2026-02-03T14:30:00Z");
    touch("2026-02-03T14:30:00.75Z");
    assert!(!world.push_with(options(&path)).await.files[0].sent);
    // What the CRM exports anew may have changed.
    touch("2026-02-04T14:30:00Z");
    assert!(world.push_with(options(&path)).await.files[0].sent);
    assert_eq!(modified(), "2026-02-04T14:30:00Z");

    let mut of_the_call = options(&path);
    let conversion = of_the_call.conversion.as_mut().unwrap();
    conversion.now = Some("2026-03-01T09:30:00Z".parse().unwrap());
    assert!(world.push_with(of_the_call).await.files[0].sent);
    assert_eq!(modified(), "2026-03-01T09:30:00Z");
}

#[tokio::test]
async fn what_was_made_of_a_csv_is_resumed_though_the_csv_is_gone() {
    let world = World::new().await;
    let path = world.write("accounts.csv", &CSV.replace("12.5", "12,5"));
    let mut fault = Fault::new(Effect::TooManyRequests(RetryAfter::Seconds(86_400)));
    for call in 1..100 {
        fault = fault.nth(call);
    }
    world
        .simulator
        .add_fault(fault.on(Operation::UploadEntities));
    let mut unchecked = options(&path);
    (unchecked.check, unchecked.skip_invalid) = (None, false);
    assert_eq!(world.push_with(unchecked).await.verdict, Verdict::Failed);
    assert_eq!(world.states(), [JobState::Planned]);

    std::fs::remove_file(&path).unwrap();
    world.simulator.clear_faults();
    let mut resumed = Options::new([""; 0]).local().unchecked();
    resumed.rejects = Rejects::Beside;
    let client = world.client(std::sync::Arc::clone(&world.ledger));
    let report = client.resume([], resumed).await.unwrap();
    let file = &report.files[0];
    assert_eq!(
        (file.records, file.succeeded, file.failed),
        (4, 3, 1),
        "{report:#?}"
    );
    // Gong speaks of the second line; it was made of the row that begins on the fourth.
    let error = &file.errors[0];
    assert_eq!((error.line, error.source_line), (2, 4));
    assert_eq!(error.object_id.as_deref(), Some("a/2"));
    let why = std::fs::read_to_string(world.folder.path().join("accounts.rejects.txt")).unwrap();
    assert!(why.contains("accounts.csv:4\t"), "{why}");
    assert!(
        !world
            .folder
            .path()
            .join("state/ledger.sqlite.spool")
            .exists()
    );
}

#[tokio::test]
async fn a_mapping_that_does_not_fit_sends_nothing_of_any_file() {
    let world = World::new().await;
    let csv = world.write("accounts.csv", "Nr;Name;Umsatz\na-1;x;1\n");
    let lines = world.write(
        "leads.ldjson",
        "{\"objectId\":\"l-1\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}\n",
    );
    let mut both = options(&csv);
    both.paths.push(lines);
    let client = world.client(std::sync::Arc::clone(&world.ledger));
    let error = client.push(world.integration_id, both).await.unwrap_err();
    let told = error.to_string();
    assert!(
        told.contains("accounts.csv") && told.contains("no column \"Firma\""),
        "{told}"
    );
    assert_eq!(world.simulator.uploads().len(), 0);
    assert_eq!(world.states(), []);
    let spool = world.folder.path().join("state/ledger.sqlite.spool");
    assert!(!spool.exists(), "what was converted before is not kept");
}
