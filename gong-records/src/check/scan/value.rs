//! Values that are not texts, the fast way.

use super::{after_space, text};

/// What a number, or a word such as `true`, has to be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scalar {
    Number,
    /// From 0 to 100.
    Percent,
    Integer {
        minimum: i64,
    },
    Boolean,
    /// `isDeleted`: a [`Scalar::Boolean`] that is remembered.
    Deleted,
}

/// Where the scalar ends.
#[inline]
pub(super) fn scalar(bytes: &[u8], at: usize, scalar: Scalar) -> Option<usize> {
    match scalar {
        Scalar::Number => number(bytes, at),
        Scalar::Percent => percent(bytes, at),
        Scalar::Integer { minimum } => integer(bytes, at, minimum),
        Scalar::Boolean | Scalar::Deleted => {
            literal(bytes, at, b"true").or_else(|| literal(bytes, at, b"false"))
        }
    }
}

/// Where the word ends, if it stands there.
#[inline]
pub(super) fn literal(bytes: &[u8], at: usize, word: &[u8]) -> Option<usize> {
    bytes
        .get(at..)?
        .starts_with(word)
        .then_some(at + word.len())
}

/// Where a number of RFC 8259 ends. What may be too large for any program is for the exact way.
#[inline]
pub(super) fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let at = at + usize::from(*bytes.get(at)? == b'-');
    let mut end = digits(bytes, at)?;
    if end - at > 1 && bytes[at] == b'0' {
        return None;
    }
    if bytes.get(end) == Some(&b'.') {
        end = digits(bytes, end + 1)?;
    }
    let mut is_large = end - at > 200;
    if let Some(b'e' | b'E') = bytes.get(end) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = end + 1 + sign;
        end = digits(bytes, exponent)?;
        is_large |= end - exponent > 2;
    }
    (!is_large).then_some(end)
}

/// Where the digits end, of which there must be one.
#[inline]
fn digits(bytes: &[u8], at: usize) -> Option<usize> {
    let mut end = at;
    while bytes.get(end)?.is_ascii_digit() {
        end += 1;
    }
    (end > at).then_some(end)
}

#[inline]
fn percent(bytes: &[u8], at: usize) -> Option<usize> {
    let end = number(bytes, at)?;
    let number = &bytes[at..end];
    let whole = number
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let is_exponential = number.iter().any(|byte| matches!(byte, b'e' | b'E'));
    // A hundred and something, negative zero and powers are for the exact way.
    (!is_exponential && (matches!(whole, 1 | 2) || number == b"100")).then_some(end)
}

#[inline]
fn integer(bytes: &[u8], at: usize, minimum: i64) -> Option<usize> {
    let end = digits(bytes, at)?;
    if end - at > 18 || (end - at > 1 && bytes[at] == b'0') {
        return None;
    }
    let value = bytes[at..end]
        .iter()
        .fold(0, |number, digit| number * 10 + i64::from(digit - b'0'));
    (value >= minimum).then_some(end)
}

/// Where a list of texts ends.
#[inline]
pub(super) fn text_list(bytes: &[u8], at: usize, is_utf_8: bool) -> Option<usize> {
    if *bytes.get(at)? != b'[' {
        return None;
    }
    let mut at = after_space(bytes, at + 1);
    if bytes.get(at) == Some(&b']') {
        return Some(at + 1);
    }
    loop {
        if *bytes.get(at)? != b'"' {
            return None;
        }
        at = after_space(bytes, text::any(bytes, at + 1, is_utf_8)?.end + 1);
        match *bytes.get(at)? {
            b',' => at = after_space(bytes, at + 1),
            b']' => return Some(at + 1),
            _ => return None,
        }
    }
}

/// Where the value of a custom field ends that is not a text.
#[inline]
pub(super) fn custom(bytes: &[u8], at: usize, is_utf_8: bool) -> Option<usize> {
    match *bytes.get(at)? {
        b'[' => text_list(bytes, at, is_utf_8),
        b't' | b'f' => scalar(bytes, at, Scalar::Boolean),
        _ => number(bytes, at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_are_taken_only_as_the_rules_have_them() {
        for (text, kind, end) in [
            ("-12.50e+3,", Scalar::Number, Some(9)),
            ("0}", Scalar::Number, Some(1)),
            ("01}", Scalar::Number, None),
            ("1.}", Scalar::Number, None),
            ("-}", Scalar::Number, None),
            ("1e}", Scalar::Number, None),
            ("1e99}", Scalar::Number, Some(4)),
            ("1e400}", Scalar::Number, None),
            ("67.3}", Scalar::Percent, Some(4)),
            ("100}", Scalar::Percent, Some(3)),
            ("101}", Scalar::Percent, None),
            ("100.1}", Scalar::Percent, None),
            ("1e5}", Scalar::Percent, None),
            ("-1}", Scalar::Percent, None),
            ("1}", Scalar::Integer { minimum: 1 }, Some(1)),
            ("0}", Scalar::Integer { minimum: 1 }, None),
            ("true}", Scalar::Boolean, Some(4)),
            ("false}", Scalar::Boolean, Some(5)),
            ("tru}", Scalar::Boolean, None),
        ] {
            assert_eq!(scalar(text.as_bytes(), 0, kind), end, "{text}");
        }
        // What is read beyond the end of a list in blocks of sixteen bytes means nothing.
        let list = |text: &str| text_list(&[text.as_bytes(), &[b'_'; 32]].concat(), 0, false);
        assert_eq!(list("[ \"a\" ,\"\\u00e9\"],"), Some(16));
        assert_eq!(list("[\"a\",]"), None);
    }
}
