//! Reads the result of each record from Gong's last status of an upload.
//!
//! Gong lists at most 20 errors and counts the others. Records that the status does not cover are
//! uncertain, never accepted: a verdict of `DONE` with 7 successes for 30 records is not done.

use std::borrow::Cow;
use std::collections::BTreeMap;

use gong_client::status::{RequestState, RequestStatus};

use crate::ledger::RecordOutcome;

/// The results for an upload's records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Judgement {
    /// The records that an error names, by their place from 0, with Gong's reason.
    pub(super) rejected: BTreeMap<usize, String>,
    /// The result for the records without an error.
    pub(super) rest: RecordOutcome,
    /// Gong's reason for the upload as a whole, or the oddity in its status.
    pub(super) reason: String,
    /// Whether Gong counted errors that it did not list.
    pub(super) has_unlisted: bool,
    /// Whether records that were not accepted may still be in Gong: it named no error and no count.
    pub(super) may_be_in_gong: bool,
    /// Whether the upload failed, and Gong named no record for that.
    pub(super) failed_whole: bool,
}

/// Reads the verdict of an upload of so many records.
fn judge(status: &RequestStatus, records: usize) -> Judgement {
    let mut rejected: BTreeMap<usize, String> = BTreeMap::new();
    let mut general = Vec::new();
    for error in &status.errors {
        let place = usize::try_from(error.line)
            .ok()
            .and_then(|line| line.checked_sub(1))
            .filter(|place| *place < records);
        match (place, error.line) {
            (Some(place), _) => {
                let reason = rejected.entry(place).or_default();
                if !reason.is_empty() {
                    reason.push_str("; ");
                }
                reason.push_str(&error.description);
            }
            (None, 0) => general.push(error.description.clone()),
            (None, line) => {
                general.push(format!("line {line} of {records}: {}", error.description));
            }
        }
    }
    let listed = status.errors.len() as u64;
    let total = status.total_error_count.unwrap_or(listed).max(listed);
    let left = (records - rejected.len()) as u64;
    let successes = status.total_success_count;
    let is_failed = status.status == RequestState::Failed;
    let has_unlisted = total > listed;
    // One error per record, as far as Gong lists them: several of one record, or more errors than
    // records, say nothing of how many records are rejected.
    let is_one_each = rejected.len() as u64 == listed && total == records as u64;
    let (rest, why) = match (is_failed, successes) {
        _ if left == 0 => (RecordOutcome::Rejected, Cow::Borrowed("")),
        (true, None | Some(0)) if has_unlisted && is_one_each && general.is_empty() => (
            RecordOutcome::Rejected,
            "Gong rejected it and did not list the reason".into(),
        ),
        _ if has_unlisted => (
            RecordOutcome::Uncertain,
            "Gong counted more errors than it listed".into(),
        ),
        (false, Some(count)) if count < left || !general.is_empty() => {
            (RecordOutcome::Uncertain, short_count(count, left).into())
        }
        (false, None) if !general.is_empty() => (
            RecordOutcome::Uncertain,
            "Gong counted an error that names no record".into(),
        ),
        (false, _) => (RecordOutcome::Accepted, "".into()),
        // There is no information about single records: the upload failed as a whole, unless
        // records succeeded.
        (true, None | Some(0)) if rejected.is_empty() => (
            RecordOutcome::NotAccepted,
            "the upload failed in Gong without a reason".into(),
        ),
        (true, Some(_)) if rejected.is_empty() => {
            (RecordOutcome::Uncertain, "the upload failed in part".into())
        }
        (true, Some(count)) if count == left && general.is_empty() => {
            (RecordOutcome::Accepted, "".into())
        }
        (true, _) => (
            RecordOutcome::Uncertain,
            "Gong did not count the records without errors as successes".into(),
        ),
    };
    let reason = general.join("; ");
    Judgement {
        rejected,
        rest,
        reason: if reason.is_empty() {
            why.into_owned()
        } else {
            reason
        },
        has_unlisted,
        may_be_in_gong: is_failed && listed == 0 && successes.is_none(),
        failed_whole: rest == RecordOutcome::NotAccepted,
    }
}

fn short_count(successes: u64, records: u64) -> String {
    let success = if successes == 1 {
        "success"
    } else {
        "successes"
    };
    let record = if records == 1 { "record" } else { "records" };
    format!("Gong counted {successes} {success} for {records} {record}")
}

/// Reads a verdict, using what is known about the good lines of an upload with errors.
pub(super) fn judge_as_known(
    status: &RequestStatus,
    records: usize,
    good_lines_taken: Option<bool>,
) -> Judgement {
    let mut judgement = judge(status, records);
    let names_lines = status
        .errors
        .iter()
        .all(|error| (1..=records as u64).contains(&error.line));
    let is_partial = status.status == RequestState::Failed
        && !judgement.has_unlisted
        && !judgement.rejected.is_empty()
        && judgement.rejected.len() < records
        && names_lines;
    if !is_partial {
        return judgement;
    }
    match (good_lines_taken, judgement.rest) {
        (Some(true), RecordOutcome::Uncertain) if status.total_success_count.is_none() => {
            judgement.rest = RecordOutcome::Accepted;
            judgement.reason.clear();
        }
        (Some(false), RecordOutcome::Accepted) => {
            judgement.rest = RecordOutcome::Uncertain;
            "this Gong rejects all records of an upload with errors"
                .clone_into(&mut judgement.reason);
        }
        _ => {}
    }
    judgement
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "callers name a state")]
    fn status(
        state: RequestState,
        errors: &[(u64, &str)],
        total_errors: Option<u64>,
        successes: Option<u64>,
    ) -> RequestStatus {
        let errors: Vec<_> = errors
            .iter()
            .map(
                |(line, description)| serde_json::json!({"line": line, "description": description}),
            )
            .collect();
        let status = serde_json::json!({
            "status": state.as_str(),
            "errors": errors,
            "totalErrorCount": total_errors,
            "totalSuccessCount": successes,
            "requestId": null,
        });
        serde_json::from_value(status).unwrap()
    }

    #[test]
    fn counts_agree_with_their_words() {
        let said = |successes, records| {
            let status = status(RequestState::Done, &[], Some(0), Some(successes));
            judge(&status, records).reason
        };
        assert_eq!(said(0, 1), "Gong counted 0 successes for 1 record");
        assert_eq!(said(1, 2), "Gong counted 1 success for 2 records");
    }

    #[test]
    fn verdict_counts_what_it_accounts_for() {
        use RequestState::{Done, Failed};
        let twenty: Vec<(u64, &str)> = (1..=20).map(|line| (line, "bad")).collect();
        let table: &[(&str, RequestStatus, RecordOutcome, usize)] = &[
            (
                "clean",
                status(Done, &[], Some(0), Some(30)),
                RecordOutcome::Accepted,
                0,
            ),
            (
                "without counts",
                status(Done, &[], None, None),
                RecordOutcome::Accepted,
                0,
            ),
            (
                "short",
                status(Done, &[], Some(0), Some(7)),
                RecordOutcome::Uncertain,
                0,
            ),
            (
                "done with one error",
                status(Done, &[(3, "bad")], Some(1), Some(29)),
                RecordOutcome::Accepted,
                1,
            ),
            (
                "done with one error, no counts",
                status(Done, &[(3, "bad")], None, None),
                RecordOutcome::Accepted,
                1,
            ),
            (
                "failed, rest counted",
                status(Failed, &[(3, "bad")], Some(1), Some(29)),
                RecordOutcome::Accepted,
                1,
            ),
            (
                "failed, rest not counted",
                status(Failed, &[(3, "bad")], Some(1), None),
                RecordOutcome::Uncertain,
                1,
            ),
            (
                "failed, none succeeded",
                status(Failed, &[(3, "bad")], Some(1), Some(0)),
                RecordOutcome::Uncertain,
                1,
            ),
            (
                "more than listed",
                status(Failed, &twenty, Some(25), Some(5)),
                RecordOutcome::Uncertain,
                20,
            ),
            (
                "all of them",
                status(Failed, &twenty, Some(30), Some(0)),
                RecordOutcome::Rejected,
                20,
            ),
            (
                "more errors than records",
                status(Failed, &twenty, Some(60), Some(0)),
                RecordOutcome::Uncertain,
                20,
            ),
            (
                "as many errors as records, but two of one",
                status(Failed, &[(3, "bad"), (3, "worse")], Some(30), Some(0)),
                RecordOutcome::Uncertain,
                1,
            ),
            (
                "huge count alone",
                status(Failed, &[], Some(u64::MAX), None),
                RecordOutcome::Uncertain,
                0,
            ),
            (
                "as a whole",
                status(Failed, &[(0, "cannot be read")], Some(1), Some(0)),
                RecordOutcome::NotAccepted,
                0,
            ),
            (
                "without a word",
                status(Failed, &[], None, None),
                RecordOutcome::NotAccepted,
                0,
            ),
            (
                "beyond the file",
                status(Failed, &[(77, "bad")], Some(1), Some(29)),
                RecordOutcome::Uncertain,
                0,
            ),
            (
                "two errors of one line",
                status(Failed, &[(3, "bad"), (3, "worse")], Some(2), Some(29)),
                RecordOutcome::Accepted,
                1,
            ),
            (
                "huge counts",
                status(Failed, &[(3, "bad")], Some(u64::MAX), Some(29)),
                RecordOutcome::Uncertain,
                1,
            ),
        ];
        for (name, status, rest, rejected) in table {
            let judgement = judge(status, 30);
            assert_eq!(judgement.rest, *rest, "{name}");
            assert_eq!(judgement.rejected.len(), *rejected, "{name}");
        }
    }

    #[test]
    fn good_lines_count_as_the_probe_says() {
        let status = |successes: Option<u64>| -> RequestStatus {
            serde_json::from_value(serde_json::json!({
                "status": "FAILED", "requestId": null, "totalErrorCount": 1,
                "totalSuccessCount": successes,
                "errors": [{"line": 2, "description": "bad"}],
            }))
            .unwrap()
        };
        for (taken, successes, rest) in [
            (None, None, RecordOutcome::Uncertain),
            (None, Some(2), RecordOutcome::Accepted),
            (Some(true), None, RecordOutcome::Accepted),
            (Some(true), Some(0), RecordOutcome::Uncertain),
            (Some(false), Some(2), RecordOutcome::Uncertain),
            (Some(false), None, RecordOutcome::Uncertain),
        ] {
            let judgement = judge_as_known(&status(successes), 3, taken);
            assert_eq!(judgement.rest, rest, "{taken:?} {successes:?}");
        }
    }
}
