//! Dates and date-times as people write them: `31.12.2025`, `31.12.2025 09:30`, `15 janv. 2026`.

use std::sync::Arc;

use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::strtime;
use jiff::fmt::temporal::Pieces;
use jiff::tz::TimeZone;

use super::CellError;
use crate::mapping::languages::{MonthNames, languages};
use crate::mapping::model::{MappingError, Words};
use crate::value::{Timestamp, timestamp};

mod fixed;
mod plain;
mod written;

use fixed::{Fit, FixedFormat, FixedMoment, Offsets};
use plain::{plainer, with_zone_after};
use written::{MICROSECONDS, MILLISECONDS, NANOSECONDS, Written};

/// How dates and date-times are written.
#[derive(Debug)]
pub(in crate::mapping) struct DateTimeFormats {
    dates: Vec<Written>,
    date_times: Vec<Written>,
    zone: Option<TimeZone>,
    /// The months by name, where a format has one.
    months: Option<Arc<MonthNames>>,
    /// The forms of ISO 8601 that most programs write.
    iso: Vec<FixedFormat>,
    /// Whether a format has the day after the year: then 2026-05-01 is not in ISO 8601.
    has_day_second: bool,
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

/// Whether a number is a time as a count of seconds or parts of them since 1970.
pub(super) fn is_epoch(cell: &str) -> bool {
    [1, MILLISECONDS, MICROSECONDS, NANOSECONDS]
        .into_iter()
        .any(|per_second| epoch(cell, per_second).is_some())
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

impl DateTimeFormats {
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
        let mut all = dates.iter().chain(&date_times);
        let has_day_second = all.any(|written| written.as_str().starts_with("%Y-%d"));
        Ok(Self {
            dates,
            date_times,
            zone,
            months: has_names.then_some(names),
            iso: if has_day_second {
                Vec::new()
            } else {
                iso_formats()
            },
            has_day_second,
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
            has_day_second: false,
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
            has_day_second: false,
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
        if cell.as_bytes().get(4) == Some(&b'-') && !self.has_day_second {
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
    pub(in crate::mapping) fn date(&self, cell: &str) -> Result<String, CellError> {
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
    pub(in crate::mapping) fn date_time(&self, cell: &str) -> Result<String, CellError> {
        if timestamp::check(cell).is_ok() && !self.has_day_second {
            return Ok(cell.to_owned());
        }
        let read = self.read(cell, &self.date_times, &self.dates, "date-time")?;
        let zoned = match (read.zoned, &self.zone) {
            (Some(zoned), _) => zoned,
            (None, Some(zone)) => {
                let civil = DateTime::from_parts(read.date, read.time.unwrap_or_default());
                // Where clocks are put back, the earlier of the two; where put forward, the later.
                zone.to_zoned(civil)
                    .map_err(|_| CellError::new("it is out of range", "correct the cell"))?
            }
            (None, None) => {
                return Err(CellError::new(
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
    ) -> Result<Read, CellError> {
        let formats = || named.iter().chain(others);
        self.attempt(cell, formats())
            .or_else(|| self.attempt(&plainer(cell)?, formats()))
            .or_else(|| {
                let (moment, zone) = with_zone_after(cell)?;
                let read = self.attempt(moment, formats())?;
                read.in_zone(&zone)
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
                CellError::new(
                    format!("it is not {article}{known}"),
                    format!("correct the cell, or set {key} in the mapping, such as \"%d.%m.%Y\""),
                )
            })
    }

    fn attempt<'a>(
        &'a self,
        cell: &str,
        mut formats: impl Iterator<Item = &'a Written>,
    ) -> Option<Read> {
        let months = self.months.as_deref();
        let numeric = months.and_then(|months| months.to_numbers(cell));
        let by_iso = || if self.has_day_second { None } else { iso(cell) };
        by_iso().or_else(|| {
            formats.find_map(|written| match written {
                Written::Format {
                    format, has_name, ..
                } => {
                    let cell = if *has_name { numeric.as_deref()? } else { cell };
                    by_format(format, cell)
                }
                Written::Epoch => epoch(cell, 1),
                Written::EpochParts(per_second) => epoch(cell, *per_second),
                Written::Excel => excel(cell),
            })
        })
    }
}

impl Read {
    /// The same at this distance from UTC; nothing if it has no time, or its own zone.
    fn in_zone(self, zone: &TimeZone) -> Option<Self> {
        let civil = DateTime::from_parts(self.date, self.time?);
        let zoned = zone.to_zoned(civil).ok().filter(|_| self.zoned.is_none())?;
        Some(Self {
            zoned: Some(zoned),
            ..self
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
        return rfc_2822(cell)
            .or_else(|| of_program(cell))
            .or_else(|| of_microsoft(cell));
    }
    of_pieces(cell)
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

/// As JavaScript, C and Ruby print a moment: `Mon Jan 05 2026 17:45:00 GMT+0100 (…)`,
/// `Mon Jan  5 17:45:00 2026`, `Mon Jan 05 17:45:00 +0000 2026`.
fn of_program(cell: &str) -> Option<Read> {
    let mut words = cell.split_ascii_whitespace().map(str::as_bytes);
    let mut is_word = || {
        let word = words.next().unwrap_or_default();
        word.len() == 3 && word.iter().all(u8::is_ascii_alphabetic)
    };
    if !is_word() || !is_word() {
        return None;
    }
    let bare = cell.split(" (").next().unwrap_or_default();
    let bare = bare.replace(" UTC ", " +0000 ");
    let formats = [
        "%a %b %d %Y %H:%M:%S GMT%z",
        "%a %b %d %H:%M:%S %Y",
        "%a %b %d %H:%M:%S %z %Y",
    ];
    formats.iter().find_map(|format| by_format(format, &bare))
}

/// As Microsoft's programs write a moment in JSON: `/Date(1767631500000+0100)/`.
fn of_microsoft(cell: &str) -> Option<Read> {
    let count = cell.strip_prefix("/Date(")?.strip_suffix(")/")?;
    let count = count.split(['+', '-']).next().unwrap_or_default();
    epoch(count, MILLISECONDS)
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
