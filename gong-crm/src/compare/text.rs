//! JSON strings: where they end, and what their escapes mean.

use super::error::Fault;

const ONES: u64 = u64::MAX / 255;
const HIGH_BITS: u64 = ONES * 0x80;

/// Which of eight bytes are zero. Bytes above the first hit may be marked wrongly.
#[inline]
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGH_BITS
}

/// Which of eight bytes end a run of plain characters: quotes, backslashes, control characters.
/// Bytes above the first hit may be marked wrongly.
#[inline]
fn special(word: u64) -> u64 {
    let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH_BITS;
    zeros(word ^ (ONES * 0x22)) | zeros(word ^ (ONES * 0x5c)) | control
}

/// The first quote, backslash or control character at or after `at`.
#[inline]
fn find_special(bytes: &[u8], mut at: usize) -> usize {
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let hits = special(u64::from_le_bytes(*chunk));
        if hits != 0 {
            return at + (hits.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while let Some(byte) = bytes.get(at) {
        if matches!(byte, b'"' | b'\\' | 0..0x20) {
            return at;
        }
        at += 1;
    }
    at
}

/// Where the closing quote is of a string whose content begins at `start`, and whether the string
/// has escapes.
#[inline]
pub(super) fn end(bytes: &[u8], start: usize) -> Result<(usize, bool), Fault> {
    let at = find_special(bytes, start);
    if bytes.get(at) == Some(&b'"') {
        return Ok((at, false));
    }
    end_of_escaped(bytes, at).map(|end| (end, true))
}

fn end_of_escaped(bytes: &[u8], mut at: usize) -> Result<usize, Fault> {
    loop {
        match bytes.get(at) {
            Some(b'"') => return Ok(at),
            Some(b'\\') => {
                at += match bytes.get(at + 1) {
                    Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
                    Some(b'u') if unit(bytes, at).is_some() => 6,
                    _ => return Err(Fault::syntax(at, "a string has an invalid escape")),
                };
            }
            Some(_) => {
                return Err(Fault::syntax(
                    at,
                    "a string has a control character, which must be escaped",
                ));
            }
            None => return Err(Fault::syntax(at, "a string has no closing quote")),
        }
        at = find_special(bytes, at);
    }
}

/// The UTF-16 unit of a `\u` escape.
fn unit(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0, |unit, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        Some(unit << 4 | u16::try_from(digit).ok()?)
    })
}

/// Appends what the content of a string means.
///
/// An unpaired surrogate is not a character. It is written as the three bytes that UTF-8 would use
/// for it, which no valid text has, so that it equals only itself.
pub(super) fn decode(content: &[u8], out: &mut Vec<u8>) {
    let mut at = 0;
    while let Some(length) = memchr::memchr(b'\\', &content[at..]) {
        out.extend_from_slice(&content[at..at + length]);
        at += length;
        let Some(unit) = unit(content, at) else {
            out.push(match content.get(at + 1) {
                Some(b'b') => 0x08,
                Some(b'f') => 0x0c,
                Some(b'n') => b'\n',
                Some(b'r') => b'\r',
                Some(b't') => b'\t',
                Some(other) => *other,
                None => return,
            });
            at += 2;
            continue;
        };
        at += 6;
        let code = match (unit, self::unit(content, at)) {
            (0xd800..=0xdbff, Some(low @ 0xdc00..=0xdfff)) => {
                at += 6;
                0x1_0000 + (u32::from(unit & 0x3ff) << 10 | u32::from(low & 0x3ff))
            }
            _ => u32::from(unit),
        };
        push(code, out);
    }
    out.extend_from_slice(&content[at..]);
}

fn push(code: u32, out: &mut Vec<u8>) {
    if let Some(character) = char::from_u32(code) {
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    } else {
        let [_, _, high, low] = code.to_be_bytes();
        out.extend_from_slice(&[
            0xe0 | high >> 4,
            0x80 | (high & 0x0f) << 2 | low >> 6,
            0x80 | low & 0x3f,
        ]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(content: &str) -> Vec<u8> {
        let mut out = Vec::new();
        decode(content.as_bytes(), &mut out);
        out
    }

    #[test]
    fn string_ends_at_its_quote_at_every_length() {
        for length in 0..40 {
            for (filler, escaped) in [
                ("x", false),
                ("é", false),
                ("\\\"", true),
                ("\\u00e9", true),
            ] {
                let content = filler.repeat(length);
                let line = format!("{content}\",\"rest\":\"…\"}}");
                let (found, has_escape) = end(line.as_bytes(), 0).unwrap();
                assert_eq!(found, content.len(), "{line}");
                assert_eq!(has_escape, escaped && length > 0, "{line}");
            }
        }
    }

    #[test]
    fn invalid_string_is_an_error() {
        for bad in [
            "no end",
            "tab\there\"",
            "\\x\"",
            "\\u12\"",
            "\\u12g4\"",
            "\\",
            "\\\"",
            "\\u+123\"",
        ] {
            assert!(end(bad.as_bytes(), 0).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn escapes_are_decoded() {
        for (content, meaning) in [
            ("", ""),
            ("plain é", "plain é"),
            (r"caf\u00e9 \/ \\ \u0022", "café / \\ \""),
            (r"\b\f\n\r\t", "\u{8}\u{c}\n\r\t"),
            (r"\ud83d\ude00!", "😀!"),
        ] {
            assert_eq!(decoded(content), meaning.as_bytes(), "{content}");
        }
    }

    #[test]
    fn unpaired_surrogates_differ_from_each_other_and_from_text() {
        let contents = [
            r"\ud83d",
            r"\ude00",
            r"\ud83d\ude00",
            r"\ude00\ud83d",
            r"\ud83dx",
            r"\ufffd",
            "?",
        ];
        for one in contents {
            for other in contents {
                assert_eq!(
                    decoded(one) == decoded(other),
                    one == other,
                    "{one} {other}"
                );
            }
        }
    }
}
