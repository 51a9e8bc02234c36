//! Values that are not strings.

use super::{after_space, text};

/// Where `true` or `false` ends.
#[inline]
pub(super) fn boolean(bytes: &[u8], at: usize) -> Option<usize> {
    literal(bytes, at, b"true").or_else(|| literal(bytes, at, b"false"))
}

/// The end of the word, if it is there.
#[inline]
pub(super) fn literal(bytes: &[u8], at: usize, word: &[u8]) -> Option<usize> {
    bytes
        .get(at..)?
        .starts_with(word)
        .then_some(at + word.len())
}

/// The end of a number of RFC 8259. A number that may be too large for a double is a doubt.
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

/// Where the digits end; there must be one.
#[inline]
fn digits(bytes: &[u8], at: usize) -> Option<usize> {
    let mut end = at;
    // Nearly all numbers are short; their length is different each time.
    while let Some(count) = text::digits(bytes, end) {
        end += count;
        if count < 16 {
            return (end > at).then_some(end);
        }
    }
    while bytes.get(end)?.is_ascii_digit() {
        end += 1;
    }
    (end > at).then_some(end)
}

/// Where a number from 0 to 100 ends.
#[inline]
pub(super) fn percent(bytes: &[u8], at: usize) -> Option<usize> {
    let end = number(bytes, at)?;
    let number = &bytes[at..end];
    let whole = number
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let is_exponential = number.iter().any(|byte| matches!(byte, b'e' | b'E'));
    // A hundred and something, negative zero and powers are in doubt.
    (!is_exponential && (matches!(whole, 1 | 2) || number == b"100")).then_some(end)
}

/// Where a whole number ends that is not below the minimum.
#[inline]
pub(super) fn integer(bytes: &[u8], at: usize, minimum: i64) -> Option<usize> {
    let end = digits(bytes, at)?;
    if end - at > 18 || (end - at > 1 && bytes[at] == b'0') {
        return None;
    }
    let value = bytes[at..end]
        .iter()
        .fold(0, |number, digit| number * 10 + i64::from(digit - b'0'));
    // A larger number is in doubt: Gong's own integers have 32 bits.
    (value >= minimum && value <= i64::from(i32::MAX)).then_some(end)
}

/// Where a list of strings ends.
#[inline]
pub(super) fn text_list(bytes: &[u8], at: usize) -> Option<usize> {
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
        at = after_space(bytes, text::any(bytes, at + 1)? + 1);
        match *bytes.get(at)? {
            b',' => at = after_space(bytes, at + 1),
            b']' => return Some(at + 1),
            _ => return None,
        }
    }
}

/// Where the value of a custom field ends that is not declared; `null` is one.
#[inline]
pub(super) fn custom(bytes: &[u8], at: usize) -> Option<usize> {
    let word: [u8; 4] = *bytes.get(at..)?.first_chunk()?;
    if word[0] == b'"' {
        return Some(text::custom(bytes, at + 1)? + 1);
    }
    // Which of the three words it is cannot be predicted, so that none is tried before another.
    let is = |other: [u8; 4]| usize::from(u32::from_le_bytes(word) == u32::from_le_bytes(other));
    let is_false = is(*b"fals") & usize::from(bytes.get(at + 4) == Some(&b'e'));
    if is(*b"null") + is(*b"true") + is_false > 0 {
        return Some(at + 4 + is_false);
    }
    if word[0] == b'[' {
        text_list(bytes, at)
    } else {
        number(bytes, at)
    }
}

/// Where any valid value ends. Deeply nested ones and large numbers are for the exact check.
pub(super) fn any(bytes: &[u8], at: usize) -> Option<usize> {
    match *bytes.get(at)? {
        b'"' => text::any(bytes, at + 1).map(|end| end + 1),
        b't' | b'f' => boolean(bytes, at),
        b'n' => literal(bytes, at, b"null"),
        b'[' | b'{' => nested(bytes, at),
        _ => number(bytes, at),
    }
}

/// Where a list or an object ends.
fn nested(bytes: &[u8], at: usize) -> Option<usize> {
    /// One bit per level.
    const MAX_DEPTH: u32 = 60;
    // Which of the open levels are objects, the innermost in the lowest bit.
    let mut objects = 0_u64;
    let mut depth = 0;
    let mut at = at;
    loop {
        // A value begins here, or an empty list or object ends.
        let opened = *bytes.get(at)?;
        if matches!(opened, b'[' | b'{') {
            depth += 1;
            if depth > MAX_DEPTH {
                return None;
            }
            let is_object = opened == b'{';
            objects = objects << 1 | u64::from(is_object);
            at = after_space(bytes, at + 1);
            let closing = if is_object { b'}' } else { b']' };
            if *bytes.get(at)? != closing {
                if is_object {
                    at = key(bytes, at)?;
                }
                continue;
            }
            // Empty: it is closed below.
        } else {
            at = any(bytes, at)?;
        }
        // Values end here.
        loop {
            at = after_space(bytes, at);
            let is_object = objects & 1 == 1;
            match *bytes.get(at)? {
                b',' => {
                    at = after_space(bytes, at + 1);
                    if is_object {
                        at = key(bytes, at)?;
                    }
                    break;
                }
                b'}' if is_object => {}
                b']' if !is_object => {}
                _ => return None,
            }
            at += 1;
            depth -= 1;
            objects >>= 1;
            if depth == 0 {
                return Some(at);
            }
        }
    }
}

/// Where the value begins that follows a name and its colon.
fn key(bytes: &[u8], at: usize) -> Option<usize> {
    if *bytes.get(at)? != b'"' {
        return None;
    }
    let end = text::any(bytes, at + 1)?;
    let colon = after_space(bytes, end + 1);
    (*bytes.get(colon)? == b':').then(|| after_space(bytes, colon + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Reader = fn(&[u8], usize) -> Option<usize>;

    #[test]
    fn scalars_are_accepted_only_as_the_rules_define_them() {
        let positive: Reader = |bytes, at| integer(bytes, at, 1);
        for (text, reader, end) in [
            ("-12.50e+3,", number as Reader, Some(9)),
            ("0}", number, Some(1)),
            ("01}", number, None),
            ("1.}", number, None),
            ("-}", number, None),
            ("1e}", number, None),
            ("1e99}", number, Some(4)),
            ("1e400}", number, None),
            ("67.3}", percent, Some(4)),
            ("100}", percent, Some(3)),
            ("101}", percent, None),
            ("100.1}", percent, None),
            ("1e5}", percent, None),
            ("-1}", percent, None),
            ("1}", positive, Some(1)),
            ("0}", positive, None),
            ("true}", boolean, Some(4)),
            ("false}", boolean, Some(5)),
            ("tru}", boolean, None),
        ] {
            assert_eq!(reader(text.as_bytes(), 0), end, "{text}");
        }
        // Bytes after the end of a list are read in blocks of sixteen, and do not count.
        let list = |text: &str| text_list(&[text.as_bytes(), &[b'_'; 32]].concat(), 0);
        assert_eq!(list("[ \"a\" ,\"\\u00e9\"],"), Some(16));
        assert_eq!(list("[\"a\",]"), None);
    }

    #[test]
    fn nested_values_end_where_a_parser_ends() {
        for json in [
            "[]",
            "{}",
            "[[],{}]",
            "{\"a\":[1,{\"b\":null}],\"c\":{}}",
            "[ 1 , \"]\" , { \"}\" : true } ]",
            "[1,]",
            "{\"a\"}",
            "{\"a\":1,}",
            "[1 2]",
            "[}",
            "{]",
            "[[]",
            "{\"a\":1]",
            "{1:1}",
        ] {
            let bytes = [json.as_bytes(), &[b'_'; 32]].concat();
            let is_valid = serde_json::from_str::<serde::de::IgnoredAny>(json).is_ok();
            let expected = is_valid.then_some(json.len());
            assert_eq!(any(&bytes, 0), expected, "{json}");
        }
    }
}
