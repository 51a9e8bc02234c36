//! Parses times: ISO 8601, or a day and a time of day in a named zone.

use gong_crm::value::Timestamp;
use jiff::Zoned;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;

/// Parses a time; without an offset it is in the zone.
pub(crate) fn moment(
    text: &str,
    zone: Option<&TimeZone>,
    now: jiff::Timestamp,
) -> Result<Timestamp, String> {
    let text = text.trim();
    if let Ok(exact) = text.parse::<Timestamp>() {
        return Ok(exact);
    }
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return from_zoned(&instant.to_zoned(zone.cloned().unwrap_or(TimeZone::UTC)));
    }
    let Some((day, time)) = day_and_time(text) else {
        return Err(format!(
            "{text:?} is not a time; write 2026-03-02T14:00:00+01:00, or \"tomorrow 14:00\" with --zone"
        ));
    };
    let Some(zone) = zone else {
        return Err(format!(
            "{text:?} has no time zone; add one, such as --zone Europe/Berlin, or write an offset"
        ));
    };
    let today = now.to_zoned(zone.clone()).date();
    let date = date(day, today).ok_or_else(|| {
        format!("{day:?} is not a day; write today, tomorrow, friday or 2026-03-02")
    })?;
    let time = time_of_day(time)
        .ok_or_else(|| format!("{time:?} is not a time of day; write 14:00 or 2pm"))?;
    let zoned = zone
        .to_ambiguous_zoned(date.to_datetime(time))
        .unambiguous()
        .map_err(|_| {
            format!("{text:?} occurs twice or never, because clocks change; write an offset")
        })?;
    from_zoned(&zoned)
}

/// The time this much later, with the same offset.
pub(crate) fn later(start: &Timestamp, by: std::time::Duration) -> Result<Timestamp, String> {
    let zoned = zoned(start)?;
    let end = zoned
        .checked_add(by)
        .map_err(|error| format!("the end is out of range: {error}"))?;
    from_zoned(&end)
}

/// The time zone of this name.
pub(crate) fn zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| {
        format!("{name:?} is not a time zone; write one such as Europe/Berlin or America/New_York")
    })
}

fn zoned(timestamp: &Timestamp) -> Result<Zoned, String> {
    jiff::fmt::strtime::parse(
        "%Y-%m-%dT%H:%M:%S%:z",
        timestamp.as_str().replace('Z', "+00:00"),
    )
    .and_then(|parts| parts.to_zoned())
    .map_err(|error| error.to_string())
}

fn from_zoned(zoned: &Zoned) -> Result<Timestamp, String> {
    zoned
        .strftime("%Y-%m-%dT%H:%M:%S%:z")
        .to_string()
        .parse::<Timestamp>()
        .map_err(|fault| fault.message().to_owned())
}

fn day_and_time(text: &str) -> Option<(&str, &str)> {
    let (day, time) = text
        .split_once(char::is_whitespace)
        .or_else(|| text.split_once('T'))?;
    Some((day.trim(), time.trim()))
}

fn date(day: &str, today: Date) -> Option<Date> {
    let day = day.to_lowercase();
    match day.as_str() {
        "today" => return Some(today),
        "tomorrow" => return today.tomorrow().ok(),
        _ => {}
    }
    if let Some(weekday) = weekday(&day) {
        // The name of today's weekday means next week.
        return today.nth_weekday(1, weekday).ok();
    }
    (day.len() == "2026-03-02".len())
        .then(|| day.parse().ok())
        .flatten()
}

fn weekday(name: &str) -> Option<Weekday> {
    const NAMES: [(&str, Weekday); 7] = [
        ("monday", Weekday::Monday),
        ("tuesday", Weekday::Tuesday),
        ("wednesday", Weekday::Wednesday),
        ("thursday", Weekday::Thursday),
        ("friday", Weekday::Friday),
        ("saturday", Weekday::Saturday),
        ("sunday", Weekday::Sunday),
    ];
    NAMES
        .into_iter()
        .find(|(full, _)| *full == name || &full[..3] == name)
        .map(|(_, weekday)| weekday)
}

fn time_of_day(text: &str) -> Option<Time> {
    let text = text.to_uppercase().replace(' ', "");
    ["%H:%M:%S", "%H:%M", "%I:%M%p", "%I%p"]
        .into_iter()
        .find_map(|format| Time::strptime(format, &text).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, zone_name: Option<&str>) -> Result<String, String> {
        // A Saturday.
        let now = "2026-03-28T12:00:00Z".parse().unwrap();
        let zone = zone_name.map(|name| zone(name).unwrap());
        moment(text, zone.as_ref(), now).map(|moment| moment.to_string())
    }

    #[test]
    fn time_is_iso_8601_or_day_and_time() {
        let berlin = Some("Europe/Berlin");
        for (text, zone, expected) in [
            (
                "2026-03-02T14:00:00+01:00",
                None,
                "2026-03-02T14:00:00+01:00",
            ),
            ("2026-03-02T14:00:00Z", berlin, "2026-03-02T14:00:00Z"),
            (
                "2026-03-02T14:00+01:00",
                berlin,
                "2026-03-02T14:00:00+01:00",
            ),
            ("today 14:00", berlin, "2026-03-28T14:00:00+01:00"),
            // Clocks change in the night.
            ("tomorrow 14:00", berlin, "2026-03-29T14:00:00+02:00"),
            ("Monday 9:30", berlin, "2026-03-30T09:30:00+02:00"),
            ("saturday 9am", berlin, "2026-04-04T09:00:00+02:00"),
            (
                "fri 2:15 pm",
                Some("America/New_York"),
                "2026-04-03T14:15:00-04:00",
            ),
            ("2026-05-01 08:00", berlin, "2026-05-01T08:00:00+02:00"),
            ("2026-05-01T08:00:00", berlin, "2026-05-01T08:00:00+02:00"),
        ] {
            assert_eq!(read(text, zone).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn ambiguous_time_is_an_error() {
        let berlin = Some("Europe/Berlin");
        for (text, zone, message) in [
            ("today 14:00", None, "has no time zone"),
            ("2026-03-29 02:30", berlin, "twice or never"),
            ("someday 14:00", berlin, "is not a day"),
            ("today noon", berlin, "is not a time of day"),
            ("noon", berlin, "is not a time;"),
        ] {
            let error = read(text, zone).unwrap_err();
            assert!(error.contains(message), "{text}: {error}");
        }
    }

    #[test]
    fn later_time_keeps_the_offset() {
        let start = "2026-03-02T23:30:00+05:30".parse().unwrap();
        let end = later(&start, std::time::Duration::from_mins(45)).unwrap();
        assert_eq!(end.as_str(), "2026-03-03T00:15:00+05:30");
        let start = "2026-03-02T23:30:00Z".parse().unwrap();
        let end = later(&start, std::time::Duration::from_mins(1)).unwrap();
        assert_eq!(end.to_string(), "2026-03-02T23:31:00+00:00");
    }
}
