//! Which encoding a file is in: as the mapping says, or as its bytes suggest.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::model::MappingError;

/// The encoding that a mapping names.
pub(super) fn declared(name: &str) -> Result<&'static Encoding, MappingError> {
    Encoding::for_label(name.as_bytes()).ok_or_else(|| {
        MappingError::new(format!(
            "{name:?} is not an encoding; write \"utf-8\" or \"windows-1252\""
        ))
        .within("encoding")
    })
}

/// Passes bytes on, and notices whether a file that is read in another encoding is UTF-8.
pub(super) struct Utf8Watch<R> {
    source: R,
    /// The beginning of a character whose end was not read yet.
    begun: Vec<u8>,
    is_utf8: bool,
    has_letters: bool,
    is_first: bool,
    found: Arc<AtomicBool>,
}

impl<R: Read> Utf8Watch<R> {
    /// What it reads, and where it says at the end that the file is UTF-8, with other letters than
    /// ASCII's.
    pub(super) fn new(source: R) -> (Self, Arc<AtomicBool>) {
        let found = Arc::new(AtomicBool::new(false));
        let watch = Self {
            source,
            begun: Vec::new(),
            is_utf8: true,
            has_letters: false,
            is_first: true,
            found: Arc::clone(&found),
        };
        (watch, found)
    }

    fn look(&mut self, bytes: &[u8]) {
        if std::mem::replace(&mut self.is_first, false) && Encoding::for_bom(bytes).is_some() {
            // The mark's encoding is the one that is read.
            self.is_utf8 = false;
            return;
        }
        if self.begun.is_empty() && bytes.is_ascii() {
            return;
        }
        self.begun.extend_from_slice(bytes);
        match std::str::from_utf8(&self.begun) {
            Ok(_) => {
                self.has_letters = true;
                self.begun.clear();
            }
            Err(error) if error.error_len().is_none() => {
                let valid = error.valid_up_to();
                self.has_letters |= !self.begun[..valid].is_ascii();
                self.begun.drain(..valid);
            }
            Err(_) => self.is_utf8 = false,
        }
    }
}

impl<R: Read> Read for Utf8Watch<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(target)?;
        if count == 0 && !target.is_empty() {
            let is_whole = self.is_utf8 && self.has_letters && self.begun.is_empty();
            self.found.store(is_whole, Ordering::Relaxed);
        } else if self.is_utf8 {
            self.look(&target[..count]);
        }
        Ok(count)
    }
}

/// What the bytes suggest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Guessed {
    pub(super) encoding: &'static Encoding,
    /// Words that would read otherwise in another encoding; none where the bytes leave no doubt.
    pub(super) sample: Option<String>,
    /// The lines that are in another encoding than the rest, which is UTF-8.
    pub(super) mixed: Vec<u64>,
}

/// The most lines that a message names.
const MAX_LINES: usize = 5;

impl Guessed {
    /// The encoding, unless a person has to confirm it.
    pub(super) fn confirmed(&self) -> Result<&'static Encoding, MappingError> {
        if let Some(lines) = self.mixed_lines() {
            return Err(MappingError::new(format!(
                "most of the file is UTF-8, and {lines}: export again, or correct them; with \
                 encoding = \"utf-8\" in the mapping, each of their cells is reported"
            )));
        }
        match &self.sample {
            None => Ok(self.encoding),
            Some(sample) => Err(MappingError::new(format!(
                "the file is not UTF-8, and the mapping names no encoding. As {0} it reads {sample:?}: \
                 if that is right, write encoding = \"{0}\"",
                self.encoding.name().to_lowercase()
            ))),
        }
    }
}

impl Guessed {
    /// The lines that are not in the encoding of the file, for a message.
    pub(super) fn mixed_lines(&self) -> Option<String> {
        let more = self.mixed.len() > MAX_LINES;
        let listed = self.mixed.iter().take(MAX_LINES).map(u64::to_string);
        let listed: Vec<String> = listed.collect();
        match listed.as_slice() {
            [] => None,
            [only] => Some(format!("line {only} is not")),
            all if more => Some(format!("lines {} and others are not", all.join(", "))),
            all => Some(format!("lines {} are not", all.join(", "))),
        }
    }
}

/// Guesses the encoding of a file by its beginning: a byte order mark, UTF-8, UTF-16 by its zero
/// bytes, or else what its letters are likeliest in.
pub(super) fn guessed(begin: &[u8]) -> Guessed {
    guessed_after(begin, 0, false)
}

/// The same by a part of a file, after so many lines that are UTF-8, and perhaps have letters outside
/// ASCII.
pub(super) fn guessed_after(begin: &[u8], lines: u64, has_letters: bool) -> Guessed {
    let sure = |encoding| Guessed {
        encoding,
        sample: None,
        mixed: Vec::new(),
    };
    if Encoding::for_bom(begin).is_some() {
        // The reader takes the mark's encoding.
        return sure(UTF_8);
    }
    if let Some(encoding) = utf_16(begin) {
        return sure(encoding);
    }
    match std::str::from_utf8(begin) {
        Ok(_) => return sure(UTF_8),
        // Only its end is cut.
        Err(error) if error.error_len().is_none() => return sure(UTF_8),
        Err(_) => {}
    }
    if let Some(mixed) = lines_of_others(begin, lines, has_letters) {
        return Guessed {
            mixed,
            ..sure(UTF_8)
        };
    }
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(begin, false);
    let encoding = detector.guess(None, chardetng::Utf8Detection::Deny);
    Guessed {
        encoding,
        sample: Some(sample(begin, encoding)),
        mixed: Vec::new(),
    }
}

/// The lines that are not UTF-8 where others have letters in it: no other encoding looks like UTF-8
/// more than once by chance.
fn lines_of_others(begin: &[u8], lines: u64, has_letters: bool) -> Option<Vec<u64>> {
    let (mut letters, mut wrong) = (u64::from(has_letters), 0_u64);
    let mut others = Vec::new();
    let mut line = lines + 1;
    for chunk in begin.utf8_chunks() {
        let text = chunk.valid();
        letters += text.chars().filter(|one| !one.is_ascii()).count() as u64;
        line += text.bytes().filter(|byte| *byte == b'\n').count() as u64;
        if !chunk.invalid().is_empty() {
            wrong += 1;
            if others.len() <= MAX_LINES && others.last() != Some(&line) {
                others.push(line);
            }
        }
    }
    let is_mostly = letters > 1 && letters >= wrong || has_letters && letters * 2 > wrong;
    is_mostly.then_some(others)
}

/// UTF-16 without a mark: mostly ASCII, so that every second byte is zero.
fn utf_16(begin: &[u8]) -> Option<&'static Encoding> {
    let pairs = begin.len() / 2;
    if pairs < 4 {
        return None;
    }
    let zeros = |offset: usize| {
        let bytes = begin.iter().skip(offset).step_by(2);
        bytes.filter(|byte| **byte == 0).count()
    };
    let (first, second) = (zeros(0), zeros(1));
    if second * 2 > pairs && first * 8 < pairs {
        Some(UTF_16LE)
    } else if first * 2 > pairs && second * 8 < pairs {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// The first words with letters outside ASCII, decoded with the encoding.
fn sample(begin: &[u8], encoding: &'static Encoding) -> String {
    let (text, _, _) = encoding.decode(begin);
    let words = text.split(|one: char| one.is_whitespace() || ";,\t|\"".contains(one));
    let mut special: Vec<&str> = Vec::new();
    for word in words.filter(|word| !word.is_ascii()) {
        if !special.contains(&word) {
            special.push(word);
        }
        if special.len() == 4 {
            break;
        }
    }
    special.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_in_another_encoding_are_named() {
        let mut text = "Straße\nGröße\nplain\n".repeat(3).into_bytes();
        text.extend_from_slice(b"M\xfcller\nGr\xf6\xdfe\n");
        let guess = guessed(&text);
        assert_eq!((guess.encoding, &*guess.mixed), (UTF_8, &[10, 11][..]));
        let message = guess.confirmed().unwrap_err().to_string();
        assert!(message.contains("lines 10, 11 are not"), "{message}");
        // The rest of a file whose first 100 lines are UTF-8.
        assert_eq!(guessed_after(b"M\xfcller\n", 100, true).mixed, [101]);
        let alone = guessed_after(b"M\xfcller\n", 100, false);
        assert!(alone.mixed.is_empty());
        let wide = "a".repeat(3) + "ü" + &"b".repeat(3);
        assert_eq!(guessed(&wide.as_bytes()[..4]).confirmed(), Ok(UTF_8));
    }

    #[test]
    fn encodings_are_recognized_or_asked_for() {
        let (german, _, _) =
            encoding_rs::WINDOWS_1252.encode("Straße;Gelöscht;Änderung\nHafenstraße;Müller;Löwen");
        let guess = guessed(&german);
        assert_eq!(guess.encoding, encoding_rs::WINDOWS_1252);
        let message = guess.confirmed().unwrap_err().to_string();
        assert!(
            message.contains("Straße") && message.contains("encoding = \"windows-1252\""),
            "{message}"
        );
        let (polish, _, _) = encoding_rs::WINDOWS_1250.encode("Łódź Wiślanka Zażółć gęślą jaźń");
        assert_eq!(guessed(&polish).encoding, encoding_rs::WINDOWS_1250);
        let (japanese, _, _) =
            encoding_rs::SHIFT_JIS.encode("会社名,担当者,金額\n株式会社,山田,100");
        assert_eq!(guessed(&japanese).encoding, encoding_rs::SHIFT_JIS);
        assert_eq!(guessed("Straße".as_bytes()).confirmed(), Ok(UTF_8));
        let wide: Vec<u8> = "Deal ID\tName\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(guessed(&wide).confirmed(), Ok(UTF_16LE));
        let wide: Vec<u8> = "Deal ID\tName\n"
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect();
        assert_eq!(guessed(&wide).confirmed(), Ok(UTF_16BE));
    }
}
