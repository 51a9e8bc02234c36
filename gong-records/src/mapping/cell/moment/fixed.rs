//! Dates and date-times in which each number has its full width, such as `31.12.2025 09:30`: they are
//! read without the general parser, which takes many times as long.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

/// A format of numbers of fixed width.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FixedFormat {
    parts: Vec<Part>,
    /// What is between the numbers, without spaces.
    literals: Vec<u8>,
    length: usize,
    has_time: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
    Literal(u8),
}

/// A day, and perhaps a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FixedMoment {
    date: Date,
    time: Option<Time>,
}

/// How a cell fits a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    Read(FixedMoment),
    /// Not even the general parser can read it.
    Not,
    /// The general parser has to try.
    Perhaps,
}

impl FixedFormat {
    /// The format, if all its parts have a fixed width.
    pub(super) fn new(format: &str) -> Option<Self> {
        let mut parts = Vec::new();
        let mut bytes = format.bytes();
        while let Some(byte) = bytes.next() {
            parts.push(match byte {
                b'%' => match bytes.next()? {
                    b'Y' => Part::Year,
                    b'm' => Part::Month,
                    b'd' => Part::Day,
                    b'H' => Part::Hour,
                    b'M' => Part::Minute,
                    b'S' => Part::Second,
                    _ => return None,
                },
                b' ' => Part::Literal(b' '),
                sign if sign.is_ascii_graphic() && !sign.is_ascii_digit() => Part::Literal(sign),
                _ => return None,
            });
        }
        let count = |part: Part| parts.iter().filter(|known| **known == part).count();
        let [hours, minutes, seconds] = [Part::Hour, Part::Minute, Part::Second].map(count);
        let is_day = [Part::Year, Part::Month, Part::Day].map(count) == [1, 1, 1];
        if !is_day || hours != minutes || hours > 1 || seconds > hours {
            return None;
        }
        let width = |part: &Part| match part {
            Part::Year => 4,
            Part::Literal(_) => 1,
            _ => 2,
        };
        let literals = parts.iter().filter_map(|part| match part {
            Part::Literal(sign) if *sign != b' ' => Some(*sign),
            _ => None,
        });
        Some(Self {
            literals: literals.collect(),
            length: parts.iter().map(width).sum(),
            has_time: hours == 1,
            parts,
        })
    }

    /// Reads a cell.
    pub(super) fn read(&self, cell: &str) -> Fit {
        match self.numbers(cell.as_bytes()) {
            Some(moment) => Fit::Read(moment),
            None if self.may_fit(cell) => Fit::Perhaps,
            None => Fit::Not,
        }
    }

    /// Whether the cell has all signs of the format, without which no parser can read it.
    fn may_fit(&self, cell: &str) -> bool {
        let mut bytes = cell.bytes();
        self.literals
            .iter()
            .all(|sign| bytes.any(|byte| byte == *sign))
    }

    fn numbers(&self, cell: &[u8]) -> Option<FixedMoment> {
        if cell.len() != self.length {
            return None;
        }
        let (mut year, mut month, mut day) = (0, 0, 0);
        let (mut hour, mut minute, mut second) = (0, 0, 0);
        let mut rest = cell;
        for part in &self.parts {
            let target = match part {
                Part::Literal(sign) => {
                    rest = rest.strip_prefix(&[*sign])?;
                    continue;
                }
                Part::Year => {
                    let (first, after) = two_digits(rest)?;
                    let (last, after) = two_digits(after)?;
                    year = i16::from(first) * 100 + i16::from(last);
                    rest = after;
                    continue;
                }
                Part::Month => &mut month,
                Part::Day => &mut day,
                Part::Hour => &mut hour,
                Part::Minute => &mut minute,
                Part::Second => &mut second,
            };
            (*target, rest) = two_digits(rest)?;
        }
        // Years of fewer digits are not years of records.
        let date = Date::new(year, month, day).ok().filter(|_| year >= 1000)?;
        let time = if self.has_time {
            Some(Time::new(hour, minute, second, 0).ok()?)
        } else {
            None
        };
        Some(FixedMoment { date, time })
    }
}

fn two_digits(bytes: &[u8]) -> Option<(i8, &[u8])> {
    let [tens, ones, rest @ ..] = bytes else {
        return None;
    };
    let digit = |byte: u8| {
        i8::try_from(byte.wrapping_sub(b'0'))
            .ok()
            .filter(|digit| *digit < 10)
    };
    Some((digit(*tens)? * 10 + digit(*ones)?, rest))
}

impl FixedMoment {
    /// Appends the day in quotes.
    pub(super) fn append_date(self, line: &mut Vec<u8>) {
        line.push(b'"');
        self.append_day(line);
        line.push(b'"');
    }

    /// Appends the moment with its offset from UTC, in quotes.
    pub(super) fn append(self, offset: i32, line: &mut Vec<u8>) {
        let time = self.time.unwrap_or_default();
        line.push(b'"');
        self.append_day(line);
        line.push(b'T');
        append_two(time.hour(), line);
        line.push(b':');
        append_two(time.minute(), line);
        line.push(b':');
        append_two(time.second(), line);
        line.push(if offset < 0 { b'-' } else { b'+' });
        let minutes = offset.abs() / 60;
        let narrow = |number: i32| i8::try_from(number).unwrap_or_default();
        append_two(narrow(minutes / 60), line);
        line.push(b':');
        append_two(narrow(minutes % 60), line);
        line.push(b'"');
    }

    fn append_day(self, line: &mut Vec<u8>) {
        let year = self.date.year();
        let narrow = |number: i16| i8::try_from(number).unwrap_or_default();
        append_two(narrow(year / 100), line);
        append_two(narrow(year % 100), line);
        line.push(b'-');
        append_two(self.date.month(), line);
        line.push(b'-');
        append_two(self.date.day(), line);
    }
}

fn append_two(number: i8, line: &mut Vec<u8>) {
    let number = number.unsigned_abs();
    line.extend_from_slice(&[b'0' + number / 10 % 10, b'0' + number % 10]);
}

/// The distances of a zone from UTC, day by day: records have few days, and looking one up takes
/// longer than to read a date.
#[derive(Debug, Default)]
pub(super) struct Offsets(OnceLock<Vec<AtomicI64>>);

impl Offsets {
    /// How many days are kept; a day replaces another at its place.
    const DAYS: usize = 8_192;

    /// What is kept of a day on which clocks are changed; no offset is so large.
    const NONE: i64 = 0xffff_ffff;

    /// The offset in seconds, if it is a number of minutes and the same all day.
    pub(super) fn of(&self, moment: FixedMoment, zone: &TimeZone) -> Option<i32> {
        let date = moment.date;
        // A number of its own for each day, above 0.
        let day =
            i64::from(date.year()) * 372 + i64::from(date.month()) * 31 + i64::from(date.day());
        let days = self.0.get_or_init(|| {
            let mut days = Vec::new();
            days.resize_with(Self::DAYS, AtomicI64::default);
            days
        });
        let kept = days.get(usize::try_from(day).ok()? % Self::DAYS)?;
        let mut known = kept.load(Ordering::Relaxed);
        // The day, and its offset from 24 hours before UTC on.
        if known >> 32 != day {
            let offset = of_whole_day(date, zone);
            known = day << 32 | offset.map_or(Self::NONE, |offset| i64::from(offset) + DAY_SECONDS);
            kept.store(known, Ordering::Relaxed);
        }
        let offset = known & Self::NONE;
        (offset != Self::NONE)
            .then(|| i32::try_from(offset - DAY_SECONDS).ok())
            .flatten()
    }
}

const DAY_SECONDS: i64 = 86_400;

fn of_whole_day(date: Date, zone: &TimeZone) -> Option<i32> {
    let offset = |time: Time| {
        let civil = DateTime::from_parts(date, time);
        let zoned = zone.to_zoned(civil).ok()?;
        // Times that clocks leave out are moved.
        (zoned.datetime() == civil).then(|| zoned.offset().seconds())
    };
    let first = offset(Time::midnight())?;
    let last = offset(Time::constant(23, 59, 59, 0))?;
    (first == last && first % 60 == 0 && i64::from(first).abs() < DAY_SECONDS).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_of_fixed_width_are_read_as_the_general_parser_reads_them() {
        for format in ["%d.%m.%Y", "%m/%d/%Y %H:%M", "%Y-%m-%d %H:%M:%S", "%Y%m%d"] {
            let fixed = FixedFormat::new(format).unwrap();
            for cell in [
                "31.12.2025",
                "29.02.2025",
                "01.13.2025",
                "1.2.2025",
                "01.02.0025",
                "12/31/2025 09:30",
                "12/31/2025 24:30",
                "12/31/2025  9:30",
                "2025-12-31 23:59:59",
                "2025-12-31T23:59:59",
                "20251231",
                "+2025123",
                "",
                "é1.12.2025",
            ] {
                let parsed = super::super::by_format(format, cell);
                match fixed.read(cell) {
                    Fit::Read(moment) => {
                        let parsed = parsed.unwrap();
                        assert_eq!(moment.date, parsed.date, "{cell}");
                        let midnight = parsed.time.unwrap_or_default();
                        assert_eq!(moment.time.unwrap_or_default(), midnight, "{cell}");
                    }
                    Fit::Not => assert!(parsed.is_none(), "{format} {cell}"),
                    Fit::Perhaps => {}
                }
            }
        }
        for format in [
            "%d.%m.%y",
            "%d. %B %Y",
            "%d.%m",
            "%Y-%m-%d %H",
            "%s",
            "%d.%m.%Y %I:%M %p",
        ] {
            assert_eq!(FixedFormat::new(format), None, "{format}");
        }
    }

    #[test]
    fn offset_of_a_day_is_none_where_clocks_are_changed() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let offsets = Offsets::default();
        let offset = |date: &str| {
            let date = date.parse().unwrap();
            offsets.of(FixedMoment { date, time: None }, &berlin)
        };
        for _ in 0..2 {
            assert_eq!(offset("2025-12-31"), Some(3_600));
            assert_eq!(offset("2025-06-30"), Some(7_200));
            assert_eq!(offset("2025-03-30"), None);
            assert_eq!(offset("2025-10-26"), None);
        }
    }
}
