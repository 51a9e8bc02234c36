//! Dates and date-times as people write them: `31.12.2025`, `31.12.2025 09:30`, `15 janv. 2026`.

use std::sync::Arc;

use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::strtime;
use jiff::fmt::temporal::Pieces;
use jiff::tz::TimeZone;

use super::Wrong;
use crate::mapping::languages::{MonthNames, languages};
use crate::mapping::model::{MappingError, Words};
use crate::value::{Timestamp, timestamp};

mod fixed;

use fixed::{Fit, FixedFormat, FixedMoment, Offsets};

/// How dates and date-times are written.
#[derive(Debug)]
pub(in crate::mapping) struct Moments {
    dates: Vec<Written>,
    date_times: Vec<Written>,
    zone: Option<TimeZone>,
    /// The months by name, where a format has one.
    months: Option<Arc<MonthNames>>,
    /// The forms of ISO 8601 that most programs write.
    iso: Vec<FixedFormat>,
    offsets: Offsets,
}

/// Forms of ISO 8601 without an offset.
const ISO: [&str; 5] = [
    "%Y-%m-%d",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M",
];

fn iso_formats() -> Vec<FixedFormat> {
    ISO.into_iter().filter_map(FixedFormat::new).collect()
}

/// One way to write a date or a date-time.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Written {
    /// A format of strptime; with `%m` in place of the month's name.
    Format {
        format: String,
        has_name: bool,
        source: String,
        /// The same, if all its numbers have a fixed width.
        fixed: Option<FixedFormat>,
    },
    /// Seconds since 1970.
    Epoch,
    /// Milliseconds since 1970.
    EpochMilliseconds,
    /// Days since 1899-12-30, as spreadsheets count.
    Excel,
}

impl Written {
    fn new(format: &str) -> Result<Self, MappingError> {
        match format {
            "epoch" => return Ok(Self::Epoch),
            "epoch-ms" => return Ok(Self::EpochMilliseconds),
            "excel" => return Ok(Self::Excel),
            _ => {}
        }
        if !format.contains('%') {
            let meant = of_letters(format);
            let advice = match meant {
                Some(meant) => format!("write it as {meant:?}"),
                None => "write it like \"%d.%m.%Y\"".to_owned(),
            };
            return Err(MappingError::new(format!(
                "{format:?} is not a format of dates; {advice}"
            )));
        }
        // A format that can't print a moment can't read one.
        let moment = jiff::Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
        if let Err(error) = strtime::format(format, &moment) {
            return Err(MappingError::new(format!(
                "{format:?} is not a format of dates: {error}"
            )));
        }
        let has_name = ["%b", "%B", "%h"].iter().any(|name| format.contains(name));
        let mut numeric = format.to_owned();
        for name in ["%b", "%B", "%h"] {
            numeric = numeric.replace(name, "%m");
        }
        let fixed = FixedFormat::new(format);
        Ok(Self::Format {
            fixed,
            format: numeric,
            has_name,
            source: format.to_owned(),
        })
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Format { source, .. } => source,
            Self::Epoch => "epoch",
            Self::EpochMilliseconds => "epoch-ms",
            Self::Excel => "excel",
        }
    }
}

/// The format that is meant by letters as Java and spreadsheets use them: `dd.MM.yyyy`.
fn of_letters(format: &str) -> Option<String> {
    let mut meant = String::new();
    let mut rest = format;
    let tokens = [
        ("yyyy", "%Y"),
        ("YYYY", "%Y"),
        ("yy", "%y"),
        ("YY", "%y"),
        ("MMMM", "%B"),
        ("MMM", "%b"),
        ("MM", "%m"),
        ("M", "%m"),
        ("dd", "%d"),
        ("DD", "%d"),
        ("d", "%d"),
        ("D", "%d"),
        ("TT", "%d"),
        ("JJJJ", "%Y"),
        ("HH", "%H"),
        ("H", "%H"),
        ("hh", "%I"),
        ("h", "%I"),
        ("mm", "%M"),
        ("ss", "%S"),
        ("a", "%p"),
    ];
    let mut has_any = false;
    while !rest.is_empty() {
        if let Some((token, letters)) = tokens.iter().find(|(token, _)| rest.starts_with(token)) {
            meant.push_str(letters);
            has_any = true;
            rest = &rest[token.len()..];
            continue;
        }
        let mut characters = rest.chars();
        let next = characters.next().filter(|next| !next.is_alphanumeric())?;
        meant.push(next);
        rest = characters.as_str();
    }
    has_any.then_some(meant)
}

/// The zone of this name, or with this distance from UTC.
pub(in crate::mapping) fn zone(name: Option<&str>) -> Result<Option<TimeZone>, MappingError> {
    let Some(name) = name else {
        return Ok(None);
    };
    let offset = strtime::parse("%:z", name)
        .ok()
        .and_then(|parsed| parsed.offset());
    if let Some(offset) = offset {
        return Ok(Some(TimeZone::fixed(offset)));
    }
    TimeZone::get(name).map(Some).map_err(|_| {
        MappingError::new(format!(
            "there is no zone {name:?}; write it like \"Europe/Berlin\", \"UTC\" or \"+01:00\""
        ))
    })
}

/// What was read from a cell.
struct Read {
    date: Date,
    time: Option<Time>,
    /// With zone or offset.
    zoned: Option<jiff::Zoned>,
    /// Whether it names a moment and no day.
    is_instant: bool,
}

impl Moments {
    /// By these formats, beside ISO 8601.
    pub(in crate::mapping) fn new(
        dates: &Words,
        date_times: &Words,
        zone: Option<TimeZone>,
        language: Option<&str>,
    ) -> Result<Self, MappingError> {
        let formats = |words: &Words, key: &str| {
            let written = words.iter().map(Written::new);
            written
                .collect::<Result<Vec<_>, _>>()
                .map_err(|error| error.within(key))
        };
        let dates = formats(dates, "dates")?;
        let date_times = formats(date_times, "date-times")?;
        let mut all = dates.iter().chain(&date_times);
        let has_names =
            all.any(|written| matches!(written, Written::Format { has_name: true, .. }));
        let names = languages().months(language)?;
        Ok(Self {
            dates,
            date_times,
            zone,
            months: has_names.then_some(names),
            iso: iso_formats(),
            offsets: Offsets::default(),
        })
    }

    /// ISO 8601 alone.
    pub(in crate::mapping) fn iso(zone: Option<TimeZone>) -> Self {
        Self {
            dates: Vec::new(),
            date_times: Vec::new(),
            zone,
            months: None,
            iso: iso_formats(),
            offsets: Offsets::default(),
        }
    }

    pub(in crate::mapping) fn zone(&self) -> Option<&TimeZone> {
        self.zone.as_ref()
    }

    /// Appends the day as JSON, if it is written in a common way; the others take [`date`](Self::date).
    pub(in crate::mapping) fn append_date(&self, cell: &str, line: &mut Vec<u8>) -> bool {
        let moment = self.fixed(cell, &self.dates, &self.date_times);
        if let Some(moment) = moment {
            moment.append_date(line);
        }
        moment.is_some()
    }

    /// Appends the date-time as JSON, if it is written in a common way on a day on which clocks are not
    /// changed; the others take [`date_time`](Self::date_time).
    pub(in crate::mapping) fn append_date_time(&self, cell: &str, line: &mut Vec<u8>) -> bool {
        let moment = self.fixed(cell, &self.date_times, &self.dates);
        let offset = moment
            .zip(self.zone.as_ref())
            .and_then(|(moment, zone)| self.offsets.of(moment, zone));
        if let (Some(moment), Some(offset)) = (moment, offset) {
            moment.append(offset, line);
            return true;
        }
        false
    }

    /// Reads a cell in which all numbers have their full width. It is what the general parser reads,
    /// in the order of the formats, or nothing.
    fn fixed(&self, cell: &str, named: &[Written], others: &[Written]) -> Option<FixedMoment> {
        if cell.as_bytes().get(4) == Some(&b'-') {
            return self.iso.iter().find_map(|format| match format.read(cell) {
                Fit::Read(moment) => Some(moment),
                Fit::Not | Fit::Perhaps => None,
            });
        }
        for written in named.iter().chain(others) {
            let Written::Format {
                fixed: Some(fixed), ..
            } = written
            else {
                return None;
            };
            match fixed.read(cell) {
                Fit::Read(moment) => return Some(moment),
                Fit::Not => {}
                Fit::Perhaps => return None,
            }
        }
        None
    }

    /// The day, `2025-12-31`; of a date-time the day that is written there.
    pub(in crate::mapping) fn date(&self, cell: &str) -> Result<String, Wrong> {
        let read = self.read(cell, &self.dates, &self.date_times, "date")?;
        // An instant is on the day that it has in the mapping's zone.
        let day = match (&read.zoned, &self.zone) {
            (Some(zoned), Some(zone)) if read.is_instant => {
                zoned.with_time_zone(zone.clone()).date()
            }
            _ => read.date,
        };
        Ok(day.to_string())
    }

    /// The date-time with its offset and without fraction; of a date its first moment.
    pub(in crate::mapping) fn date_time(&self, cell: &str) -> Result<String, Wrong> {
        if timestamp::check(cell).is_ok() {
            return Ok(cell.to_owned());
        }
        let read = self.read(cell, &self.date_times, &self.dates, "date-time")?;
        let zoned = match (read.zoned, &self.zone) {
            (Some(zoned), _) => zoned,
            (None, Some(zone)) => {
                let civil = DateTime::from_parts(read.date, read.time.unwrap_or_default());
                // Where clocks are put back, the earlier of the two; where put forward, the later.
                zone.to_zoned(civil)
                    .map_err(|_| Wrong::new("it is out of range", "correct the cell"))?
            }
            (None, None) => {
                return Err(Wrong::new(
                    "it has no zone",
                    "set zone in the mapping, such as zone = \"Europe/Berlin\"",
                ));
            }
        };
        Ok(Timestamp::from_zoned(&zoned)?.to_string())
    }

    fn read(
        &self,
        cell: &str,
        named: &[Written],
        others: &[Written],
        what: &str,
    ) -> Result<Read, Wrong> {
        let months = self.months.as_deref();
        let numeric = months.and_then(|months| months.to_numbers(cell));
        iso(cell)
            .or_else(|| {
                named
                    .iter()
                    .chain(others)
                    .find_map(|written| match written {
                        Written::Format {
                            format, has_name, ..
                        } => {
                            let cell = if *has_name { numeric.as_deref()? } else { cell };
                            by_format(format, cell)
                        }
                        Written::Epoch => epoch(cell, 1),
                        Written::EpochMilliseconds => epoch(cell, 1000),
                        Written::Excel => excel(cell),
                    })
            })
            .ok_or_else(|| {
                let known = match named.first() {
                    Some(format) => format!(" written as {} or as ISO 8601", format.as_str()),
                    None => " written as ISO 8601".to_owned(),
                };
                let (article, key) = if what == "date" {
                    ("a date", "dates")
                } else {
                    ("a date-time", "date-times")
                };
                Wrong::new(
                    format!("it is not {article}{known}"),
                    format!("correct the cell, or set {key} in the mapping, such as \"%d.%m.%Y\""),
                )
            })
    }
}

/// Seconds since 1970, or fractions of them.
fn epoch(cell: &str, per_second: i64) -> Option<Read> {
    let whole = cell.split_once('.').map_or(cell, |(whole, _)| whole);
    let count: i64 = whole.parse().ok()?;
    let instant = jiff::Timestamp::from_second(count.div_euclid(per_second)).ok()?;
    let zoned = instant.to_zoned(TimeZone::UTC);
    Some(Read {
        date: zoned.date(),
        time: Some(zoned.time()),
        zoned: Some(zoned),
        is_instant: true,
    })
}

/// Days since 1899-12-30, and the time as the fraction of a day.
fn excel(cell: &str) -> Option<Read> {
    let (whole, fraction) = match cell.replace(',', ".") {
        cell if cell.contains('.') => {
            let (whole, fraction) = cell.split_once('.')?;
            (
                whole.parse::<i64>().ok()?,
                format!("0.{fraction}").parse::<f64>().ok()?,
            )
        }
        cell => (cell.parse::<i64>().ok()?, 0.0),
    };
    // From 1901 to the year 9999.
    if !(366..2_958_466).contains(&whole) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "less than the seconds of a day"
    )]
    let seconds = (fraction * 86_400.0).round() as i64;
    let begin = Date::constant(1899, 12, 30).to_datetime(Time::midnight());
    let moment = begin
        .checked_add(jiff::Span::new().days(whole).seconds(seconds))
        .ok()?;
    Some(Read {
        date: moment.date(),
        time: cell.contains(['.', ',']).then(|| moment.time()),
        zoned: None,
        is_instant: false,
    })
}

fn iso(cell: &str) -> Option<Read> {
    // Shorter forms of ISO 8601, such as 20251231, are numbers to most people.
    if cell.len() < 10 || !cell.is_char_boundary(4) || !cell[4..].starts_with('-') {
        return None;
    }
    let pieces = Pieces::parse(cell).ok()?;
    let zoned = pieces
        .to_numeric_offset()
        .map(TimeZone::fixed)
        .or_else(|| pieces.offset().map(|_| TimeZone::UTC));
    let civil = DateTime::from_parts(pieces.date(), pieces.time().unwrap_or_default());
    Some(Read {
        date: pieces.date(),
        time: pieces.time(),
        zoned: zoned.and_then(|zone| zone.to_zoned(civil).ok()),
        is_instant: false,
    })
}

fn by_format(format: &str, cell: &str) -> Option<Read> {
    let parsed = strtime::parse(format, cell).ok()?;
    let zoned = parsed.to_zoned().ok();
    // A count of seconds, %s, names a moment without naming a day.
    let instant = || {
        parsed
            .to_timestamp()
            .ok()
            .map(|moment| moment.to_zoned(TimeZone::UTC))
    };
    // `%Y` takes a year of two digits by its word; no CRM has records of the first century.
    let date = match parsed.to_date() {
        Ok(date) if date.year() < 1000 => return None,
        date => date.ok(),
    };
    let Some(date) = date else {
        let zoned = zoned.or_else(instant)?;
        return Some(Read {
            date: zoned.date(),
            time: Some(zoned.time()),
            zoned: Some(zoned),
            is_instant: true,
        });
    };
    Some(Read {
        date,
        time: parsed.to_time().ok(),
        zoned,
        is_instant: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn german() -> Moments {
        let dates = ["%d.%m.%Y", "%d.%m.%y"].into();
        let date_times = ["%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M"].into();
        Moments::new(
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
        let moments = Moments::new(&Words::default(), &["%s"].into(), None, None).unwrap();
        assert_eq!(
            moments.date_time("1767171600").as_deref(),
            Ok("2025-12-31T09:00:00+00:00")
        );
    }

    #[test]
    fn nobody_guesses_a_zone() {
        let moments = Moments::new(&["%d.%m.%Y"].into(), &Words::default(), None, None).unwrap();
        assert_eq!(
            moments.date_time("31.12.2025").unwrap_err().message,
            "it has no zone"
        );
        assert!(moments.date_time("2025-12-31T00:00:00Z").is_ok());
        assert!(zone(Some("Europe/Berln")).is_err());
        assert!(zone(Some("+05:30")).unwrap().is_some());
    }

    fn written(formats: &str, language: &str) -> Moments {
        let words = Words::from(formats);
        let utc = zone(Some("UTC")).unwrap();
        Moments::new(&words, &words, utc, Some(language)).unwrap()
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
        assert!(Moments::new(&"%d %b %Y".into(), &"x%d".into(), None, Some("xx")).is_err());
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
}
