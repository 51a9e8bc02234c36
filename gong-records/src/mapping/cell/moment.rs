//! Dates and date-times as people write them: `31.12.2025`, `31.12.2025 09:30`.

use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::strtime;
use jiff::fmt::temporal::Pieces;
use jiff::tz::TimeZone;

use super::Wrong;
use crate::mapping::model::{MappingError, Words};
use crate::value::{Timestamp, timestamp};

/// How dates and date-times are written.
#[derive(Debug)]
pub(in crate::mapping) struct Moments {
    dates: Vec<String>,
    date_times: Vec<String>,
    zone: Option<TimeZone>,
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
}

impl Moments {
    pub(in crate::mapping) fn new(
        dates: &Words,
        date_times: &Words,
        zone: Option<TimeZone>,
    ) -> Self {
        let formats = |words: &Words| words.iter().map(str::to_owned).collect();
        Self {
            dates: formats(dates),
            date_times: formats(date_times),
            zone,
        }
    }

    pub(in crate::mapping) fn zone(&self) -> Option<&TimeZone> {
        self.zone.as_ref()
    }

    /// The day, `2025-12-31`; of a date-time the day that is written there.
    pub(in crate::mapping) fn date(&self, cell: &str) -> Result<String, Wrong> {
        let formats = self.dates.iter().chain(&self.date_times);
        let read = read(cell, formats, "date", &self.dates)?;
        Ok(read.date.to_string())
    }

    /// The date-time with its offset and without fraction; of a date its first moment.
    pub(in crate::mapping) fn date_time(&self, cell: &str) -> Result<String, Wrong> {
        if timestamp::check(cell).is_ok() {
            return Ok(cell.to_owned());
        }
        let formats = self.date_times.iter().chain(&self.dates);
        let read = read(cell, formats, "date-time", &self.date_times)?;
        let zoned = match (read.zoned, &self.zone) {
            (Some(zoned), _) => zoned,
            (None, Some(zone)) => {
                let civil = DateTime::from_parts(read.date, read.time.unwrap_or_default());
                // Where clocks are put back, the earlier of the two; where put forward, the later.
                zone.to_zoned(civil)
                    .map_err(|_| Wrong::new("it is out of range", "mend the cell"))?
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
}

fn read(
    cell: &str,
    mut formats: impl Iterator<Item = impl AsRef<str>>,
    what: &str,
    named: &[String],
) -> Result<Read, Wrong> {
    iso(cell)
        .or_else(|| formats.find_map(|format| by_format(format.as_ref(), cell)))
        .ok_or_else(|| {
            let known = match named.first() {
                Some(format) => format!(" written as {format} or as ISO 8601"),
                None => " written as ISO 8601".to_owned(),
            };
            let key = if what == "date" {
                "dates"
            } else {
                "date-times"
            };
            Wrong::new(
                format!("it is no {what}{known}"),
                format!("mend the cell, or set {key} in the mapping, such as \"%d.%m.%Y\""),
            )
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
        });
    };
    Some(Read {
        date,
        time: parsed.to_time().ok(),
        zoned,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn german() -> Moments {
        let dates = ["%d.%m.%Y", "%d.%m.%y"].into();
        let date_times = ["%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M"].into();
        Moments::new(&dates, &date_times, zone(Some("Europe/Berlin")).unwrap())
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
        let moments = Moments::new(&Words::default(), &["%s"].into(), None);
        assert_eq!(
            moments.date_time("1767171600").as_deref(),
            Ok("2025-12-31T09:00:00+00:00")
        );
    }

    #[test]
    fn nobody_guesses_a_zone() {
        let moments = Moments::new(&["%d.%m.%Y"].into(), &Words::default(), None);
        assert_eq!(
            moments.date_time("31.12.2025").unwrap_err().message,
            "it has no zone"
        );
        assert!(moments.date_time("2025-12-31T00:00:00Z").is_ok());
        assert!(zone(Some("Europe/Berln")).is_err());
        assert!(zone(Some("+05:30")).unwrap().is_some());
    }
}
