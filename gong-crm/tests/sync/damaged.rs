//! Complete exports of which some rows can't be read: nothing is deleted because of them.

use std::fmt::Write as _;
use std::sync::Arc;

use gong_crm::ObjectType::Account;
use gong_crm::mapping::{Conversion, Mapping};
use gong_crm::push::Verdict;
use gong_crm::source::FilesSource;
use gong_crm::sync::SyncOptions;

use crate::support::{World, accounts};

const MAPPING: &str = "[ACCOUNT]\ndelimiter = ';'\n\
    [ACCOUNT.fields]\nobjectId = 'Id'\nname = 'Name'\nmodifiedDate = 'Mod'\n";

/// The rows of 40 accounts, without the header.
fn rows() -> Vec<String> {
    let row = |number| format!("A{number};Firm {number};2026-01-15T09:30:00Z");
    (1..=40).map(row).collect()
}

fn csv(rows: &[String]) -> String {
    let mut text = "Id;Name;Mod\n".to_owned();
    for row in rows {
        writeln!(text, "{row}").unwrap();
    }
    text
}

fn options(world: &World) -> SyncOptions {
    let mapping = Conversion::new(Mapping::from_toml(MAPPING).unwrap());
    let source = FilesSource::new(world.path("accounts.csv"))
        .complete(true)
        .converter(Arc::new(mapping), MAPPING);
    SyncOptions::new("acme")
        .simulator()
        .source(Account, Arc::new(source))
}

/// Syncs 40 accounts, and then what is left of them after a damage.
async fn damaged(damage: impl Fn(&mut Vec<String>)) -> (World, String) {
    let world = World::new().await;
    let options = options(&world);
    world.export_text("accounts.csv", &csv(&rows()));
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    let mut left = rows();
    damage(&mut left);
    world.export_text("accounts.csv", &csv(&left));
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Failed, "{left:?} {report:#?}");
    let problems = report.plan.problems.iter().map(|of| of.message.as_str());
    let problems = problems.collect::<Vec<_>>().join("; ");
    (world, problems)
}

#[tokio::test]
async fn rows_that_may_hide_others_delete_nothing() {
    type Damage = fn(&mut Vec<String>);
    let damages: [(&str, &str, Damage); 9] = [
        ("open quote", "line 36 of", |rows| {
            rows[34] = rows[34].replace("Firm", "\"Firm");
        }),
        ("quote of two rows", "line 11 of", |rows| {
            rows[9] = rows[9].replace("Firm 10", "\"Firm 10");
            rows[13] = rows[13].replace("Firm 14", "Firm \"14");
        }),
        ("cut last row", "line 36 of", |rows| {
            rows.truncate(35);
            rows[34] = "A35;Firm 35".to_owned();
        }),
        ("error at the end", "line 36 of", |rows| {
            rows.truncate(35);
            rows[34] = "ERROR: connection lost after 34 rows".to_owned();
        }),
        (
            "error with delimiters",
            "1 record cannot be identified",
            |rows| {
                rows.truncate(35);
                rows[34] = "ERROR: timeout;;".to_owned();
            },
        ),
        ("error with more delimiters", "line 36 of", |rows| {
            rows.truncate(35);
            rows[34] = "ERROR: timeout;;;".to_owned();
        }),
        ("page at the end", "line 36 of", |rows| {
            rows.truncate(35);
            rows[34] = "<html>504 Gateway Timeout</html>".to_owned();
        }),
        ("spaces in ids", "2 records cannot be identified", |rows| {
            for row in &mut rows[9..11] {
                *row = row.replacen('A', "A ", 1);
            }
        }),
        ("cell in front", "line 6 of", |rows| {
            rows[4] = format!("x;{}", rows[4]);
        }),
    ];
    for (name, reason, damage) in damages {
        let (world, problems) = damaged(damage).await;
        assert!(problems.contains(reason), "{name}: {problems}");
        for number in 1..=40 {
            let id = format!("A{number}");
            assert!(world.has("ACCOUNT", &id), "{name}: {id} was deleted");
        }
    }
}

#[tokio::test]
async fn file_that_ends_within_its_last_cell_deletes_nothing() {
    let world = World::new().await;
    let options = options(&world);
    world.export_text("accounts.csv", &csv(&rows()));
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    let cut = csv(&rows()[..36]);
    world.export_text("accounts.csv", cut.trim_end());
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    let problem = &report.plan.problems[0].message;
    assert!(problem.contains("it may be cut off"), "{problem}");
    assert!(world.has("ACCOUNT", "A40"));
    // A file that always ends so is complete.
    world.export_text("accounts.csv", csv(&rows()).trim_end());
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    world.export_text("accounts.csv", csv(&rows()[..39]).trim_end());
    assert_eq!(world.sync(options).await.verdict, Verdict::Done);
    assert!(!world.has("ACCOUNT", "A40"));
}

#[tokio::test]
async fn row_whose_last_cell_may_be_cut_off_is_not_sent() {
    let world = World::new().await;
    let options = options(&world);
    let export = |rows: usize, name: &str, end: &str| {
        let mut text = "Id;Mod;Name".to_owned();
        for row in 1..=rows {
            write!(text, "\nA{row};2026-01-15T09:30:00Z;{name} {row}").unwrap();
        }
        world.export_text("accounts.csv", &(text + end));
    };
    export(40, "Firm", "\n");
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    for rows in [40, 36] {
        export(rows, "Fi", "");
        let report = world.sync(options.clone()).await;
        assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
        let problem = &report.plan.problems[0].message;
        assert!(problem.contains("it may be cut off"), "{problem}");
        let last = world.field("ACCOUNT", "A40", "name");
        assert_eq!(
            (last, world.has("ACCOUNT", "A39")),
            ("Firm 40".into(), true)
        );
    }
    export(40, "Fi", "\n");
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(world.field("ACCOUNT", "A40", "name"), "Fi 40");
}

#[tokio::test]
async fn json_lines_that_lost_their_end_delete_nothing() {
    let world = World::new().await;
    let options = world.with_accounts(1..=40).await;
    let lines: Vec<_> = accounts(1..=36).iter().map(ToString::to_string).collect();
    world.export_text("account.ldjson", &lines.join("\n"));
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    assert!(world.has("ACCOUNT", "acc-40"));
}

#[tokio::test]
async fn line_that_holds_two_records_deletes_neither() {
    let world = World::new().await;
    let options = world.options(&[Account]);
    world.export("account.ldjson", &accounts(1..=30));
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    let text: String = accounts(1..=30)
        .iter()
        .map(|record| format!("{record}\n"))
        .collect();
    // Two lines without the line feed between them, and two that are written into one another.
    let second = text.match_indices('\n').nth(1).unwrap().0;
    let mut joined = text.clone();
    joined.remove(second);
    let mut mixed = text.clone();
    mixed.replace_range(second - 9..=second, "");
    for damaged in [joined, mixed] {
        world.export_text("account.ldjson", &damaged);
        let report = world.sync(options.clone()).await;
        assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
        assert!(world.has("ACCOUNT", "acc-2") && world.has("ACCOUNT", "acc-3"));
    }
}

#[tokio::test]
async fn row_with_a_wrong_value_still_lets_others_be_deleted() {
    let world = World::new().await;
    let options = options(&world);
    world.export_text("accounts.csv", &csv(&rows()));
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    let mut left = rows();
    left[3] = "A4;Firm 4;yesterday".to_owned();
    left.truncate(39);
    world.export_text("accounts.csv", &csv(&left));
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    assert!(world.has("ACCOUNT", "A4") && !world.has("ACCOUNT", "A40"));
}

#[tokio::test]
async fn row_of_changes_without_an_id_counts_until_it_is_waived() {
    let world = World::new().await;
    let mapping = Conversion::new(Mapping::from_toml(MAPPING).unwrap());
    let source = FilesSource::new(world.path("accounts.csv"));
    let source = source.converter(Arc::new(mapping), MAPPING);
    let options = SyncOptions::new("acme").simulator();
    let options = options.source(Account, Arc::new(source));
    let damaged = [";Firm 1;2026-01-15T09:30:00Z".to_owned(), rows()[1].clone()];
    world.export_text("accounts.csv", &csv(&damaged));
    for _ in 0..2 {
        let report = world.sync(options.clone()).await;
        assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
        let held = report.files.iter().map(|file| file.held_back);
        assert_eq!(held.sum::<u64>(), 1, "{report:#?}");
    }
    let mut place = String::new();
    for next in 2..4 {
        world.export_text("accounts.csv", &csv(&rows()[next..=next]));
        let report = world.sync(options.clone()).await;
        assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
        let mut errors = report.files.iter().flat_map(|file| &file.errors);
        let error = errors.next().unwrap();
        assert!(error.description.contains("it has no id"), "{error:?}");
        place = error.object_id.clone().unwrap();
        assert!(place.starts_with("accounts.csv:2#"), "{place}");
    }
    let (ledger, url) = (world.client.ledger(), world.client.base_url());
    let waived = ledger
        .waive(url, world.integration_id, Account, &place)
        .await;
    assert!(waived.unwrap().is_some());
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
}
