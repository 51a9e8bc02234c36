//! JSON that is valid by its grammar, but that parsers cannot represent.

use std::ops::Range;

use super::amount::is_finite;

/// Whether the JSON contains something that parsers cannot represent.
pub(crate) fn is_unrepresentable(json: &str) -> bool {
    unpaired_surrogate(json).is_some() || overflowing_number(json).is_some()
}

/// The position of an escape that is an unpaired surrogate.
pub(crate) fn unpaired_surrogate(json: &str) -> Option<Range<usize>> {
    let bytes = json.as_bytes();
    let unit = |at: usize| -> Option<u16> {
        let digits = json.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut at = 0;
    while let Some(next) = memchr::memchr(b'\\', bytes.get(at..)?) {
        at += next;
        match unit(at) {
            Some(0xd800..=0xdbff) if matches!(unit(at + 6), Some(0xdc00..=0xdfff)) => at += 12,
            Some(0xd800..=0xdfff) => return Some(at..at + 6),
            Some(_) => at += 6,
            None => at += 2,
        }
    }
    None
}

/// The position of a number that overflows to infinity.
pub(crate) fn overflowing_number(json: &str) -> Option<Range<usize>> {
    let bytes = json.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = end_of_text(bytes, at),
            b'-' | b'0'..=b'9' => {
                let is_of_number =
                    |byte: &u8| matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
                let length = bytes[at..]
                    .iter()
                    .take_while(|byte| is_of_number(byte))
                    .count();
                let number = &json[at..at + length];
                if may_be_large(number) && !is_finite(number) {
                    return Some(at..at + length);
                }
                at += length;
            }
            _ => at += 1,
        }
    }
    None
}

/// Most numbers need no parsing to know that they are not.
fn may_be_large(number: &str) -> bool {
    number.len() > 300 || number.contains(['e', 'E'])
}

/// The end of the string that begins here.
fn end_of_text(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(next) = bytes
        .get(at..)
        .and_then(|rest| memchr::memchr2(b'"', b'\\', rest))
    {
        at += next;
        if bytes[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_without_end_is_found() {
        for (json, found) in [
            ("1e400", Some(0..5)),
            ("[1,-2E+999]", Some(3..10)),
            (r#"{"1e400":"\"1e400","a":1e308}"#, None),
            ("-12.5e-400", None),
            ("true", None),
        ] {
            assert_eq!(overflowing_number(json), found, "{json}");
        }
        let digits = "9".repeat(400);
        assert_eq!(overflowing_number(&digits), Some(0..400));
    }

    #[test]
    fn half_a_pair_of_surrogates_is_found() {
        assert_eq!(unpaired_surrogate(r#""\ud83d\ude00 \\ud83d \u00e9""#), None);
        assert_eq!(unpaired_surrogate(r#""x\ud83dx""#), Some(2..8));
        assert_eq!(unpaired_surrogate(r#""\ude00""#), Some(1..7));
    }
}
