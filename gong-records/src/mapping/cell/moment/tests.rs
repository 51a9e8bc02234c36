//! Dates and times of every form, and what is not one.

use super::written::of_letters;
use super::*;

fn german() -> DateTimeFormats {
    let dates = ["%d.%m.%Y", "%d.%m.%y"].into();
    let date_times = ["%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M"].into();
    DateTimeFormats::new(
        &dates,
        &date_times,
        zone(Some("Europe/Berlin")).unwrap(),
        None,
    )
    .unwrap()
}

#[test]
fn dates_are_read_in_the_order_of_their_formats() {
    for (cell, date) in [
        ("31.12.2025", "2025-12-31"),
        ("1.2.2026", "2026-02-01"),
        ("01.02.26", "2026-02-01"),
        ("2025-12-31", "2025-12-31"),
        ("31.12.2025 23:30", "2025-12-31"),
        ("2025-12-31T23:30:00-11:00", "2025-12-31"),
    ] {
        assert_eq!(german().date(cell).as_deref(), Ok(date), "{cell}");
    }
    for cell in [
        "32.12.2025",
        "29.02.2025",
        "12/31/2025",
        "20251231",
        "heute",
        "2025-13-01",
    ] {
        assert!(german().date(cell).is_err(), "{cell}");
    }
}

#[test]
fn date_times_get_the_offset_of_their_day_and_lose_their_fraction() {
    for (cell, moment) in [
        ("31.12.2025 09:30", "2025-12-31T09:30:00+01:00"),
        ("30.06.2025 09:30:15", "2025-06-30T09:30:15+02:00"),
        ("31.12.2025", "2025-12-31T00:00:00+01:00"),
        ("2025-06-30", "2025-06-30T00:00:00+02:00"),
        ("2025-06-30 09:30", "2025-06-30T09:30:00+02:00"),
        ("2025-06-30T09:30:00.123Z", "2025-06-30T09:30:00+00:00"),
        ("2026-03-01T09:30:00.000+0000", "2026-03-01T09:30:00+00:00"),
        ("2026-03-01T09:30:00Z", "2026-03-01T09:30:00Z"),
        ("2026-03-01T09:30:00-05:30", "2026-03-01T09:30:00-05:30"),
        // Clocks are put forward at 2 and back at 3.
        ("30.03.2025 02:30", "2025-03-30T03:30:00+02:00"),
        ("26.10.2025 02:30", "2025-10-26T02:30:00+02:00"),
    ] {
        assert_eq!(german().date_time(cell).as_deref(), Ok(moment), "{cell}");
    }
    assert!(german().date_time("31.12.2025 25:00").is_err());
}

#[test]
fn seconds_since_1970_are_a_format_like_others() {
    let moments = DateTimeFormats::new(&Words::default(), &["%s"].into(), None, None).unwrap();
    assert_eq!(
        moments.date_time("1767171600").as_deref(),
        Ok("2025-12-31T09:00:00+00:00")
    );
}

#[test]
fn nobody_guesses_a_zone() {
    let moments =
        DateTimeFormats::new(&["%d.%m.%Y"].into(), &Words::default(), None, None).unwrap();
    assert_eq!(
        moments.date_time("31.12.2025").unwrap_err().message,
        "it has no zone"
    );
    assert!(moments.date_time("2025-12-31T00:00:00Z").is_ok());
    assert!(zone(Some("Europe/Berln")).is_err());
    assert!(zone(Some("+05:30")).unwrap().is_some());
}

fn written(formats: &str, language: &str) -> DateTimeFormats {
    let words = Words::from(formats);
    let utc = zone(Some("UTC")).unwrap();
    DateTimeFormats::new(&words, &words, utc, Some(language)).unwrap()
}

#[test]
fn months_are_read_in_their_language_and_in_english() {
    for (language, format, cell, expected) in [
        ("fr", "%d %b %Y", "30 juin 2026", "2026-06-30"),
        ("fr", "%d %b %Y", "1 déc. 2026", "2026-12-01"),
        ("fr", "%d %B %Y", "15 janv. 2026", "2026-01-15"),
        ("de", "%d. %B %Y", "3. März 2026", "2026-03-03"),
        ("es", "%d de %B de %Y", "2 de enero de 2026", "2026-01-02"),
        (
            "pt",
            "%d de %B de %Y",
            "2 de fevereiro de 2026",
            "2026-02-02",
        ),
        ("it", "%d %b %Y", "9 mag 2026", "2026-05-09"),
        ("nl", "%d %B %Y", "9 maart 2026", "2026-03-09"),
        ("fr", "%b %d, %Y", "Dec 31, 2026", "2026-12-31"),
    ] {
        assert_eq!(
            written(format, language).date(cell).as_deref(),
            Ok(expected),
            "{cell}"
        );
    }
    assert!(written("%d %b %Y", "fr").date("1 foo 2026").is_err());
    assert!(DateTimeFormats::new(&"%d %b %Y".into(), &"x%d".into(), None, Some("xx")).is_err());
}

#[test]
fn counts_of_seconds_and_days_are_dates() {
    for (format, cell, date, moment) in [
        (
            "epoch",
            "1767171600",
            "2025-12-31",
            "2025-12-31T09:00:00+00:00",
        ),
        (
            "epoch-ms",
            "1768469400123",
            "2026-01-15",
            "2026-01-15T09:30:00+00:00",
        ),
        ("excel", "46022", "2025-12-31", "2025-12-31T00:00:00+00:00"),
        (
            "excel",
            "46037.395833",
            "2026-01-15",
            "2026-01-15T09:30:00+00:00",
        ),
    ] {
        let moments = written(format, "en");
        assert_eq!(moments.date(cell).as_deref(), Ok(date), "{cell}");
        assert_eq!(moments.date_time(cell).as_deref(), Ok(moment), "{cell}");
    }
    assert!(written("excel", "en").date("5").is_err());
}

#[test]
fn formats_of_other_programs_are_named_in_ours() {
    for (format, meant) in [
        ("dd.MM.yyyy", Some("%d.%m.%Y")),
        ("MM/dd/yyyy HH:mm", Some("%m/%d/%Y %H:%M")),
        ("TT.MM.JJJJ", Some("%d.%m.%Y")),
        ("gestern", None),
    ] {
        assert_eq!(of_letters(format).as_deref(), meant, "{format}");
        assert!(Written::new(format).is_err(), "{format}");
    }
    assert!(Written::new("%d.%m.%Y").is_ok() && Written::new("%K").is_err());
}

#[test]
fn counts_that_are_not_seconds_are_no_dates() {
    for (format, cell) in [
        ("epoch-ms", "1.76847E+12"),
        ("epoch-ms", "1768469400"),
        ("epoch", "1.76847E+09"),
        ("epoch", "1768469400000"),
        ("epoch", "1.5"),
        ("epoch", "12"),
    ] {
        assert!(
            written(format, "en").date_time(cell).is_err(),
            "{format} {cell}"
        );
    }
    assert_eq!(
        written("epoch", "en")
            .date_time("1768469400.123")
            .as_deref(),
        Ok("2026-01-15T09:30:00+00:00")
    );
}

#[test]
fn zones_and_noons_are_read_as_other_programs_write_them() {
    let moments = written("%m/%d/%Y, %I:%M %p", "en");
    for (cell, expected) in [
        ("2026-01-05 17:45:00 UTC", "2026-01-05T17:45:00+00:00"),
        ("2026-01-05 17:45:00 +0100", "2026-01-05T17:45:00+01:00"),
        (
            "2026-01-05 17:45:00.123 -05:30",
            "2026-01-05T17:45:00-05:30",
        ),
        ("20260105T174500Z", "2026-01-05T17:45:00+00:00"),
        ("Mon, 05 Jan 2026 17:45:00 GMT", "2026-01-05T17:45:00+00:00"),
        (
            "Mon, 05 Jan 2026 17:45:00 +0100",
            "2026-01-05T17:45:00+01:00",
        ),
        ("1/5/2026, 9:45 a.m.", "2026-01-05T09:45:00+00:00"),
        ("1/5/2026, 9:45 p. m.", "2026-01-05T21:45:00+00:00"),
        ("1/5/2026, 9:45\u{202f}PM", "2026-01-05T21:45:00+00:00"),
    ] {
        assert_eq!(moments.date_time(cell).as_deref(), Ok(expected), "{cell}");
    }
    for cell in [
        "2026-01-05 17:45:00 XYZ",
        "20260105174500",
        "Monday 17:45 at noon",
    ] {
        assert!(moments.date_time(cell).is_err(), "{cell}");
    }
}
