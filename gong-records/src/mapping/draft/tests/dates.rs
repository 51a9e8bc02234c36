//! How a file writes its dates.

use super::{converted, draft_text, has, line};
use crate::ObjectType;

/// What a draft makes of `modifiedDate`, with UTC for times without a zone.
fn modified(cell: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deals.csv");
    let csv = format!("Deal ID;Last modified\n1;{cell}\n2;{cell}\n");
    std::fs::write(&path, csv).unwrap();
    let deals = converted(&path, ObjectType::Deal);
    deals[0]["modifiedDate"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn times_are_read_as_programs_and_countries_write_them() {
    for (cell, expected) in [
        ("25-1-2026 17:45", "2026-01-25T17:45:00+00:00"),
        ("25-1-2026 9:05", "2026-01-25T09:05:00+00:00"),
        ("25.1.2026 17:45", "2026-01-25T17:45:00+00:00"),
        ("2026-01-25 17:45:00 UTC", "2026-01-25T17:45:00+00:00"),
        ("2026-01-25 17:45:00 +0100", "2026-01-25T17:45:00+01:00"),
        ("20260125T174500Z", "2026-01-25T17:45:00+00:00"),
        ("20260125", "2026-01-25T00:00:00+00:00"),
        ("Sun, 25 Jan 2026 17:45:00 GMT", "2026-01-25T17:45:00+00:00"),
        ("1/25/2026, 9:45 a.m.", "2026-01-25T09:45:00+00:00"),
        ("1/25/2026, 9:45 p. m.", "2026-01-25T21:45:00+00:00"),
        ("1/25/2026, 9:45\u{202f}PM", "2026-01-25T21:45:00+00:00"),
        ("25/01/2026 17h45", "2026-01-25T17:45:00+00:00"),
        ("2026-01-25 5:45 PM", "2026-01-25T17:45:00+00:00"),
        ("31-12-25", "2025-12-31T00:00:00+00:00"),
        ("1769363100.123", "2026-01-25T17:45:00+00:00"),
        ("1769363100000000", "2026-01-25T17:45:00+00:00"),
        ("1769363100000000000", "2026-01-25T17:45:00+00:00"),
        ("20260125174500", "2026-01-25T17:45:00+00:00"),
        ("2026-01-25 17:45:00 GMT+1", "2026-01-25T17:45:00+01:00"),
        ("2026-01-25 17:45:00 UTC-03:30", "2026-01-25T17:45:00-03:30"),
        ("25/01/2026 17:45 UTC", "2026-01-25T17:45:00+00:00"),
        ("25/01/2026 17.45", "2026-01-25T17:45:00+00:00"),
        ("25.01.2026 17:45 Uhr", "2026-01-25T17:45:00+00:00"),
        (
            "Sunday, January 25, 2026 5:45 PM",
            "2026-01-25T17:45:00+00:00",
        ),
        ("So., 25. Jan. 2026, 17:45 Uhr", "2026-01-25T17:45:00+00:00"),
        ("January 25th, 2026 5:45 PM", "2026-01-25T17:45:00+00:00"),
        ("Sun Jan 25 17:45:00 UTC 2026", "2026-01-25T17:45:00+00:00"),
        (
            "Sun Jan 25 2026 17:45:00 GMT+0100 (Central European Standard Time)",
            "2026-01-25T17:45:00+01:00",
        ),
        ("/Date(1769363100000+0100)/", "2026-01-25T17:45:00+00:00"),
        ("2026年1月25日 17:45", "2026-01-25T17:45:00+00:00"),
    ] {
        assert_eq!(modified(cell), expected, "{cell}");
    }
}

#[test]
fn every_date_is_read_with_every_time_and_any_number_of_digits() {
    let times = ["17:45", "9:05", "17:45:30", "9:45 AM", "17h45"];
    for date in [
        "25.1.2026",
        "25.01.2026",
        "25/1/2026",
        "25/01/2026",
        "25-1-2026",
        "25-01-2026",
        "1/25/2026",
        "2026/01/25",
        "25 Jan 2026",
        "Jan 25, 2026",
        "2026.01.25",
    ] {
        for time in times {
            let cell = format!("{date} {time}");
            assert!(modified(&cell).starts_with("2026-01-25T"), "{cell}");
        }
    }
}

#[test]
fn zero_dates_are_empty_and_numbers_are_no_dates() {
    let text = draft_text(
        b"Deal ID,Last modified\n1,2026-01-05 17:45:00\n2,2026-01-05 17:45:00\n3,0000-00-00 00:00:00\n",
        ObjectType::Deal,
    );
    assert_eq!(line(&text, "empty"), "empty = \"0000-00-00 00:00:00\"");
    let text = draft_text(
        b"Deal ID,Contract\n1,20260105\n2,20260106\n",
        ObjectType::Deal,
    );
    assert!(line(&text, "contract").contains("STRING"), "{text}");
}

#[test]
fn question_about_day_and_month_names_formats_that_fit() {
    let text = draft_text(
        b"Deal ID,Close Date,Last modified\n1,01-05-2026,02-03-2026 10:00\n2,02-05-2026,03-03-2026 11:00\n",
        ObjectType::Deal,
    );
    assert!(
        has(
            &text,
            "Write dates = \\\"%d-%m-%Y\\\" or dates = \\\"%m-%d-%Y\\\", and date-times = \\\"%d-%m-%Y %H:%M\\\" or \
             date-times = \\\"%m-%d-%Y %H:%M\\\"."
        ),
        "{text}"
    );
}

#[test]
fn language_of_months_is_that_of_the_headers_or_a_question() {
    let text = draft_text(
        "ID de l'affaire;Date de clôture\n1;5 mai 2026\n2;25 mai 2026\n".as_bytes(),
        ObjectType::Deal,
    );
    assert_eq!(line(&text, "language"), "language = \"fr\"");
    assert!(!has(&text, "languages"), "{text}");
    let text = draft_text(
        "ID do negócio;Data de fechamento\n1;5 mai 2026\n2;25 mai 2026\n".as_bytes(),
        ObjectType::Deal,
    );
    assert_eq!(line(&text, "language"), "language = \"pt\"");
    let text = draft_text(
        b"Id;Close Date\n1;5 mai 2026\n2;25 mai 2026\n",
        ObjectType::Deal,
    );
    assert!(has(&text, "fit the languages de, fr, pt"), "{text}");
}

#[test]
fn unknown_forms_of_named_columns_are_questions() {
    for (header, cell, field) in [
        ("Modified Date", "2026-01-14 10:00:00 CET", "modifiedDate"),
        ("Created Date", "Anna Jan 15, 2026 9:30 AM", "createdDate"),
        ("Close Date", "Q1 2026", "closeDate"),
        ("Amount", "1,5 Mio. €", "amount"),
        ("Amount", "500.00 CR", "amount"),
    ] {
        let csv = format!("Deal ID;{header}\n1;{cell}\n2;{cell}\n");
        let draft = draft_text(csv.as_bytes(), ObjectType::Deal);
        let question =
            format!("The column \\\"{header}\\\" is called like {field}, and its cells, such as");
        assert!(has(&draft, &question), "{draft}");
        assert!(has(&draft, cell), "{draft}");
    }
}
