//! Reads the file of an upload line by line as it arrives, never as a whole.

use super::objects::key_of;
use super::uploads::{Outcome, Staged, StagedChange};
use crate::rules::RuleId;
use crate::validate::{RecordCheck, instant};

/// Reads the lines of one file and sorts them into changes and errors.
#[derive(Debug)]
pub(crate) struct FileReader {
    check: RecordCheck,
    /// The first bytes, by which the kind of file is recognized.
    head: Vec<u8>,
    partial: Vec<u8>,
    line: u32,
    previous_date: Option<i64>,
    outcome: Outcome,
    staged: Staged,
}

impl FileReader {
    pub(crate) fn new(check: RecordCheck) -> Self {
        Self {
            check,
            head: Vec::new(),
            partial: Vec::new(),
            line: 0,
            previous_date: None,
            outcome: Outcome::default(),
            staged: Staged::new(),
        }
    }

    /// Takes the next bytes of the file, cut anywhere.
    pub(crate) fn push(&mut self, mut bytes: &[u8]) {
        self.outcome.file_size += bytes.len() as u64;
        let wanted = HEAD - self.head.len();
        self.head
            .extend_from_slice(&bytes[..bytes.len().min(wanted)]);
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            if self.partial.is_empty() {
                self.read_line(&bytes[..end]);
            } else {
                let mut whole = std::mem::take(&mut self.partial);
                whole.extend_from_slice(&bytes[..end]);
                self.read_line(&whole);
                whole.clear();
                // The buffer is kept for the next line that is cut.
                self.partial = whole;
            }
            bytes = &bytes[end + 1..];
        }
        self.partial.extend_from_slice(bytes);
    }

    /// Ends the file, whose last line needs no line end.
    pub(crate) fn finish(mut self) -> (Outcome, Staged) {
        if !self.partial.is_empty() {
            let last = std::mem::take(&mut self.partial);
            self.read_line(&last);
        }
        let has_no_record =
            self.outcome.total_success_count == 0 && self.outcome.total_error_count == 0;
        if is_not_text(&self.head) && self.on(RuleId::NotText) {
            self.outcome
                .reject_file("The file is not a text file in UTF-8");
            self.staged.clear();
        } else if has_no_record && self.on(RuleId::EmptyFile) {
            self.outcome.reject_file("The file contains no objects");
        }
        if self.outcome.total_error_count > 0 && !self.on(RuleId::GoodLinesApplied) {
            self.outcome.total_success_count = 0;
            self.staged.clear();
        }
        (self.outcome, self.staged)
    }

    fn on(&self, rule: RuleId) -> bool {
        self.check.rules.is_on(rule)
    }

    fn read_line(&mut self, mut bytes: &[u8]) {
        self.line = self.line.saturating_add(1);
        if self.line == 1 && !self.on(RuleId::ByteOrderMark) {
            bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        }
        let rejection = match self.judge(bytes) {
            Ok(()) => return,
            Err(rejection) => rejection,
        };
        self.outcome.reject(self.line, rejection, bytes);
    }

    fn judge(&mut self, bytes: &[u8]) -> Result<(), String> {
        if bytes.ends_with(b"\r") && self.on(RuleId::CarriageReturn) {
            return Err("Json parse error: unexpected carriage return".to_owned());
        }
        let content = bytes.trim_ascii();
        if content.is_empty() {
            let rejected = self.on(RuleId::BlankLine);
            return if rejected {
                Err("Json parse error: the line is empty".to_owned())
            } else {
                Ok(())
            };
        }
        if content.starts_with(b"//") && !self.on(RuleId::CommentLine) {
            return Ok(());
        }
        let checked = self.check.check(bytes)?;
        if self.on(RuleId::SortedByModifiedDate) {
            let date = instant(&checked.modified_date);
            if date.is_some() && date < self.previous_date {
                return Err("The file is not sorted by modifiedDate".to_owned());
            }
            self.previous_date = date.or(self.previous_date);
        }
        let key: Box<str> = key_of(&checked.object_id, self.check.rules).into();
        if self.on(RuleId::DuplicateObjectId) && self.staged.contains_key(&key) {
            return Err(format!(
                "Object [{}] appears more than once in the file",
                checked.object_id
            ));
        }
        self.outcome.total_success_count += 1;
        self.staged.insert(
            key,
            StagedChange {
                line: self.line,
                change: checked.change,
            },
        );
        Ok(())
    }
}

const HEAD: usize = 4;

/// The signatures of gzip, zip and UTF-16.
fn is_not_text(head: &[u8]) -> bool {
    [
        b"\x1F\x8B".as_slice(),
        b"PK\x03\x04",
        b"\xFF\xFE",
        b"\xFE\xFF",
    ]
    .iter()
    .any(|signature| head.starts_with(signature))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object_type::ObjectType;
    use crate::rules::RuleSet;

    fn read(rules: &[(&str, bool)], chunks: &[&[u8]]) -> (Outcome, Staged) {
        let mut set = RuleSet::standard();
        for (name, on) in rules {
            set.set(name, *on).unwrap();
        }
        let check = RecordCheck {
            object_type: ObjectType::Stage,
            rules: set,
            schema: [].into(),
        };
        let mut reader = FileReader::new(check);
        for chunk in chunks {
            reader.push(chunk);
        }
        reader.finish()
    }

    fn lines_of(outcome: &Outcome) -> Vec<u32> {
        outcome.errors.iter().map(|error| error.line).collect()
    }

    const GOOD: &[u8] = b"{\"objectId\":\"a\",\"name\":\"A\"}\n{\"objectId\":\"b\",\"name\":\"B\"}";

    #[test]
    fn file_reads_the_same_however_it_is_cut() {
        for cut in 0..GOOD.len() {
            let (outcome, staged) = read(&[], &[&GOOD[..cut], &GOOD[cut..]]);
            assert_eq!(
                (outcome.total_success_count, outcome.total_error_count),
                (2, 0),
                "cut at {cut}"
            );
            assert_eq!(staged.len(), 2);
        }
    }

    #[test]
    fn line_numbers_start_at_one_and_count_blank_lines() {
        let file = b"{\"objectId\":\"a\",\"name\":\"A\"}\r\n\n{broken\n\n{}\n";
        assert_eq!(lines_of(&read(&[], &[file]).0), [3, 5]);
        assert_eq!(
            lines_of(&read(&[("blank-line", true), ("carriage-return", true)], &[file]).0),
            [1, 2, 3, 4, 5]
        );
    }

    #[test]
    fn unusual_file_follows_its_switch() {
        let marked = b"\xEF\xBB\xBF{\"objectId\":\"a\",\"name\":\"A\"}";
        assert_eq!(lines_of(&read(&[], &[marked]).0), [1]);
        assert_eq!(
            read(&[("byte-order-mark", false)], &[marked])
                .0
                .total_success_count,
            1
        );
        let commented = b"// stages\n{\"objectId\":\"a\",\"name\":\"A\"}";
        assert_eq!(lines_of(&read(&[], &[commented]).0), [1]);
        assert_eq!(
            read(&[("comment-line", false)], &[commented])
                .0
                .total_error_count,
            0
        );
        assert_eq!(lines_of(&read(&[("empty-file", true)], &[b"\n\n"]).0), [0]);
        assert_eq!(read(&[], &[b""]).0.total_error_count, 0);
        let zipped: [&[u8]; 3] = [b"\x1F", b"\x8B\x08\n", b"\n\n"];
        assert_eq!(lines_of(&read(&[], &zipped).0), [0]);
        assert_eq!(lines_of(&read(&[("not-text", false)], &zipped).0), [1]);
    }

    #[test]
    fn second_record_with_the_same_id_is_rejected() {
        let twice = b"{\"objectId\":\"a\",\"name\":\"A\"}\n{\"objectId\":\"a\",\"name\":\"B\"}\n";
        let (outcome, staged) = read(&[], &[twice]);
        assert_eq!(lines_of(&outcome), [2]);
        assert_eq!(staged["a"].line, 1);
        assert_eq!(
            read(&[("duplicate-object-id", false)], &[twice]).1["a"].line,
            2
        );
    }

    #[test]
    fn errors_are_all_counted_and_a_thousand_are_kept() {
        let (outcome, _) = read(&[], &["{}\n".repeat(2_500).as_bytes()]);
        assert_eq!(outcome.total_error_count, 2_500);
        assert_eq!(outcome.errors.len(), Outcome::ERRORS_KEPT);
    }

    #[test]
    fn good_lines_follow_their_switch() {
        let file = b"{\"objectId\":\"a\",\"name\":\"A\"}\n{}\n";
        let (outcome, staged) = read(&[("good-lines-applied", false)], &[file]);
        assert_eq!((outcome.total_success_count, staged.len()), (0, 0));
    }
}
