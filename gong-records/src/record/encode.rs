//! Appending values to a line as JSON, without an intermediate value.

use crate::value::{Amount, CloseDate, EmailAddress, ObjectId, Timestamp, Url};

/// A value that can be appended to a line as JSON.
pub(crate) trait AppendJson {
    fn append_json(&self, line: &mut Vec<u8>);
}

/// Text in quotes, with the escapes that `serde_json` would use.
impl AppendJson for str {
    fn append_json(&self, line: &mut Vec<u8>) {
        line.reserve(self.len() + 2);
        line.push(b'"');
        let mut rest = self.as_bytes();
        while let Some(index) = first_to_escape(rest) {
            line.extend_from_slice(&rest[..index]);
            escape(rest[index], line);
            rest = &rest[index + 1..];
        }
        line.extend_from_slice(rest);
        line.push(b'"');
    }
}

impl AppendJson for String {
    fn append_json(&self, line: &mut Vec<u8>) {
        self.as_str().append_json(line);
    }
}

macro_rules! append_text {
    ($($name:ty),*) => {$(
        impl AppendJson for $name {
            fn append_json(&self, line: &mut Vec<u8>) {
                self.as_str().append_json(line);
            }
        }
    )*};
}
append_text!(EmailAddress, Url);

/// Texts whose rules exclude every character that needs an escape.
macro_rules! append_plain_text {
    ($($name:ty),*) => {$(
        impl AppendJson for $name {
            fn append_json(&self, line: &mut Vec<u8>) {
                let text = self.as_str().as_bytes();
                line.reserve(text.len() + 2);
                line.push(b'"');
                line.extend_from_slice(text);
                line.push(b'"');
            }
        }
    )*};
}
append_plain_text!(CloseDate, ObjectId);

impl AppendJson for Timestamp {
    fn append_json(&self, line: &mut Vec<u8>) {
        line.push(b'"');
        line.extend_from_slice(self.as_bytes());
        line.push(b'"');
    }
}

/// A number as it was given, which is valid JSON.
impl AppendJson for Amount {
    fn append_json(&self, line: &mut Vec<u8>) {
        line.extend_from_slice(self.as_str().as_bytes());
    }
}

impl AppendJson for bool {
    fn append_json(&self, line: &mut Vec<u8>) {
        line.extend_from_slice(if *self { b"true" } else { b"false" });
    }
}

impl AppendJson for i64 {
    fn append_json(&self, line: &mut Vec<u8>) {
        line.extend_from_slice(self.to_string().as_bytes());
    }
}

impl AppendJson for Vec<String> {
    fn append_json(&self, line: &mut Vec<u8>) {
        line.push(b'[');
        for (index, text) in self.iter().enumerate() {
            if index > 0 {
                line.push(b',');
            }
            text.append_json(line);
        }
        line.push(b']');
    }
}

/// The position of the first byte that needs an escape, in steps of eight bytes.
fn first_to_escape(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHS: u64 = ONES << 7;
    // The lowest high bit set in the result is right; only those above it may be wrong.
    let below = |word: u64, bound: u8| word.wrapping_sub(ONES * u64::from(bound)) & !word & HIGHS;
    let equal = |word: u64, byte: u8| below(word ^ (ONES * u64::from(byte)), 1);

    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = below(word, b' ') | equal(word, b'"') | equal(word, b'\\');
        if found != 0 {
            return Some(index * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let special = |byte: &u8| *byte < b' ' || *byte == b'"' || *byte == b'\\';
    rest.iter()
        .position(special)
        .map(|index| words.len() * 8 + index)
}

fn escape(byte: u8, line: &mut Vec<u8>) {
    const HEXADECIMAL: &[u8; 16] = b"0123456789abcdef";
    let short = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        b'\t' => b't',
        b'\n' => b'n',
        0x0c => b'f',
        b'\r' => b'r',
        _ => {
            line.extend_from_slice(b"\\u00");
            line.push(HEXADECIMAL[usize::from(byte >> 4)]);
            line.push(HEXADECIMAL[usize::from(byte & 15)]);
            return;
        }
    };
    line.extend_from_slice(&[b'\\', short]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_is_escaped_as_serde_json_does_at_every_place() {
        for character in (0..=0x17f_u32).filter_map(char::from_u32) {
            for before in 0..17 {
                let text = format!("{}{character}{character}é\u{1f600}", "x".repeat(before));
                let mut line = Vec::new();
                text.append_json(&mut line);
                assert_eq!(
                    String::from_utf8(line).unwrap(),
                    serde_json::to_string(&text).unwrap()
                );
            }
        }
    }
}
