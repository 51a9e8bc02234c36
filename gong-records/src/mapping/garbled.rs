//! Text that another program has garbled: UTF-8 that was read in another encoding, signs as HTML
//! writes them.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

/// How many bytes decide whether a place is garbled.
const LENGTH: usize = 8;

/// The most bytes of a word that is shown.
const MAX_SHOWN: usize = 60;

/// What is garbled in a file, known once it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Garbled {
    /// Places such as `MÃ¼ller`, with the first word.
    pub(super) letters: Option<(u64, String)>,
    /// Places such as `&amp;`, with the first.
    pub(super) signs: Option<(u64, String)>,
}

/// Passes the bytes of a file in UTF-8 on, and looks for garbled text: few bytes can begin some, so
/// that it takes hardly any time.
pub(super) struct GarbledWatch<R> {
    source: R,
    /// The end of what was read before.
    tail: Vec<u8>,
    found: Arc<Mutex<Garbled>>,
}

impl<R: Read> GarbledWatch<R> {
    /// What it reads, and where it says at the end what it found.
    pub(super) fn new(source: R) -> (Self, Arc<Mutex<Garbled>>) {
        let found = Arc::new(Mutex::new(Garbled::default()));
        let watch = Self {
            source,
            tail: Vec::new(),
            found: Arc::clone(&found),
        };
        (watch, found)
    }

    fn look(&mut self, bytes: &[u8]) {
        // Between what was read before and now.
        let mut between = std::mem::take(&mut self.tail);
        let joined = between.len();
        between.extend(bytes.iter().take(LENGTH));
        let is_short = bytes.len() < LENGTH;
        let whole = (between.len() + 1).saturating_sub(LENGTH);
        let end = joined.min(whole);
        self.places(&between, end);
        if is_short {
            between.drain(..end);
            self.tail = between;
            return;
        }
        let end = bytes.len() + 1 - LENGTH;
        self.places(bytes, end);
        self.tail.extend_from_slice(&bytes[end..]);
    }

    /// Notes the garbled places that begin before `end`.
    fn places(&mut self, bytes: &[u8], end: usize) {
        for at in memchr::memchr2_iter(0xc3, b'&', &bytes[..end]) {
            let rest = &bytes[at..];
            let note = |is_sign: bool, shown: &dyn Fn() -> String| {
                let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
                let kind = if is_sign {
                    &mut found.signs
                } else {
                    &mut found.letters
                };
                kind.get_or_insert_with(|| (0, shown())).0 += 1;
            };
            if is_misread_letter(rest) {
                note(false, &|| word(bytes, at));
            } else if let Some(sign) = html_sign(rest) {
                note(true, &|| sign.to_owned());
            }
        }
    }
}

impl<R: Read> Read for GarbledWatch<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(target)?;
        if count == 0 && !target.is_empty() {
            // What is left is too short for other places than those at its beginning.
            let tail = std::mem::take(&mut self.tail);
            self.places(&tail, tail.len());
        } else {
            self.look(&target[..count]);
        }
        Ok(count)
    }
}

/// Whether a letter begins that was two bytes of UTF-8 before they were read as Windows-1252, and
/// written as UTF-8 again: `Ã¼` for `ü`, `Â°` for `°`, `â€™` for `’`.
fn is_misread_letter(rest: &[u8]) -> bool {
    match rest {
        [0xc3, 0x83, 0xc2 | 0xc5 | 0xc6 | 0xcb, ..]
        | [0xc3, 0x82, 0xc2, ..]
        | [0xc3, 0xa2, 0xe2, 0x82, 0xac, ..] => true,
        // A word may end in Ã before a quote or a dash.
        [0xc3, 0x83, 0xe2, 0x80 | 0x82 | 0x84, _, next, ..] => next.is_ascii_alphabetic(),
        _ => false,
    }
}

/// A sign as HTML writes it.
fn html_sign(rest: &[u8]) -> Option<&'static str> {
    const SIGNS: [&str; 8] = [
        "&amp;", "&#39;", "&#039;", "&quot;", "&lt;", "&gt;", "&nbsp;", "&apos;",
    ];
    SIGNS
        .into_iter()
        .find(|sign| rest.starts_with(sign.as_bytes()))
}

/// The word around a place.
fn word(bytes: &[u8], at: usize) -> String {
    let is_end = |byte: &u8| byte.is_ascii_whitespace() || b";,|\":".contains(byte);
    let before = bytes[..at].iter().rev().take(MAX_SHOWN / 2);
    let start = at - before.take_while(|byte| !is_end(byte)).count();
    let after = bytes[at..].iter().take(MAX_SHOWN / 2);
    let end = at + after.take_while(|byte| !is_end(byte)).count();
    let text = String::from_utf8_lossy(&bytes[start..end]);
    text.trim_matches(char::REPLACEMENT_CHARACTER).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found where a few bytes are read at a time.
    fn found(text: &str, at_once: usize) -> Garbled {
        let (mut watch, found) = GarbledWatch::new(text.as_bytes());
        let mut buffer = vec![0; at_once];
        while watch.read(&mut buffer).unwrap() > 0 {}
        let found = found.lock().unwrap();
        found.clone()
    }

    #[test]
    fn garbled_letters_and_signs_are_found_wherever_they_are_cut() {
        let text = "Id;Name\n1;MÃ¼ller & SÃ¶hne\n2;Tom&#39;s Râ€™D\n3;Ã„nderung\n4;Ã–l &amp; Co";
        for at_once in [1, 2, 3, 7, 8, 9, 16, 4_096] {
            let found = found(text, at_once);
            let count = |of: &Option<(u64, String)>| of.as_ref().map(|(count, _)| *count);
            assert_eq!(count(&found.letters), Some(5), "{at_once}");
            assert_eq!(count(&found.signs), Some(2), "{at_once}");
        }
        let all = found(text, 4_096);
        assert_eq!(all.letters.unwrap().1, "MÃ¼ller");
        assert_eq!(all.signs.unwrap().1, "&#39;");
    }

    #[test]
    fn words_of_every_language_are_not_garbled() {
        for text in [
            "Müller;SÃO PAULO;NÃO;IRMÃ;\"IRMÔ;Âncora;Âge;château;R&D;Marks & Spencer;a&b;",
            "Straße;Größe;Łódź;会社;пример;naïve – “quoted”;https://x.example/?a=1&lt=2",
        ] {
            for at_once in [1, 5, 4_096] {
                assert_eq!(found(text, at_once), Garbled::default(), "{text}");
            }
        }
    }
}
