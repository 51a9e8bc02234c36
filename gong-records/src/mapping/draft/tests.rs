//! Drafts of exports: of files that broke drafts before, and of others of their kind.

use std::fs;
use std::path::{Path, PathBuf};

use super::DraftOptions;

mod asked;
mod columns;
mod crms;
mod dates;
mod folders;
mod kinds;
mod linked;
mod parts;
use crate::ObjectType;
use crate::mapping::{Mapping, Options, convert_file};
use crate::rule::Rule;

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/exports")
        .join(name)
}

/// The draft of one file's mapping.
fn draft(path: &Path, object_type: ObjectType) -> String {
    let options = DraftOptions {
        object_type: Some(object_type),
        ..DraftOptions::default()
    };
    let draft = Mapping::draft(&[path], &options).unwrap();
    let is_mapping = |text: &&String| text.contains(&format!("[{object_type}]"));
    let mut texts = draft.files.iter().map(|file| &file.text);
    texts.find(is_mapping).unwrap().clone()
}

fn draft_text(text: &[u8], object_type: ObjectType) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("export.csv");
    fs::write(&path, text).unwrap();
    draft(&path, object_type)
}

/// The line of a draft that begins so.
fn line<'a>(draft: &'a str, begin: &str) -> &'a str {
    let mut lines = draft.lines();
    lines
        .find(|line| line.starts_with(begin))
        .unwrap_or_else(|| panic!("no {begin} in\n{draft}"))
}

fn has(draft: &str, text: &str) -> bool {
    draft.lines().any(|line| line.contains(text))
}

/// The conversion with the draft of a file without questions.
fn converted(path: &Path, object_type: ObjectType) -> Vec<serde_json::Value> {
    converted_but(path, object_type, "")
}

/// The same, where one cell is not a value.
fn converted_but(path: &Path, object_type: ObjectType, bad: &str) -> Vec<serde_json::Value> {
    let folder = tempfile::tempdir().unwrap();
    let options = DraftOptions {
        object_type: Some(object_type),
        folder: folder.path().to_path_buf(),
        ..DraftOptions::default()
    };
    let draft = Mapping::draft(&[path], &options).unwrap();
    fs::create_dir(folder.path().join("mappings")).unwrap();
    for file in &draft.files {
        fs::write(folder.path().join(&file.path), &file.text).unwrap();
    }
    let drafted = &draft.files[1];
    let text = &drafted.text;
    let mapping = Mapping::open(folder.path().join(&drafted.path));
    let mapping = mapping.unwrap_or_else(|error| panic!("{error}\n{text}"));
    let target = folder.path().join("out.ldjson");
    let options = Options::new("2026-03-01T08:30:00Z".parse().unwrap());
    convert_file(
        path,
        &mapping,
        object_type,
        &options,
        &target,
        &mut |problem| {
            let is_bad = problem.excerpt.as_deref() == Some(bad);
            assert!(
                is_bad || problem.rule == Rule::OpenQuestion,
                "{problem}\n{text}"
            );
        },
    )
    .unwrap_or_else(|error| panic!("{error}\n{text}"));
    let lines = fs::read_to_string(target).unwrap();
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn no_amount_count_or_date_becomes_an_id() {
    let text = draft(&case("b28-key-by-amount.csv"), ObjectType::Account);
    assert!(line(&text, "objectId").contains("todo"), "{text}");
    for text in [
        "Company,Probability,Won\nA,10,true\nB,20,false\n",
        "Company,Founded,Score\nA,1999,7\nB,2001,8\n",
        "Company,Created\nA,2026-01-02\nB,2026-01-03\n",
    ] {
        let text = draft_text(text.as_bytes(), ObjectType::Account);
        assert!(line(&text, "objectId").contains("todo"), "{text}");
    }
    let text = draft_text(
        b"Company,Ref\nA,3F2504E0-4F89-11D3-9A0C-0305E82C3301\nB,3F2504E0-4F89-11D3-9A0C-0305E82C3302\n",
        ObjectType::Account,
    );
    assert_eq!(line(&text, "objectId"), "objectId = \"Ref\"");
}

#[test]
fn words_for_won_and_lost_are_known_and_others_are_asked_about() {
    let text = draft_text(
        "Deal ID,Deal Stage\n1,Deal won\n2,Won - Onboarding\n3,Contract signed\n4,Closed Lost\n5,Negotiation\n6,Parked\n".as_bytes(),
        ObjectType::Deal,
    );
    for (word, meaning) in [
        ("Deal won", "WON"),
        ("Won - Onboarding", "WON"),
        ("Contract signed", "WON"),
        ("Closed Lost", "LOST"),
        ("Negotiation", "OPEN"),
        ("Parked", "?"),
    ] {
        assert!(
            has(&text, &format!("status.values.\"{word}\" = \"{meaning}\"")),
            "{word}\n{text}"
        );
    }
}

#[test]
fn the_date_order_fits_all_rows_and_is_asked_for_where_both_fit() {
    let text = draft(&case("b01b-mostly-ambiguous-dmy.csv"), ObjectType::Deal);
    assert_eq!(line(&text, "dates"), "dates = \"%d/%m/%Y\"");
    // One contradiction far behind decides for all columns.
    let mut csv = "Deal ID,Close Date,Start\n".to_owned();
    for row in 0..3000 {
        csv += &format!("{row},0{}/02/2026,03/04/2026\n", row % 9 + 1);
    }
    csv += "x,12/25/2026,03/04/2026\n";
    let text = draft_text(csv.as_bytes(), ObjectType::Deal);
    assert_eq!(line(&text, "dates"), "dates = \"%m/%d/%Y\"");
    let text = draft_text(
        b"Deal ID,Close Date\n1,03/04/2026\n2,05/06/2026\n",
        ObjectType::Deal,
    );
    assert!(
        !has(&text, "dates = \"%") && has(&text, "day or the month"),
        "{text}"
    );
}

#[test]
fn codes_stay_texts_wherever_the_first_zero_is() {
    let text = draft(&case("b09b-zip-no-zero-in-sample.csv"), ObjectType::Account);
    assert!(line(&text, "postal").contains("STRING"), "{text}");
    let text = draft_text(
        b"Account ID,Tax\n1,12345\n2,54321\n3,99999\n",
        ObjectType::Account,
    );
    assert!(line(&text, "tax").contains("STRING"), "{text}");
    let text = draft_text(b"Account ID,Staff\n1,12\n2,543\n3,9\n", ObjectType::Account);
    assert!(line(&text, "staff").contains("NUMBER"), "{text}");
}

#[test]
fn sep_lines_titles_and_footers_are_recognized() {
    let deals = converted(&case("b02-sep-line.csv"), ObjectType::Deal);
    assert_eq!(deals[0]["amount"].to_string(), "1234.56");
    assert_eq!(deals[0]["closeDate"], "2026-12-31");
    let text = draft(&case("b05-title-rows.csv"), ObjectType::Deal);
    assert_eq!(line(&text, "objectId"), "objectId = \"Deal ID\"");
    assert_eq!(
        converted(&case("b05-title-rows.csv"), ObjectType::Deal).len(),
        2
    );
    assert_eq!(
        converted(&case("salesforce-report-opps.csv"), ObjectType::Deal).len(),
        2
    );
}

#[test]
fn file_that_is_not_a_table_is_rejected_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    for (path, expected) in [
        (case("b29b-xlsx-named.csv"), "Excel workbook"),
        (case("b30-html.csv"), "web page"),
        (write("accounts.csv", b""), "empty"),
        (
            write("deals.csv", b"\xd0\xcf\x11\xe0\xa1\xb1"),
            "old Excel workbook",
        ),
        (write("x.csv", b"%PDF-1.7"), "PDF"),
        (write("y.csv", b"<?xml version='1.0'?>"), "XML"),
    ] {
        let options = DraftOptions {
            object_type: Some(ObjectType::Deal),
            ..DraftOptions::default()
        };
        let error = Mapping::draft_file(&path, &options).unwrap_err();
        assert!(error.message.contains(expected), "{path:?}: {error}");
        assert!(!error.hint.is_empty());
    }
}

#[test]
fn numbers_of_any_sign_and_currency_are_read() {
    let deals = converted_but(&case("b24e-neg-paren.csv"), ObjectType::Deal, "1.2M");
    let amounts: Vec<String> = deals
        .iter()
        .map(|deal| deal["amount"].to_string())
        .collect();
    assert_eq!(amounts[..3], ["-1234.0", "-99.0", "-5.0"]);
    let text = draft(&case("b24-currencies.csv"), ObjectType::Deal);
    assert!(line(&text, "currency").contains("US$"), "{text}");
    for (cell, decimal, expected) in [
        ("R$ 1.234,56", ',', "1234.56"),
        ("₹1,234.50", '.', "1234.5"),
        ("1 234,50 kr", ',', "1234.5"),
        ("CHF 1'234.50", '.', "1234.5"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deals.csv");
        fs::write(&path, format!("Deal ID;Amount\n1;{cell}\n2;{cell}\n")).unwrap();
        let text = draft(&path, ObjectType::Deal);
        let deals = converted(&path, ObjectType::Deal);
        assert_eq!(
            deals[0]["amount"].to_string(),
            expected,
            "{cell} {decimal}\n{text}"
        );
    }
}

#[test]
fn day_counts_epochs_and_foreign_months_are_dates() {
    let deals = converted(&case("b11-excel-serial.csv"), ObjectType::Deal);
    assert_eq!(deals[0]["closeDate"], "2025-12-31");
    assert_eq!(deals[0]["modifiedDate"], "2026-01-15T09:30:00+00:00");
    let deals = converted(&case("b12-epoch-ms.csv"), ObjectType::Deal);
    assert_eq!(deals[0]["closeDate"], "2026-12-31");
    assert_eq!(deals[0]["modifiedDate"], "2026-01-15T09:30:00+00:00");
    let deals = converted(&case("b23b-french-months.csv"), ObjectType::Deal);
    assert_eq!(deals[0]["closeDate"], "2026-06-30");
    assert_eq!(deals[1]["modifiedDate"], "2025-12-01T21:30:00+00:00");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deals.csv");
    fs::write(
        &path,
        "ID;Fecha de cierre\n1;2 de enero de 2026\n2;15 de diciembre de 2026\n",
    )
    .unwrap();
    assert_eq!(
        converted(&path, ObjectType::Deal)[1]["closeDate"],
        "2026-12-15"
    );
}

#[test]
fn update_columns_of_crms_are_preferred_over_now() {
    for header in [
        "Last Modified Date",
        "Deal - Update time",
        "Modified Time",
        "Letzte Änderung",
        "Zuletzt geändert",
        "Aktualisiert am",
        "Modifié le",
        "Dernière modification",
        "Fecha de modificación",
        "Última modificação",
        "Atualizado em",
        "Ultima modifica",
        "Laatst gewijzigd",
        "write_date",
        "updated_at",
        "SystemModstamp",
        "(Do Not Modify) Modified On",
    ] {
        let csv = format!("Deal ID,{header}\n1,2026-01-15 09:30:00\n");
        let text = draft_text(csv.as_bytes(), ObjectType::Deal);
        assert_eq!(
            line(&text, "modifiedDate"),
            format!("modifiedDate = \"{header}\""),
            "{text}"
        );
    }
}

#[test]
fn titles_names_and_countries_keep_their_words() {
    let contacts = converted(&case("b45-titel-position.csv"), ObjectType::Contact);
    assert_eq!(contacts[0]["title"], "Einkauf");
    let accounts = converted(&case("b08-na-namibia.csv"), ObjectType::Account);
    assert_eq!(accounts[0]["name"], "None");
    assert_eq!(accounts[0]["country"], "NA");
    assert_eq!(accounts[1]["name"], "Null");
    let spaced = converted(&case("b17-space-quote.csv"), ObjectType::Account);
    assert_eq!(spaced[0]["name"], "A, Inc.");
    let apostrophes = converted(&case("b14-apostrophe.csv"), ObjectType::Contact);
    assert_eq!(apostrophes[0]["objectId"], "0001");
}

#[test]
fn encodings_are_recognized_or_confirmed() {
    let wide = converted(&case("b06-utf16le-nobom.csv"), ObjectType::Deal);
    assert_eq!(wide[0]["name"], "Müller");
    let text = draft(&case("b27c-cp1250.csv"), ObjectType::Account);
    assert!(
        has(&text, "The file is not UTF-8. As windows-125"),
        "{text}"
    );
    let (japanese, _, _) =
        encoding_rs::SHIFT_JIS.encode("Account ID,Account Name\n1,株式会社山田商事\n2,東京電力\n");
    let text = draft_text(&japanese, ObjectType::Account);
    assert!(
        has(&text, "encoding = \"shift_jis\"") && has(&text, "株式会社"),
        "{text}"
    );
}

#[test]
fn many_owners_become_a_file_to_look_up() {
    let options = DraftOptions {
        object_type: Some(ObjectType::Deal),
        ..DraftOptions::default()
    };
    let draft = Mapping::draft(&[case("b42-26-owners.csv")], &options).unwrap();
    let users = draft
        .files
        .iter()
        .find(|file| file.path.ends_with("mappings/users.csv"))
        .unwrap();
    assert_eq!(users.text.lines().count(), 27);
    assert!(users.text.contains("rep-a,Rep A,\n"), "{}", users.text);
    let deals = draft
        .files
        .iter()
        .find(|file| file.text.contains("[DEAL]"))
        .unwrap();
    assert_eq!(
        line(&deals.text, "ownerId"),
        "ownerId = { from = \"Deal Owner\", lookup = { in = \"users.csv\", key = \"Name\", value = \"Id\" } }"
    );
}

#[test]
fn domains_are_drafted_from_links() {
    for (text, expected) in [
        (
            draft(&case("b50-domain-urls.csv"), ObjectType::Account),
            "domains = { from = \"Website\", domain = true }",
        ),
        (
            draft(&case("hubspot-companies.csv"), ObjectType::Account),
            "domains = { from = [\"Company Domain Name\", \"Additional Domains\"], join = \",\", domain = true }",
        ),
    ] {
        assert_eq!(line(&text, "domains"), expected, "{text}");
    }
}

proptest::proptest! {
    // Each case makes several drafts.
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]

    #[test]
    fn every_draft_is_a_mapping(bytes: Vec<u8>, text in "[\"a-zA-Z0-9;,.:/\\n\\r €ä%-]{0,120}", wide: String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("export.csv");
        for object_type in [ObjectType::Deal, ObjectType::Contact, ObjectType::Stage] {
            for csv in [bytes.as_slice(), text.as_bytes(), wide.as_bytes()] {
                fs::write(&path, csv).unwrap();
                let options = DraftOptions {
                    object_type: Some(object_type),
                    ..DraftOptions::default()
                };
                if let Ok(draft) = Mapping::draft_file(&path, &options) {
                    let mapping = Mapping::from_toml(&draft);
                    proptest::prop_assert!(mapping.is_ok(), "{:?}\n{}", mapping.map(drop), draft);
                }
            }
        }
    }
}
