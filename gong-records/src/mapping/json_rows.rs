//! Reading the records of a JSON file: an array, one object per line, or a list within a document.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read};

use encoding_rs::Encoding;
use encoding_rs_io::DecodeReaderBytesBuilder;
use serde_json::value::RawValue;

use super::ConvertError;
use super::json::Json;
use super::model::MappingError;
use super::row::{Defect, Row, RowPlace};

/// The most bytes that one record may have.
const MAX_RECORD_BYTES: usize = 64 * 1024 * 1024;

/// The records of a JSON file.
pub(super) struct JsonRows<'a> {
    source: Box<dyn BufRead + Send + 'a>,
    line: u64,
    count: u64,
    /// How many arrays around the records are open.
    open: usize,
}

impl<'a> JsonRows<'a> {
    /// The records of an array, or of one object per line; with `records`, those of the list at that
    /// path of a document.
    pub(super) fn new(
        source: impl Read + Send + 'a,
        encoding: &'static Encoding,
        records: Option<&str>,
    ) -> Result<Self, ConvertError> {
        let decoder = DecodeReaderBytesBuilder::new()
            .encoding(Some(encoding))
            .bom_override(true)
            .strip_bom(true)
            .build(source);
        let mut source: Box<dyn BufRead + Send + 'a> = Box::new(BufReader::new(decoder));
        let mut line = 1;
        if let Some(path) = records {
            let mut document = String::new();
            source
                .read_to_string(&mut document)
                .map_err(ConvertError::Read)?;
            let list = list_at(&document, path).map_err(|error| error.within("records"))?;
            let before = list.as_ptr() as usize - document.as_ptr() as usize;
            line += memchr::memchr_iter(b'\n', &document.as_bytes()[..before]).count() as u64;
            source = Box::new(io::Cursor::new(list.as_bytes().to_vec()));
        }
        Ok(Self {
            source,
            line,
            count: 0,
            open: 0,
        })
    }

    /// Reads the next record instead of the last one, and says whether there was one.
    pub(super) fn next(&mut self, row: &mut Row) -> io::Result<bool> {
        let mut text = Vec::new();
        let Some(line) = self.element(&mut text)? else {
            return Ok(self.missing_end(row));
        };
        self.count += 1;
        row.place = RowPlace {
            line,
            row: self.count,
        };
        let text = String::from_utf8_lossy(&text).into_owned();
        let (record, defect) = match Json::parse(&text) {
            Ok(record @ Json::Object(_)) => (record, None),
            Ok(_) => (
                Json::Null,
                Some(Defect::Json("it is not an object".to_owned())),
            ),
            Err(message) => (Json::Null, Some(Defect::Json(message))),
        };
        row.defect = defect;
        row.json = Some((record, text));
        Ok(true)
    }

    /// At the end, whether an array is still open. Then records are missing, and this is a row for them.
    fn missing_end(&mut self, row: &mut Row) -> bool {
        if std::mem::take(&mut self.open) == 0 {
            return false;
        }
        self.count += 1;
        row.place = RowPlace {
            line: self.line,
            row: self.count,
        };
        row.defect = Some(Defect::Json(
            "the array has no end: the file is cut off".to_owned(),
        ));
        row.json = Some((Json::Null, String::new()));
        true
    }

    /// The next value of the array or of the lines, and the line on which it begins.
    fn element(&mut self, text: &mut Vec<u8>) -> io::Result<Option<u64>> {
        let mut begin = None;
        let (mut depth, mut in_string, mut is_escaped) = (0_usize, false, false);
        loop {
            let available = self.source.fill_buf()?;
            if available.is_empty() {
                if begin.is_some() {
                    // What is cut off is this record, which is said.
                    self.open = 0;
                }
                return Ok(begin);
            }
            let mut taken = 0;
            let mut is_done = false;
            for byte in available.iter().copied() {
                taken += 1;
                self.line += u64::from(byte == b'\n');
                let is_between = begin.is_none() || (depth == 0 && !in_string);
                match byte {
                    b'[' if begin.is_none() => self.open += 1,
                    b']' if is_between => self.open = self.open.saturating_sub(1),
                    _ => {}
                }
                if begin.is_none() {
                    if byte.is_ascii_whitespace() || b",[]".contains(&byte) {
                        continue;
                    }
                    begin = Some(self.line);
                }
                // A value that is neither list nor object ends with its line or item.
                if depth == 0 && !in_string && (b",]\n\r".contains(&byte)) {
                    is_done = true;
                    break;
                }
                text.push(byte);
                if in_string {
                    in_string = is_escaped || byte != b'"';
                    is_escaped = !is_escaped && byte == b'\\';
                } else {
                    match byte {
                        b'"' => in_string = true,
                        b'{' | b'[' => depth += 1,
                        b'}' | b']' => {
                            depth = depth.saturating_sub(1);
                            is_done = depth == 0;
                        }
                        _ => {}
                    }
                }
                if is_done {
                    break;
                }
            }
            self.source.consume(taken);
            if text.len() > MAX_RECORD_BYTES {
                return Err(io::Error::other("a record is longer than 64 MiB"));
            }
            if is_done {
                return Ok(begin);
            }
        }
    }
}

/// The list at a path of a document, as its text.
fn list_at<'a>(document: &'a str, path: &str) -> Result<&'a str, MappingError> {
    let bad = |message: String| MappingError::new(message);
    let mut here: &'a str = document;
    for key in path.split('.') {
        let keys: BTreeMap<String, &'a RawValue> =
            serde_json::from_str(here).map_err(|error| bad(format!("records: {error}")))?;
        let known = || keys.keys().cloned().collect::<Vec<_>>().join(", ");
        let value = keys.get(key);
        let value = value.ok_or_else(|| {
            bad(format!(
                "records: the document has no {key:?} on the way to {path:?}; it has {}",
                known()
            ))
        })?;
        here = value.get();
    }
    if here.starts_with('[') {
        Ok(here)
    } else {
        Err(bad(format!("records: there is no list at {path:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, records: Option<&str>) -> Vec<(u64, String, bool)> {
        let mut rows = JsonRows::new(text.as_bytes(), encoding_rs::UTF_8, records).unwrap();
        let (mut read, mut row) = (Vec::new(), Row::default());
        while rows.next(&mut row).unwrap() {
            let (_, text) = row.json.clone().unwrap();
            read.push((row.place.line, text, row.defect.is_none()));
        }
        read
    }

    fn good(line: u64, text: &str) -> (u64, String, bool) {
        (line, text.to_owned(), true)
    }

    #[test]
    fn arrays_lines_and_lists_in_documents_give_the_same_records() {
        let (one, two) = (r#"{"a":"]}\"{"}"#, r#"{"b":[{}]}"#);
        let expected = |first, second| vec![good(first, one), good(second, two)];
        assert_eq!(read(&format!("{one}\n{two}\n"), None), expected(1, 2));
        assert_eq!(read(&format!("[{one},\n{two}]"), None), expected(1, 2));
        assert_eq!(
            read(&format!("[\n  {one}, {two}\n]\n"), None),
            expected(2, 2)
        );
        let document = format!("{{\"n\":1,\n\"data\":{{\"items\":[\n{one},\n{two}]}}}}");
        assert_eq!(read(&document, Some("data.items")), expected(3, 4));
    }

    #[test]
    fn array_without_its_end_has_a_bad_record_at_the_end() {
        for cut in ["[{\"a\":1},\n", "[{\"a\":1}", "[1,\n{\"a\":1},", "["] {
            let read = read(cut, None);
            assert!(read.last().is_some_and(|(.., good)| !good), "{cut}");
        }
        for whole in [
            "[]",
            "[[{\"a\":1}]]",
            "[{\"a\":1}]\n[{\"b\":[1]}]\n",
            "{\"a\":1}\n",
            "",
        ] {
            let read = read(whole, None);
            assert!(read.iter().all(|(.., good)| *good), "{whole}");
        }
        // The record in which the file is cut off is the only bad one.
        assert_eq!(read("[{\"a\":1},{\"b\":", None).len(), 2);
    }

    #[test]
    fn what_is_not_an_object_is_one_bad_record() {
        let read = read("{\"a\":1}\nx y\n{\"b\":}\n{\"c\":1}", None);
        let good: Vec<bool> = read.iter().map(|(.., good)| *good).collect();
        assert_eq!(good, [true, false, false, true]);
        assert!(JsonRows::new(&b"{\"a\":{}}"[..], encoding_rs::UTF_8, Some("a.b")).is_err());
    }
}
