//! Strings, sixteen bytes at a time.

use wide::u8x16;

use crate::value::{object_id, timestamp as exact};

/// Up to which bytes are control characters, up to which they are those or spaces, and up to which
/// they are ASCII that is printed.
const CONTROL: u8 = 0x1f;
const SPACE_TOO: u8 = 0x20;
const PRINTED: u8 = 0x7e;

const ONES: u64 = u64::MAX / 255;

/// Sixteen bytes.
#[inline]
fn chunk(bytes: &[u8], at: usize) -> Option<u8x16> {
    Some(u8x16::new(*bytes.get(at..)?.first_chunk()?))
}

/// Two halves of 32 bytes.
#[inline]
fn halves(bytes: &[u8; 32]) -> (u8x16, u8x16) {
    let (first, second) = (bytes.first_chunk(), bytes.last_chunk());
    let half = |half: Option<&[u8; 16]>| half.map_or(u8x16::ZERO, |half| u8x16::new(*half));
    (half(first), half(second))
}

/// Which of 32 bytes are quotes, a bit each.
#[inline]
pub(super) fn quotes(bytes: &[u8; 32]) -> u32 {
    let (first, second) = halves(bytes);
    let quotes = |half: u8x16| half.simd_eq(u8x16::splat(b'"')).to_bitmask();
    quotes(first) | quotes(second) << 16
}

/// How many of 32 bytes are the same as these, up to the first that is not.
#[inline]
pub(super) fn same(bytes: &[u8; 32], others: &[u8; 32]) -> usize {
    let (one, other) = (halves(bytes), halves(others));
    let same = |one: u8x16, other: u8x16| one.simd_eq(other).to_bitmask();
    (same(one.0, other.0) | same(one.1, other.1) << 16).trailing_ones() as usize
}

/// Which of the bytes are at most this, a bit each.
#[inline]
fn at_most(bytes: u8x16, most: u8) -> u8x16 {
    bytes.min(u8x16::splat(most)).simd_eq(bytes)
}

/// How many of sixteen bytes are digits, up to the first that is none.
#[inline]
pub(super) fn digits(bytes: &[u8], at: usize) -> Option<usize> {
    let digits = at_most(chunk(bytes, at)? - u8x16::splat(b'0'), 9).to_bitmask();
    Some(digits.trailing_ones() as usize)
}

/// Which of the bytes are letters, digits or hyphens, or underscores.
#[inline]
fn of_ids(bytes: u8x16) -> (u8x16, u8x16) {
    let letters = at_most((bytes | u8x16::splat(0x20)) - u8x16::splat(b'a'), 25);
    let digits = at_most(bytes - u8x16::splat(b'0'), 9);
    let hyphens = bytes.simd_eq(u8x16::splat(b'-'));
    (
        letters | digits | hyphens,
        bytes.simd_eq(u8x16::splat(b'_')),
    )
}

/// Where the next quote, backslash or control character stands.
#[inline]
fn special(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let chunk = chunk(bytes, at)?;
        let quotes = chunk.simd_eq(u8x16::splat(b'"'));
        let backslashes = chunk.simd_eq(u8x16::splat(b'\\'));
        let hits = (at_most(chunk, CONTROL) | quotes | backslashes).to_bitmask();
        if hits != 0 {
            return Some(at + hits.trailing_zeros() as usize);
        }
        at += 16;
    }
}

/// Where a string without escapes ends that begins at `start`, after its quote.
#[inline]
pub(super) fn plain(bytes: &[u8], start: usize) -> Option<usize> {
    let end = special(bytes, start)?;
    (bytes[end] == b'"').then_some(end)
}

/// Where a name ends, with or without escapes. It may not be valid: it will be compared with names
/// that are.
#[inline]
pub(super) fn name(bytes: &[u8], start: usize) -> Option<usize> {
    let mut end = special(bytes, start)?;
    while bytes[end] == b'\\' {
        end = special(bytes, end + 2)?;
    }
    (bytes[end] == b'"').then_some(end)
}

/// Where a string ends, with or without escapes. Its surrogates are in pairs.
#[inline]
pub(super) fn any(bytes: &[u8], start: usize) -> Option<usize> {
    text(bytes, start).map(|(end, _)| end)
}

/// Where a string ends, and whether it has escapes.
#[inline]
fn text(bytes: &[u8], start: usize) -> Option<(usize, bool)> {
    let end = special(bytes, start)?;
    match bytes[end] {
        b'"' => Some((end, false)),
        b'\\' => Some((escaped_text(bytes, end)?, true)),
        _ => None,
    }
}

/// Where a string ends that has an escape at `at`.
#[inline]
fn escaped_text(bytes: &[u8], at: usize) -> Option<usize> {
    let mut end = at;
    while bytes[end] == b'\\' {
        let after = escape_end(bytes, end)?;
        // Escapes often follow each other.
        end = if *bytes.get(after)? == b'\\' {
            after
        } else {
            special(bytes, after)?
        };
    }
    (bytes[end] == b'"').then_some(end)
}

/// The end of the escape that begins with the backslash at `at`; for a surrogate pair, the end of
/// both halves.
#[inline]
fn escape_end(bytes: &[u8], at: usize) -> Option<usize> {
    match *bytes.get(at + 1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(at + 2),
        b'u' => {
            let digits = bytes.get(at + 2..)?.first_chunk::<4>()?;
            if !are_hexadecimal(*digits) {
                return None;
            }
            if !matches!(digits[0], b'd' | b'D') || digits[1] <= b'7' {
                return Some(at + 6);
            }
            // High surrogates are D800 to DBFF, low ones DC00 to DFFF.
            let is_high = matches!(digits[1], b'8' | b'9' | b'a' | b'A' | b'b' | b'B');
            let low = bytes.get(at + 6..at + 12)?;
            let is_pair = is_high
                && low.starts_with(b"\\u")
                && matches!(low[2], b'd' | b'D')
                && matches!(low[3], b'c'..=b'f' | b'C'..=b'F')
                && are_hexadecimal(*low[2..].first_chunk()?);
            is_pair.then_some(at + 12)
        }
        _ => None,
    }
}

/// Whether all four bytes are hexadecimal digits.
#[inline]
fn are_hexadecimal(digits: [u8; 4]) -> bool {
    const IS_DIGIT: [bool; 256] = {
        let mut is_digit = [false; 256];
        let mut byte = 0_u8;
        while byte < 128 {
            is_digit[byte as usize] = byte.is_ascii_hexdigit();
            byte += 1;
        }
        is_digit
    };
    let [a, b, c, d] = digits.map(|byte| IS_DIGIT[usize::from(byte)]);
    a & b & c & d
}

/// A plain text in UTF-8, and where it ends.
#[inline]
fn plain_text(bytes: &[u8], start: usize) -> Option<(&str, usize)> {
    let end = plain(bytes, start)?;
    Some((str::from_utf8(&bytes[start..end]).ok()?, end))
}

/// Where an id ends.
#[inline]
pub(super) fn id(bytes: &[u8], start: usize, takes_underscore: bool) -> Option<usize> {
    let mut end = start;
    let mut has_underscore = false;
    loop {
        let (plain, underscores) = of_ids(chunk(bytes, end)?);
        let (plain, underscores) = (plain.to_bitmask(), underscores.to_bitmask());
        let length = (plain | underscores).trailing_ones();
        has_underscore |= underscores.trailing_zeros() < length;
        end += length as usize;
        if length < 16 {
            break;
        }
    }
    if bytes[end] == b'"' {
        let is_good = end > start
            && end - start <= object_id::MAX_LENGTH
            && (takes_underscore || !has_underscore);
        return is_good.then_some(end);
    }
    let (text, end) = plain_text(bytes, start)?;
    // Whatever is not a plain id must be an email address, in which underscores are welcome.
    object_id::check(text).is_ok().then_some(end)
}

/// Added to each byte, after XOR with the expected one, to carry into its upper half if it differs
/// from what was expected: a digit, or exactly the separator.
const fn carries(shape: [u8; 8]) -> u64 {
    let mut bytes = [0x0f; 8];
    let mut at = 0;
    while at < 8 {
        if shape[at] == b'0' {
            bytes[at] = 6;
        }
        at += 1;
    }
    u64::from_le_bytes(bytes)
}

/// Whether the bytes have the shape, in which `0` means any digit.
#[inline]
fn has_shape(bytes: [u8; 8], shape: [u8; 8]) -> bool {
    let difference = u64::from_le_bytes(bytes) ^ u64::from_le_bytes(shape);
    // A carry beyond a byte comes only from one whose upper half is not zero already.
    (difference | difference.wrapping_add(carries(shape))) & (ONES * 0xf0) == 0
}

#[inline]
fn number(tens: u8, ones: u8) -> u8 {
    (tens & 15) * 10 + (ones & 15)
}

#[inline]
fn is_day(day: &[u8]) -> bool {
    let (month, date) = (number(day[5], day[6]), number(day[8], day[9]));
    // The last days of a month are for the calendar.
    (1..=12).contains(&month) && (1..=28).contains(&date) || exact::check_date(day).is_ok()
}

/// Where a date-time ends.
#[inline]
pub(super) fn timestamp(bytes: &[u8], start: usize) -> Option<usize> {
    let text = bytes.get(start..)?.first_chunk::<26>()?;
    let part = |at: usize| -> [u8; 8] {
        [
            text[at],
            text[at + 1],
            text[at + 2],
            text[at + 3],
            text[at + 4],
            text[at + 5],
            text[at + 6],
            text[at + 7],
        ]
    };
    let is_good = has_shape(part(0), *b"0000-00-")
        && has_shape(part(8), *b"00T00:00")
        && has_shape(part(11), *b"00:00:00")
        && is_day(&text[..10])
        && number(text[11], text[12]) < 24
        && number(text[14], text[15]) < 60
        && number(text[17], text[18]) < 60;
    if !is_good {
        return None;
    }
    match text[19] {
        b'Z' => (text[20] == b'"').then_some(start + 20),
        b'+' | b'-' => {
            // The two digits of the seconds fill the word.
            let zone = [
                text[17], text[18], text[20], text[21], text[22], text[23], text[24], text[25],
            ];
            let is_good = has_shape(zone, *b"0000:00\"")
                && number(text[20], text[21]) < 24
                && number(text[23], text[24]) < 60;
            is_good.then_some(start + 25)
        }
        _ => None,
    }
}

/// Where a day ends.
#[inline]
pub(super) fn day(bytes: &[u8], start: usize) -> Option<usize> {
    let text = bytes.get(start..)?.first_chunk::<11>()?;
    let (first, last) = (text.first_chunk::<8>()?, text.last_chunk::<8>()?);
    let is_good = has_shape(*first, *b"0000-00-") && has_shape(*last, *b"0-00-00\"");
    (is_good && is_day(&text[..10])).then_some(start + 10)
}

/// Where a link ends. Slashes may be escaped, as PHP does.
#[inline]
pub(super) fn url(bytes: &[u8], start: usize) -> Option<usize> {
    let mut end = printable(bytes, start)?;
    while bytes[end] == b'\\' {
        if *bytes.get(end + 1)? != b'/' {
            return None;
        }
        end = printable(bytes, end + 2)?;
    }
    let text = &bytes[start..end];
    let rest = text
        .strip_prefix(b"https:")
        .or_else(|| text.strip_prefix(b"http:"))?;
    let after_slash = |text: &'_ [u8]| {
        let slash = text
            .strip_prefix(b"/")
            .or_else(|| text.strip_prefix(b"\\/"));
        slash.map(<[u8]>::len)
    };
    let rest = &rest[rest.len() - after_slash(rest)?..];
    let rest = &rest[rest.len() - after_slash(rest)?..];
    let is_good = bytes[end] == b'"' && !rest.is_empty() && after_slash(rest).is_none();
    is_good.then_some(end)
}

/// Where the next quote, backslash, space or control character stands. Before it are letters, digits
/// and signs of ASCII alone: letters beyond it may be white space, and are in doubt.
#[inline]
fn printable(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let chunk = chunk(bytes, at)?;
        let quotes = chunk.simd_eq(u8x16::splat(b'"'));
        let backslashes = chunk.simd_eq(u8x16::splat(b'\\'));
        let ends = (at_most(chunk, SPACE_TOO) | quotes | backslashes).to_bitmask();
        let length = ends.trailing_zeros();
        if at_most(chunk, PRINTED).to_bitmask().trailing_ones() < length.min(16) {
            return None;
        }
        if ends != 0 {
            return Some(at + length as usize);
        }
        at += 16;
    }
}

/// Where an email address ends. Letters beyond ASCII, which may be spaces, are in doubt.
#[inline]
pub(super) fn email_address(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    let mut signs = 0;
    let mut sign_at = 0;
    let end = loop {
        let chunk = chunk(bytes, at)?;
        let quotes = chunk.simd_eq(u8x16::splat(b'"'));
        let backslashes = chunk.simd_eq(u8x16::splat(b'\\'));
        // The high bit of each byte is that of letters beyond ASCII.
        let ends = (at_most(chunk, SPACE_TOO) | quotes | backslashes | chunk).to_bitmask();
        let before_end = if ends == 0 {
            !0
        } else {
            (ends ^ (ends - 1)) >> 1
        };
        let found = chunk.simd_eq(u8x16::splat(b'@')).to_bitmask() & before_end;
        if found != 0 {
            sign_at = at + found.trailing_zeros() as usize;
        }
        signs += found.count_ones();
        if ends != 0 {
            break at + ends.trailing_zeros() as usize;
        }
        at += 16;
    };
    let is_good = bytes[end] == b'"' && signs == 1 && sign_at > start && sign_at + 1 < end;
    is_good.then_some(end)
}

/// Where the string of a custom field ends that is not declared.
#[inline]
pub(super) fn custom(bytes: &[u8], start: usize) -> Option<usize> {
    let (end, has_escapes) = text(bytes, start)?;
    // What may be a date-time with a fraction is in doubt, whatever its characters are written as.
    let may_be_fractional = if has_escapes {
        let text = &bytes[start..end];
        text[0].is_ascii_digit() || text.starts_with(b"\\u003")
    } else {
        end - start > 19
            && matches!(bytes.get(start + 19), Some(b'.' | b','))
            && bytes.get(start + 10) == Some(&b'T')
    };
    (!may_be_fractional).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text with its closing quote and what may follow it.
    fn padded(text: &str) -> Vec<u8> {
        [text.as_bytes(), b"\",\"name\":\"0123456789\"}\n", &[0; 64]].concat()
    }

    #[test]
    fn timestamp_accepts_what_the_rule_accepts() {
        let mut texts = vec![
            "2026-03-01T09:30:00Z".to_owned(),
            "2024-02-29T23:59:59-11:30".to_owned(),
            "2026-02-29T09:30:00Z".to_owned(),
            "2026-03-01T09:30:00.000Z".to_owned(),
            "2026-12-31T09:30:00+23:59".to_owned(),
        ];
        for text in texts.clone() {
            for at in 0..text.len() {
                for other in ["", "0", "3", "9", ":", "-", "/", "T", "Z", "é", "x"] {
                    texts.push(format!("{}{other}{}", &text[..at], &text[at + 1..]));
                }
            }
        }
        for text in texts {
            let taken = timestamp(&padded(&text), 0);
            let expected = exact::check(&text).is_ok().then_some(text.len());
            assert_eq!(taken, expected, "{text}");
        }
    }

    #[test]
    fn day_accepts_what_the_calendar_has() {
        for text in [
            "2026-03-01",
            "2024-02-29",
            "2026-02-29",
            "2026-3-01",
            "2026-03-0",
            "2026-03-011",
        ] {
            let expected = (text.len() == 10
                && exact::matches_shape(text.as_bytes(), b"0000-00-00")
                && exact::check_date(text.as_bytes()).is_ok())
            .then_some(10);
            assert_eq!(day(&padded(text), 0), expected, "{text}");
        }
    }

    #[test]
    fn url_accepts_what_the_rule_accepts() {
        for text in [
            "https://crm.example/1",
            "https:\\/\\/crm.example\\/1",
            "http:\\//crm.example",
            "https:///x",
            "https:\\/\\/\\/x",
            "https://",
            "https:/x",
            "ftp://x",
            "https://a b",
            "https:\\/\\/a b",
            "https://a\u{7f}b",
        ] {
            let plain = text.replace("\\/", "/");
            let expected = crate::value::url::check(&plain).is_ok();
            assert_eq!(
                url(&padded(text), 0),
                expected.then_some(text.len()),
                "{text}"
            );
        }
        assert!(url(&padded("https://a\\u0020b"), 0).is_none());
    }

    #[test]
    fn email_address_is_accepted_only_as_the_rule_defines_it() {
        let long = format!("{}@{}.example", "a".repeat(40), "b".repeat(40));
        for text in [
            "a@b",
            "@b",
            "a@",
            "a",
            "",
            "a@b@c",
            "a b@c",
            "a@b c",
            "a\tb@c",
            "a@b\\u0020",
            &long,
            "0123456789abcdef@0123456789abcdef",
            "0123456789abcde@",
            "0123456789abcdef@",
        ] {
            let expected = crate::value::email_address::check(text).is_ok() && !text.contains('\\');
            let end = email_address(&padded(text), 0);
            assert_eq!(end, expected.then_some(text.len()), "{text}");
        }
        // It is in doubt, so that the exact check decides.
        assert_eq!(email_address(&padded("é@b"), 0), None);
    }

    #[test]
    fn string_ends_at_its_quote() {
        for (text, taken) in [
            ("", true),
            ("plain", true),
            ("é and more than eight bytes", true),
            ("esc \\n \\\" \\u00e9 \\/", true),
            ("bad \\x escape", false),
            ("bad \\u12 escape", false),
            ("half \\ud83d pair", false),
            ("half \\ude00 pair", false),
            ("pair \\ud83d\\uDE00", true),
            ("no pair \\ud83d\\ud83d", false),
            ("no pair \\ud83dxxxxxxxx", false),
            ("a\ttab", false),
        ] {
            let end = any(&padded(text), 0);
            assert_eq!(end, taken.then_some(text.len()), "{text}");
        }
        assert!(custom(&padded("2022-02-04T17:57:23\\u002e000Z"), 0).is_none());
        assert!(custom(&padded("2022-02-04T17:57:23Z"), 0).is_some());
        assert!(custom(&padded("R\\u0026D \\/ \\\"x\\\""), 0).is_some());
    }

    #[test]
    fn id_accepts_what_the_rule_accepts() {
        let long = "x".repeat(65);
        for text in [
            "A-1",
            "",
            "a_b",
            "a_b@c.example",
            "a/b",
            "a@b@c",
            "é",
            &long,
            &long[..64],
        ] {
            let expected = object_id::check(text).is_ok();
            assert_eq!(id(&padded(text), 0, true).is_some(), expected, "{text}");
        }
        assert!(id(&padded("a_b"), 0, false).is_none());
    }
}
