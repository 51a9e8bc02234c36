//! Short texts as numbers: they are compared at once, however long they are.

/// A short text between its quotes, filled up with zeros.
#[derive(Debug, Clone, Copy)]
pub(super) struct ShortText([u64; 4]);

/// As many set bytes as a text may have, and then as many zeros.
const MASKS: [u8; 64] = {
    let mut masks = [0; 64];
    let mut at = 0;
    while at < ShortText::MAX_BYTES {
        masks[at] = 0xff;
        at += 1;
    }
    masks
};

impl ShortText {
    /// With both quotes.
    const MAX_BYTES: usize = 32;

    /// The text, if it is short and has no quotes.
    pub(super) fn new(text: &[u8]) -> Option<Self> {
        let quoted = [b"\"", text, b"\"", &[0; 32]].concat();
        let (short, length) = Self::read(&quoted, 0)?;
        (length == text.len() + 1).then_some(short)
    }

    /// The text from the quote at `at` to the next quote, and how many bytes are before that.
    ///
    /// A text that does not start with a quote at `at`, or that ends in an escaped one, equals no
    /// text of [`new`](Self::new) that is valid between its quotes.
    #[inline]
    pub(super) fn read(bytes: &[u8], at: usize) -> Option<(Self, usize)> {
        let bytes = bytes.get(at..)?.first_chunk()?;
        let closing = super::text::quotes(bytes) & !1;
        if closing == 0 {
            return None;
        }
        let length = closing.trailing_zeros() as usize;
        let mask = MASKS.get(Self::MAX_BYTES - 1 - length..)?.first_chunk()?;
        let (words, masks) = (words(bytes), words(mask));
        Some((
            Self(std::array::from_fn(|at| words[at] & masks[at])),
            length,
        ))
    }

    #[inline]
    pub(super) fn is(self, other: Self) -> bool {
        let words = self.0.iter().zip(other.0);
        words.fold(0, |differences, (one, other)| differences | one ^ other) == 0
    }
}

#[inline]
fn words(bytes: &[u8; ShortText::MAX_BYTES]) -> [u64; 4] {
    std::array::from_fn(|at| {
        let word = bytes[at * 8..].first_chunk();
        word.map_or(0, |word| u64::from_le_bytes(*word))
    })
}

/// The values of a choice.
#[derive(Debug, Default)]
pub(super) struct Words {
    short: Vec<ShortText>,
    long: Vec<Box<[u8]>>,
}

impl Words {
    pub(super) fn new(words: &mut dyn Iterator<Item = &str>) -> Self {
        let mut all = Self::default();
        for word in words {
            match ShortText::new(word.as_bytes()) {
                Some(short) => all.short.push(short),
                None => all.long.push(word.as_bytes().into()),
            }
        }
        all
    }

    /// The end of the value that begins after the quote at `at`, if it is one of these.
    #[inline]
    pub(super) fn end(&self, bytes: &[u8], at: usize) -> Option<usize> {
        if let Some((short, length)) = ShortText::read(bytes, at)
            && self.short.iter().any(|word| word.is(short))
        {
            return Some(at + length);
        }
        if self.long.is_empty() {
            return None;
        }
        let end = super::text::plain(bytes, at + 1)?;
        let text = &bytes[at + 1..end];
        self.long.iter().any(|word| **word == *text).then_some(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(text: &str) -> Vec<u8> {
        [b"\"", text.as_bytes(), b"\": 1}\n", &[b'"'; 64]].concat()
    }

    #[test]
    fn texts_are_equal_if_their_bytes_are() {
        let texts = [
            "",
            "a",
            "b",
            "ab",
            "accountId",
            "größe",
            "a\\u0062",
            "abcdefghijklmnop",
        ];
        let long = "a_name_of_thirty_one_characters"; // one too many
        for text in texts.into_iter().chain([&long[..30]]) {
            for other in texts.into_iter().chain([&long[..30]]) {
                let read = ShortText::read(&quoted(text), 0).unwrap();
                assert_eq!(read.1, text.len() + 1);
                let known = ShortText::new(other.as_bytes()).unwrap();
                assert_eq!(read.0.is(known), text == other, "{text} {other}");
            }
        }
        assert!(ShortText::new(long.as_bytes()).is_none());
        assert!(ShortText::new(b"a\"b").is_none());
        assert!(
            !ShortText::new(b"a\0")
                .unwrap()
                .is(ShortText::new(b"a").unwrap())
        );
        assert!(ShortText::read(b"\"a\"", 0).is_none());
        let without_quote = ShortText::read(&quoted("ab")[1..], 0).unwrap();
        assert!(!without_quote.0.is(ShortText::new(b"b").unwrap()));
    }

    #[test]
    fn words_of_any_length_are_found() {
        let long = "a choice that is longer than thirty-two bytes";
        let words = Words::new(&mut ["OPEN", "Größe", long].into_iter());
        for (text, is_word) in [
            ("OPEN", true),
            ("OPE", false),
            ("Größe", true),
            (long, true),
        ] {
            let expected = is_word.then_some(text.len() + 1);
            assert_eq!(words.end(&quoted(text), 0), expected, "{text}");
        }
        assert_eq!(words.end(&quoted(&long[..40]), 0), None);
    }
}
