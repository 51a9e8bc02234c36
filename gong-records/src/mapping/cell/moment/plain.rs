//! What people write around a date and a time, which no format has: weekdays, ordinals, zones.

use jiff::fmt::strtime;
use jiff::tz::TimeZone;

use crate::mapping::cell::ascii::with_ascii_digits;
use crate::mapping::languages::languages;

/// The cell without a weekday before it and the word for hours after it, with `AM` for `a.m.`, `1` for
/// `1st`, and plain spaces: browsers write a narrow one before AM. Nothing if it has none of these.
pub(super) fn plainer(cell: &str) -> Option<String> {
    // Digits and signs alone, as most cells that are not dates in a format.
    if !cell
        .bytes()
        .any(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii())
    {
        return None;
    }
    let mut plain = with_ascii_digits(cell).unwrap_or_else(|| cell.to_owned());
    if !plain.is_ascii() {
        plain = plain.replace(['\u{a0}', '\u{202f}'], " ");
    }
    let rest = without_weekday(&plain).unwrap_or(&plain);
    let mut plain = with_plain_end(rest);
    if let Some(days) = without_ordinal(&plain) {
        plain = days;
    }
    (plain != cell).then_some(plain)
}

/// The cell after a weekday in any language: `Thursday, January 15, 2026`, `Do., 15. Jan. 2026`.
fn without_weekday(cell: &str) -> Option<&str> {
    let end = cell.find(|one: char| !one.is_alphabetic() && one != '-')?;
    let (word, rest) = cell.split_at(end);
    if word.chars().count() < 2 || !languages().is_weekday(word) {
        return None;
    }
    let rest = rest.strip_prefix('.').unwrap_or(rest);
    let rest = rest.strip_prefix(',').unwrap_or(rest);
    rest.strip_prefix(' ').map(str::trim_start)
}

/// The cell with `AM` and `PM` for other spellings, and without the word for hours.
fn with_plain_end(cell: &str) -> String {
    let lower = cell.to_lowercase();
    let ends = [
        ("a.m.", "AM"),
        ("p.m.", "PM"),
        ("a. m.", "AM"),
        ("p. m.", "PM"),
        (" uhr", ""),
        (" uur", ""),
        (" hrs", ""),
    ];
    for (end, plain) in ends {
        if lower.len() == cell.len() && lower.ends_with(end) {
            return format!("{}{plain}", &cell[..cell.len() - end.len()]);
        }
    }
    cell.to_owned()
}

/// The cell with `15` for `15th`.
fn without_ordinal(cell: &str) -> Option<String> {
    let bytes = cell.as_bytes();
    let at = bytes.windows(3).position(|three| {
        let end = [three[1].to_ascii_lowercase(), three[2].to_ascii_lowercase()];
        three[0].is_ascii_digit() && [*b"st", *b"nd", *b"rd", *b"th"].contains(&end)
    })?;
    let is_end = bytes
        .get(at + 3)
        .is_none_or(|byte| !byte.is_ascii_alphanumeric());
    is_end.then(|| format!("{}{}", &cell[..=at], &cell[at + 3..]))
}

/// The moment and the zone after it: `2026-01-05 17:45:00 UTC`, `… +0100`, `… GMT+1`.
pub(super) fn with_zone_after(cell: &str) -> Option<(&str, TimeZone)> {
    let (moment, zone) = cell.trim_end().rsplit_once(' ')?;
    if !moment.contains(':') {
        return None;
    }
    let offset = zone
        .strip_prefix("UTC")
        .or_else(|| zone.strip_prefix("GMT"))
        .unwrap_or(zone);
    if matches!(offset, "" | "Z") {
        return Some((moment, TimeZone::UTC));
    }
    let (sign, digits) = offset
        .split_at_checked(1)
        .filter(|(sign, _)| matches!(*sign, "+" | "-"))?;
    let is_digits = digits
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b':');
    let padded = match (digits.find(':'), digits.len()) {
        (None, 1) => format!("0{digits}:00"),
        (None, 2) => format!("{digits}:00"),
        (None, 4) => format!("{}:{}", &digits[..2], &digits[2..]),
        (Some(1), 4) => format!("0{digits}"),
        (Some(2), 5) => digits.to_owned(),
        _ => return None,
    };
    let parsed = strtime::parse("%:z", format!("{sign}{padded}")).ok()?;
    let offset = parsed.offset().filter(|_| is_digits)?;
    Some((moment, TimeZone::fixed(offset)))
}
