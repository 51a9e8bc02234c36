//! A CSV is pushed like all files, and its results are reported by row.

use std::path::Path;
use std::sync::Arc;

use gong_crm::check;
use gong_crm::mapping::{Conversion, Mapping};
use gong_crm::push::{CheckMode, Options, Rejects, Status, Verdict};

use crate::support::Harness;

/// Rows of one line and of two; the third has an amount that can't be read.
const CSV: &str =
    "Nr;Firma;Umsatz\na-1;\"Müller\nund Söhne\";1.250,10\na/2;Weiß;7\na-3;Groß;12.5\na-4;Café;\n";

fn conversion() -> Conversion {
    let mapping = "[ACCOUNT]\ndelimiter = ';'\ndecimal = ','\nthousands = '.'\n\
        [ACCOUNT.fields]\nobjectId = 'Nr'\nname = 'Firma'\n\
        modifiedDate = { constant = 'now' }\nrevenue = { from = 'Umsatz', type = 'CURRENCY' }\n";
    let mapping = Mapping::from_toml(mapping).unwrap();
    Conversion::new(mapping)
}

fn options(path: &Path) -> Options {
    let mut options = Options::new([path]).simulator();
    options.converter = Some(Arc::new(conversion()));
    options.check = CheckMode::SkipInvalid(check::Options::default());
    options.rejects = Rejects::Beside;
    options
}

#[tokio::test]
async fn rows_that_are_held_back_are_named_by_row() {
    let harness = Harness::new().await;
    let path = harness.write_text("accounts.csv", CSV);
    let report = harness.push_with(options(&path)).await;
    let file = &report.files[0];
    assert_eq!(file.status, Status::Partial, "{report:#?}");
    let counts = (file.records, file.accepted, file.held_back);
    assert_eq!(counts, (4, 2, 2), "{report:#?}");
    assert_eq!(file.path, path);
    assert_eq!(harness.name("a-1").as_deref(), Some("Müller\nund Söhne"));
    let rows: Vec<u64> = file.errors.iter().map(|error| error.source_line).collect();
    assert_eq!(rows, [4, 5]);

    // Of the same rows, nothing is sent again.
    let report = harness.push_with(options(&path)).await;
    assert_eq!(report.unchanged(), 2);
    assert_eq!(harness.simulator.uploads().len(), 1);
}

#[tokio::test]
async fn rows_that_gong_rejects_are_written_as_a_csv() {
    let harness = Harness::new().await;
    let path = harness.write_text("accounts.csv", &CSV.replace("12.5", "12,5"));
    let mut unchecked = options(&path).unchecked();
    unchecked.rejects = Rejects::Beside;
    let report = harness.push_with(unchecked.clone()).await;
    let file = &report.files[0];
    assert_eq!((file.accepted, file.rejected), (3, 1), "{report:#?}");
    // Gong speaks of the second line; it was made of the row that begins on the fourth.
    let error = &file.errors[0];
    assert_eq!((error.line, error.source_line), (2, 4));
    assert_eq!(error.object_id.as_deref(), Some("a/2"));
    let rejects = file.rejects.as_ref().unwrap();
    assert_eq!(
        rejects,
        &harness.directory.path().join("accounts.rejects.csv")
    );
    let rejects = std::fs::read_to_string(rejects).unwrap();
    assert_eq!(rejects, "\u{feff}Nr;Firma;Umsatz\na/2;Weiß;7\n");
    let why = std::fs::read_to_string(harness.directory.path().join("accounts.rejects.txt"));
    assert!(why.unwrap().contains("accounts.csv:4\t"));

    // Fixed, it leaves the rejects.
    harness.write_text(
        "accounts.csv",
        &CSV.replace("12.5", "12,5").replace("a/2", "a-2"),
    );
    drop(harness.push_with(unchecked).await);
    assert_eq!(harness.simulator.object_count("ACCOUNT"), 4);
}

#[tokio::test]
async fn csv_alternates_between_versions() {
    let harness = Harness::new().await;
    for name in ["Weiß", "Schwarz", "Weiß"] {
        let text = format!("Nr;Firma;Umsatz\na-2;{name};7\n");
        let path = harness.write_text("accounts.csv", &text);
        let report = harness.push_with(options(&path)).await;
        assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
        assert_eq!(harness.name("a-2").as_deref(), Some(name));
    }
}

#[tokio::test]
async fn later_date_of_a_csv_alone_is_not_a_change() {
    let harness = Harness::new().await;
    let path = harness.write_text("accounts.csv", "Nr;Firma;Umsatz\na-1;Weiß;7\n");
    let touch = |time: &str| {
        let time: jiff::Timestamp = time.parse().unwrap();
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(time.into()).unwrap();
    };
    touch("2026-02-03T14:30:00.25Z");
    assert_eq!(harness.push_with(options(&path)).await.accepted(), 1);
    assert_eq!(
        harness.field("ACCOUNT", "a-1", "modifiedDate"),
        "2026-02-03T14:30:00Z"
    );
    touch("2026-02-04T14:30:00Z");
    assert_eq!(harness.push_with(options(&path)).await.unchanged(), 1);
    let mut touching = options(&path);
    touching.touch = true;
    assert_eq!(harness.push_with(touching).await.accepted(), 1);
    assert_eq!(
        harness.field("ACCOUNT", "a-1", "modifiedDate"),
        "2026-02-04T14:30:00Z"
    );
}

#[tokio::test]
async fn converted_records_are_resumed_without_their_csv() {
    let harness = Harness::on_disk().await;
    let path = harness.write_text("accounts.csv", "Nr;Firma;Umsatz\na-1;Weiß;7\na-2;Groß;8\n");
    harness.refuse_uploads_from(1);
    assert_eq!(
        harness.push_with(options(&path)).await.verdict,
        Verdict::Failed
    );
    std::fs::remove_file(&path).unwrap();
    harness.simulator.clear_faults();
    let report = harness.resume().await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(harness.simulator.object_count("ACCOUNT"), 2);
}

#[tokio::test]
async fn mapping_that_does_not_fit_sends_nothing_of_any_file() {
    let harness = Harness::on_disk().await;
    let csv = harness.write_text("accounts.csv", "Nr;Name;Umsatz\na-1;x;1\n");
    let lines = harness.write_text(
        "leads.ldjson",
        "{\"objectId\":\"l-1\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}\n",
    );
    let mut both = options(&csv);
    both.paths.push(lines);
    let error = harness
        .client
        .push(harness.integration_id, both)
        .await
        .unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains("accounts.csv") && message.contains("no column \"Firma\""),
        "{message}"
    );
    assert_eq!(harness.simulator.uploads().len(), 0);
    assert!(harness.states().await.is_empty());
}

#[tokio::test]
async fn records_of_one_export_are_counted_by_type() {
    let harness = Harness::new().await;
    let path = harness.write_text("deals.csv", "Nr;Phase\nd-1;Offer\nd-2;Won\nd-3;Offer\n");
    let files = path.display();
    let mapping = format!(
        "[STAGE]\ndelimiter = ';'\ndistinct = true\nfiles = '{files}'\n\
         [STAGE.fields]\nobjectId = {{ from = 'Phase', slug = true }}\nname = 'Phase'\n\
         [DEAL]\ndelimiter = ';'\nfiles = '{files}'\n\
         [DEAL.fields]\nobjectId = 'Nr'\nmodifiedDate = {{ constant = 'now' }}\n\
         stage = {{ from = 'Phase', slug = true }}\n"
    );
    let conversion = Conversion::new(Mapping::from_toml(&mapping).unwrap());
    let mut options = Options::new([&path]).simulator();
    options.converter = Some(Arc::new(conversion));
    let report = harness.push_with(options).await;
    let accepted: Vec<(&str, u64)> = report
        .files
        .iter()
        .map(|file| (file.object_type.as_str(), file.accepted))
        .collect();
    assert_eq!(accepted, [("STAGE", 2), ("DEAL", 3)], "{report:#?}");
}

/// Options with a mapping of deals.
fn of_deals(path: &Path, mapping: &str) -> Options {
    let mapping = Mapping::from_toml(mapping).unwrap();
    let mut options = options(path);
    options.converter = Some(Arc::new(Conversion::new(mapping)));
    options
}

#[tokio::test]
async fn records_of_one_line_are_held_back_one_by_one() {
    let harness = Harness::new().await;
    let row = |id: u32, amount: &str| {
        format!("{{\"Id\":{id},\"Name\":\"n\",\"Mod\":\"2026-01-15T09:30:00Z\",\"Rev\":{amount}}}")
    };
    let rows = [row(11, "5"), row(12, "\"x\""), row(13, "7"), row(14, "9")];
    let path = harness.write_text("deals.json", &format!("[{}]", rows.join(",")));
    let mapping = "[DEAL]\n[DEAL.fields]\nobjectId = 'Id'\nname = 'Name'\nmodifiedDate = 'Mod'\n\
        amount = 'Rev'\n";
    let report = harness.push_with(of_deals(&path, mapping)).await;
    let file = &report.files[0];
    assert_eq!((file.accepted, file.held_back), (3, 1), "{report:#?}");
    for (id, is_there) in [("11", true), ("12", false), ("13", true), ("14", true)] {
        let object = harness.simulator.object("DEAL", id);
        assert_eq!(object.is_some(), is_there, "{id}");
    }
    let rejects = file.rejects.as_ref().unwrap();
    assert_eq!(
        rejects,
        &harness.directory.path().join("deals.rejects.json")
    );
    let rejects = std::fs::read_to_string(rejects).unwrap();
    assert_eq!(rejects, rows[1].clone() + "\n");
}

#[tokio::test]
async fn items_of_one_row_are_held_back_one_by_one() {
    let harness = Harness::new().await;
    let rows = "Deals,Title,Mod\na b;c;d,Pilot,2026-01-15T09:30:00Z\ne,Two,2026-01-15T09:30:00Z\n";
    let path = harness.write_text("deals.csv", rows);
    let mapping = "[DEAL]\neach = 'Deals'\n[DEAL.fields]\nobjectId = 'item'\nname = 'Title'\n\
        modifiedDate = 'Mod'\n";
    let report = harness.push_with(of_deals(&path, mapping)).await;
    assert_eq!(report.files[0].held_back, 1, "{report:#?}");
    for id in ["c", "d", "e"] {
        assert!(harness.simulator.object("DEAL", id).is_some(), "{id}");
    }
    assert_eq!(harness.simulator.object_count("DEAL"), 3);
    let rejects = harness.directory.path().join("deals.rejects.csv");
    let rejects = std::fs::read_to_string(rejects).unwrap();
    let row = "a b;c;d,Pilot,2026-01-15T09:30:00Z";
    assert_eq!(rejects, format!("\u{feff}Deals,Title,Mod\n{row}\n"));
}

#[tokio::test]
async fn rows_without_a_readable_record_are_in_the_rejects_too() {
    let harness = Harness::new().await;
    let date = "2026-01-15T09:30:00Z";
    let rows = format!("Id,Title,Mod\n1,a,{date}\n2,b\n,x,{date}\n4,d,{date}\n");
    let path = harness.write_text("deals.csv", &rows);
    let mapping = "[DEAL]\n[DEAL.fields]\nobjectId = 'Id'\nname = 'Title'\nmodifiedDate = 'Mod'\n";
    let report = harness.push_with(of_deals(&path, mapping)).await;
    let file = &report.files[0];
    assert_eq!((file.accepted, file.held_back), (2, 2), "{report:#?}");
    let rejects = std::fs::read_to_string(file.rejects.as_ref().unwrap()).unwrap();
    assert_eq!(rejects, format!("\u{feff}Id,Title,Mod\n2,b\n,x,{date}\n"));
    let why = harness.directory.path().join("deals.rejects.txt");
    let why = std::fs::read_to_string(why).unwrap();
    assert!(
        why.contains("deals.csv:3\t") && why.contains("deals.csv:4\t"),
        "{why}"
    );

    // Completed, they leave it.
    harness.write_text(
        "deals.csv",
        &rows
            .replace("2,b", &format!("2,b,{date}"))
            .replace("\n,x", "\n3,x"),
    );
    let report = harness.push_with(of_deals(&path, mapping)).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(!harness.directory.path().join("deals.rejects.csv").exists());
}

#[tokio::test]
async fn every_record_with_an_open_word_is_held_back() {
    let harness = Harness::new().await;
    let date = "2026-01-15T09:30:00Z";
    let rows = format!("Id,S,Mod\n1,odd,{date}\n2,odd,{date}\n3,open,{date}\n");
    let path = harness.write_text("deals.csv", &rows);
    let mapping = "[DEAL]\n[DEAL.fields]\nobjectId = 'Id'\nmodifiedDate = 'Mod'\n\
        status = { from = 'S', values = { open = 'OPEN', odd = '?' } }\n";
    let report = harness.push_with(of_deals(&path, mapping)).await;
    let file = &report.files[0];
    assert_eq!((file.accepted, file.held_back), (1, 2), "{report:#?}");
    assert!(harness.simulator.object("DEAL", "3").is_some());
    assert_eq!(harness.simulator.object_count("DEAL"), 1);
}
