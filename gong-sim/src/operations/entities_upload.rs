//! Uploading a file of objects: read line by line as it arrives, never held whole.

use http::StatusCode;
use serde_json::json;

use crate::record::{Change, ObjectType, RecordCheck};
use crate::rules::{RuleId, RuleSet};
use crate::server::{Answer, Call, DataFile};
use crate::state::{IntegrationData, Job, JobKind, Outcome, Staged, StagedChange, State};

/// Reads the lines of one file and sorts them into changes and errors.
#[derive(Debug)]
pub(crate) struct FileReader {
    check: RecordCheck,
    /// The first bytes, which tell what kind of file it is.
    head: Vec<u8>,
    partial: Vec<u8>,
    line: u32,
    previous_date: Option<jiff::Timestamp>,
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
                .refuse_file("The file is not a text file in UTF-8");
            self.staged.clear();
        } else if has_no_record && self.on(RuleId::EmptyFile) {
            self.outcome.refuse_file("The file contains no objects");
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
        let refusal = match self.judge(bytes) {
            Ok(()) => return,
            Err(refusal) => refusal,
        };
        self.outcome.refuse(self.line, refusal, bytes);
    }

    fn judge(&mut self, bytes: &[u8]) -> Result<(), String> {
        if bytes.ends_with(b"\r") && self.on(RuleId::CarriageReturn) {
            return Err("Json parse error: unexpected carriage return".to_owned());
        }
        let content = bytes.trim_ascii();
        if content.is_empty() {
            let refused = self.on(RuleId::BlankLine);
            return if refused {
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
            let date = checked.modified_date.parse().ok();
            if date.is_some() && date < self.previous_date {
                return Err("The file is not sorted by modifiedDate".to_owned());
            }
            self.previous_date = date.or(self.previous_date);
        }
        if self.on(RuleId::DuplicateObjectId) && self.staged.contains_key(&checked.object_id) {
            return Err(format!(
                "Object [{}] appears more than once in the file",
                checked.object_id
            ));
        }
        self.outcome.total_success_count += 1;
        self.staged.insert(
            checked.object_id,
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

/// What an upload must pass before its body is read.
pub(crate) struct Admitted {
    object_type: ObjectType,
    integration_id: i64,
    client_request_id: String,
    pub(crate) check: RecordCheck,
}

/// The two halves of an upload, between which the body is read without holding the state's lock.
pub(crate) mod upload {
    use super::{
        Admitted, Answer, Call, Change, DataFile, IntegrationData, Job, JobKind, ObjectType,
        Outcome, RecordCheck, RuleId, RuleSet, Staged, State, StatusCode, json,
    };

    /// Judges the query.
    pub(crate) fn admit(state: &State, call: &Call<'_>) -> Result<Admitted, Answer> {
        call.refuse_unknown_parameters(state.rules)?;
        let object_type = call.object_type(&ObjectType::ALL)?;
        let client_request_id = call.client_request_id(state.rules)?;
        let integration_id = call.known_integration(state)?;
        Call::refuse_used_id(state, integration_id, &client_request_id)?;
        let Some(integration) = state.integration(integration_id) else {
            return Err(call.unknown_integration());
        };
        if integration.is_being_deleted && state.rules.is_on(RuleId::DeletingRefusesUploads) {
            return Err(Answer::bad_request("The integration is being deleted"));
        }
        let schema = integration.schema(object_type);
        let check = RecordCheck {
            object_type,
            rules: state.rules,
            schema,
        };
        Ok(Admitted {
            object_type,
            integration_id,
            client_request_id,
            check,
        })
    }

    /// Accepts the file that was read.
    pub(crate) fn accept(
        state: &mut State,
        call: &Call<'_>,
        admitted: Admitted,
        file: DataFile,
    ) -> Result<Answer, Answer> {
        let Admitted {
            object_type,
            integration_id,
            client_request_id,
            check,
        } = admitted;
        // The body took its time: another request may have used the id or deleted the integration.
        Call::refuse_used_id(state, integration_id, &client_request_id)?;
        let (mut outcome, mut staged) = file.reader.finish();
        let Some(integration) = state.integration(integration_id) else {
            return Err(call.unknown_integration());
        };
        weigh(
            integration,
            object_type,
            check.rules,
            &mut outcome,
            &mut staged,
        );
        if let Some(description) = file.fails_with {
            outcome.refuse_file(&description);
            staged.clear();
        }
        let job = Job::new(
            JobKind::Upload(object_type),
            state.now(),
            state.processing,
            outcome,
            staged,
        );
        state.jobs.add(integration_id, &client_request_id, job);
        state.changed();
        state.settle();
        Ok(Answer::new(
            StatusCode::CREATED,
            json!({ "clientRequestId": client_request_id }),
        ))
    }

    /// Holds the changes against the objects that are there, where a rule asks for it.
    fn weigh(
        integration: &IntegrationData,
        object_type: ObjectType,
        rules: RuleSet,
        outcome: &mut Outcome,
        staged: &mut Staged,
    ) {
        let asked = [
            RuleId::EmailChangeNeedsDeletion,
            RuleId::ReferenceTarget,
            RuleId::DeletionNeedsObject,
        ]
        .into_iter()
        .any(|rule| rules.is_on(rule));
        if !asked {
            return;
        }
        staged.retain(|object_id, staged| {
            let objection = integration.objection(object_type, object_id, &staged.change, rules);
            let Some(description) = objection else {
                return true;
            };
            let text: &[u8] = match &staged.change {
                Change::Put(bytes) => bytes,
                Change::Delete => b"",
            };
            outcome.total_success_count = outcome.total_success_count.saturating_sub(1);
            outcome.refuse(staged.line, description, text);
            false
        });
        outcome.errors.sort_by_key(|error| error.line);
        if outcome.total_error_count > 0 && !rules.is_on(RuleId::GoodLinesApplied) {
            outcome.total_success_count = 0;
            staged.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_file_reads_the_same_however_it_is_cut() {
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
    fn lines_are_counted_from_one_with_blank_ones() {
        let file = b"{\"objectId\":\"a\",\"name\":\"A\"}\r\n\n{broken\n\n{}\n";
        assert_eq!(lines_of(&read(&[], &[file]).0), [3, 5]);
        assert_eq!(
            lines_of(&read(&[("blank-line", true), ("carriage-return", true)], &[file]).0),
            [1, 2, 3, 4, 5]
        );
    }

    #[test]
    fn odd_files_follow_their_switches() {
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
    fn a_second_record_with_the_same_id_is_refused() {
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
    fn all_errors_count_and_a_thousand_are_kept() {
        let (outcome, _) = read(&[], &["{}\n".repeat(2_500).as_bytes()]);
        assert_eq!(outcome.total_error_count, 2_500);
        assert_eq!(outcome.errors.len(), Outcome::ERRORS_KEPT);
    }

    #[test]
    fn one_bad_line_can_be_made_to_spoil_the_file() {
        let file = b"{\"objectId\":\"a\",\"name\":\"A\"}\n{}\n";
        let (outcome, staged) = read(&[("good-lines-applied", false)], &[file]);
        assert_eq!((outcome.total_success_count, staged.len()), (0, 0));
    }
}
