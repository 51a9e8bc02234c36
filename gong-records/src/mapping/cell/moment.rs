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
    /// A strptime format; with `%m` instead of the month's name.
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
        let has_name = ["%b", "%B", "%h"].iter().any(|name| format.contains(name));
        let mut numeric = format.to_owned();
        for name in ["%b", "%B", "%h"] {
            numeric = numeric.replace(name, "%m");
        }
        // A format that can't print a moment can't read one.
        let moment = Date::constant(2025, 12, 31).at(21, 43, 5, 0);
        let moment = TimeZone::UTC.to_zoned(moment).map_err(|error| {
            MappingError::new(format!("{format:?} is not a format of dates: {error}"))
        })?;
        let printed = strtime::format(&numeric, &moment).map_err(|error| {
            MappingError::new(format!("{format:?} is not a format of dates: {error}"))
        })?;
        let read = by_format(&numeric, &printed);
        if read.is_none_or(|read| read.date != moment.date()) {
            return Err(MappingError::new(format!(
                "{format:?} can't give a date: a format names day, month and year, such as \
                 \"%d.%m.%Y\""
            )));
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

/// The equivalent of a format in the notation of Java and spreadsheets: `dd.MM.yyyy`.
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
        .within("zone")
    })
}

/// Counts of seconds since 1970 that are times of records, and not other numbers.
const EPOCH_SECONDS: std::ops::Range<i64> = 500_000_000..4_000_000_000;

/// Whether a number is a time as a count of seconds or milliseconds since 1970.
pub(super) fn is_epoch(cell: &str) -> bool {
    epoch(cell, 1).or_else(|| epoch(cell, 1000)).is_some()
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

    /// The same with day and month exchanged; nothing if no format has both as numbers.
    pub(in crate::mapping) fn exchanged(&self) -> Option<Self> {
        let mut has_any = false;
        let mut exchanged = |formats: &[Written]| {
            let formats = formats.iter().filter_map(|written| match written {
                Written::Format {
                    source,
                    has_name: false,
                    ..
                } if source.contains("%d") && source.contains("%m") => {
                    let other = source
                        .replace("%d", "\0")
                        .replace("%m", "%d")
                        .replace('\0', "%m");
                    Written::new(&other).ok()
                }
                _ => None,
            });
            let formats: Vec<Written> = formats.collect();
            has_any |= !formats.is_empty();
            formats
        };
        let (dates, date_times) = (exchanged(&self.dates), exchanged(&self.date_times));
        // The year first says that the month comes next.
        let is_of_years = |written: &Written| written.as_str().starts_with("%Y");
        let is_clear = dates.iter().chain(&date_times).all(is_of_years);
        (has_any && !is_clear).then(|| Self {
            dates,
            date_times,
            zone: self.zone.clone(),
            months: None,
            iso: Vec::new(),
            offsets: Offsets::default(),
        })
    }

    /// The format that is tried first, for messages.
    pub(in crate::mapping) fn first_format(&self) -> &str {
        let mut formats = self.dates.iter().chain(&self.date_times);
        let ordered = |written: &&Written| written.as_str().contains("%d");
        let first = formats.find(ordered);
        first.map_or("", Written::as_str)
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
                let known = match named.first().or(others.first()) {
                    Some(format) => format!(" written as {} or as ISO 8601", format.as_str()),
                    None => " written as ISO 8601".to_owned(),
                };
                let key = if what == "date" || !cell.contains(':') {
                    "dates"
                } else {
                    "date-times"
                };
                let article = if what == "date" {
                    "a date"
                } else {
                    "a date-time"
                };
                Wrong::new(
                    format!("it is not {article}{known}"),
                    format!("correct the cell, or set {key} in the mapping, such as \"%d.%m.%Y\""),
                )
            })
    }
}

/// Seconds since 1970, or fractions of them, from the years 1985 to 2096: other numbers are not
/// counts of these units.
fn epoch(cell: &str, per_second: i64) -> Option<Read> {
    let (whole, fraction) = cell.split_once('.').unwrap_or((cell, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let seconds = whole.parse::<i64>().ok()?.div_euclid(per_second);
    if !EPOCH_SECONDS.contains(&seconds) {
        return None;
    }
    let instant = jiff::Timestamp::from_second(seconds).ok()?;
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
    let bytes = cell.as_bytes();
    let digits = bytes
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let is_extended = digits == 4 && bytes.len() >= 10 && bytes[4] == b'-';
    let is_basic = digits == 8 && bytes.len() >= 15 && bytes[8] == b'T';
    if !is_extended && !is_basic {
        return rfc_2822(cell);
    }
    of_pieces(cell).or_else(|| of_pieces(&with_zone_beside(cell)?))
}

fn of_pieces(cell: &str) -> Option<Read> {
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

/// The cell with `AM` for `a.m.` and `a. m.`, and with plain spaces: browsers write a narrow one
/// before it.
fn plain_noon(cell: &str) -> Option<String> {
    let spaced = cell.replace(['\u{a0}', '\u{202f}'], " ");
    let lower = spaced.to_lowercase();
    let ends = ["a.m.", "p.m.", "a. m.", "p. m."];
    let end = ends
        .iter()
        .find(|end| lower.ends_with(*end) && lower.len() == spaced.len());
    match end {
        Some(end) => {
            let moment = &spaced[..spaced.len() - end.len()];
            Some(format!("{moment}{}M", end[..1].to_uppercase()))
        }
        None => (spaced != cell).then_some(spaced),
    }
}

/// The cell with its zone where ISO 8601 has it: Ruby writes `2026-01-05 17:45:00 UTC` and
/// `2026-01-05 17:45:00 +0100`.
fn with_zone_beside(cell: &str) -> Option<String> {
    let (moment, zone) = cell.rsplit_once(' ')?;
    match zone {
        "UTC" | "GMT" | "Z" => Some(format!("{moment}Z")),
        _ if zone.starts_with(['+', '-']) && moment.contains(':') => {
            Some(format!("{moment}{zone}"))
        }
        _ => None,
    }
}

/// As in the headers of mails and of HTTP: `Mon, 05 Jan 2026 17:45:00 GMT`.
fn rfc_2822(cell: &str) -> Option<Read> {
    if !(cell.len() > 15
        && cell.contains(':')
        && cell.contains(|one: char| one.is_ascii_alphabetic()))
    {
        return None;
    }
    let zoned = jiff::fmt::rfc2822::parse(cell).ok()?;
    Some(Read {
        date: zoned.date(),
        time: Some(zoned.time()),
        zoned: Some(zoned),
        is_instant: false,
    })
}

fn by_format(format: &str, cell: &str) -> Option<Read> {
    let parsed = match strtime::parse(format, cell) {
        Ok(parsed) => parsed,
        Err(_) => strtime::parse(format, plain_noon(cell)?).ok()?,
    };
    let zoned = parsed.to_zoned().ok();
    // A count of seconds, %s, names a moment without naming a day.
    let instant = || {
        parsed
            .to_timestamp()
            .ok()
            .map(|moment| moment.to_zoned(TimeZone::UTC))
    };
    // `%Y` accepts a year of two digits literally; no CRM has records of the first century.
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
mod tests;
