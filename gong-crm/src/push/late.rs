//! Looks at uploads that were given up: what Gong processes late can be older than what it has, and is
//! then sent again.

use jiff::Timestamp;

use super::deliver::is_not_found;
use super::ids::id_hash;
use super::session::Session;
use super::verdict::{Judgement, judge_as_known};
use crate::ObjectType;
use crate::client::Client;
use crate::ledger::{Ledger, LedgerError, LockedLedger, Question, RecordOutcome, Space, Upload};
use crate::named::some_of;

/// How many of them are asked about at once.
const MAX_CHECKS: usize = 20;

/// An upload is asked about again after this part of the time since it was given up: at first with every
/// push that sends something or names its records, after two weeks about once a day.
const PART: i32 = 12;

/// How many records a note names.
const NAMED: usize = 3;

/// Which uploads are asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    /// Those that were not asked about for some time.
    Due,
    /// All.
    All,
}

/// The result of a look.
#[derive(Debug, Default)]
pub(crate) struct Late {
    pub(crate) notes: Vec<String>,
    /// Records of which Gong may have an older version again.
    pub(crate) overwritten: Vec<(ObjectType, String)>,
    /// Whether Gong processed one of which records are under way again: only the next look, after their
    /// verdict, can tell which version Gong has.
    pub(crate) waits_for_verdict: bool,
}

impl Late {
    /// Whether some of the records were not sent again since.
    pub(crate) async fn is_unsettled(
        &self,
        ledger: &Ledger,
        space: Space,
    ) -> Result<bool, LedgerError> {
        if self.waits_for_verdict {
            return Ok(true);
        }
        for (object_type, id) in &self.overwritten {
            let states = ledger.records(space, *object_type, [id.as_str()]).await?;
            let mut states = states.into_iter().flatten();
            if states.any(|state| !state.current.is_certain()) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Session {
    /// Whether an upload that was given up has one of some records of a type, which are known by the
    /// hashes of their ids: of these, Gong may have another version than the ledger says.
    pub(super) async fn are_in_late_upload(
        &self,
        object_type: ObjectType,
        is_one: impl Fn(u64) -> bool,
    ) -> Result<bool, LedgerError> {
        let uploads = self.ledger.ledger().late_uploads(self.space).await?;
        for upload in uploads.iter().filter(|of| of.object_type == object_type) {
            let pending = self.ledger.manifest(upload.number).await?;
            let mut ids = pending.iter();
            if ids.any(|pending| is_one(id_hash(&self.key, &pending.object_id))) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Asks Gong about uploads to an integration that were given up. An answer that can't be had now is
/// asked for again by the next look.
pub(crate) async fn look(
    client: &Client,
    ledger: &LockedLedger,
    space: Space,
    check: Check,
) -> Result<Late, LedgerError> {
    let mut late = Late::default();
    let mut left = Vec::new();
    let mut checks = 0;
    for mut upload in ledger.ledger().late_uploads(space).await? {
        let now = client.clock.now();
        let is_last = upload.checked_until.is_some_and(|until| until <= now);
        let is_wanted = check == Check::All || is_last || is_due(&upload, now);
        if !is_wanted || checks >= MAX_CHECKS {
            left.push(upload);
            continue;
        }
        checks += 1;
        let (integration_id, id) = (upload.integration_id, &upload.client_request_id);
        let asked = client.api().request_status_once(integration_id, id).await;
        upload.checked_at = Some(now);
        match asked {
            Ok(status) if status.status.is_final() => {
                let pending = ledger.manifest(upload.number).await?;
                if ledger.is_under_way_again(&upload, &pending).await? {
                    // The next look can't wait: their verdict may be there before this push ends.
                    upload.checked_at = None;
                    ledger.save(&upload).await?;
                    late.waits_for_verdict = true;
                    left.push(upload);
                    continue;
                }
                let taken = ledger.ledger().facts(space).await?;
                let taken = taken.answer(Question::GoodLinesTaken);
                let judgement = judge_as_known(&status, pending.len(), taken);
                upload.status = serde_json::to_string(&status).ok();
                let given_up = day(&upload);
                let is_taken = |place| is_taken(&judgement, place);
                let concluding = ledger.conclude_late(&mut upload, &pending, is_taken, now);
                let ids = concluding.await?;
                if !ids.is_empty() {
                    late.notes.push(overwritten(&upload, &given_up, &ids));
                    let ids = ids.into_iter().map(|id| (upload.object_type, id));
                    late.overwritten.extend(ids);
                }
            }
            // Gong is not there, or wants no calls: the others would fail, too.
            Err(error) if !is_not_found(&error) => {
                checks = MAX_CHECKS;
                left.push(upload);
            }
            _ if is_last => {
                let id = upload.client_request_id.clone();
                let given_up = day(&upload);
                ledger.forget_late(&mut upload).await?;
                late.notes.push(format!(
                    "Gong has not processed {id}, which was given up on {given_up}, for two weeks: it is \
                     not checked any more"
                ));
            }
            _ => {
                ledger.save(&upload).await?;
                left.push(upload);
            }
        }
    }
    late.notes.extend(may_come(&left));
    Ok(late)
}

fn is_due(upload: &Upload, now: Timestamp) -> bool {
    let (Some(checked), Some(given_up)) = (upload.checked_at, upload.completed_at) else {
        return true;
    };
    let since = now.duration_since(checked);
    // A clock that jumped back does not put it off forever.
    since.is_negative() || since >= checked.duration_since(given_up) / PART
}

/// Whether Gong took a line of an upload.
fn is_taken(judgement: &Judgement, place: usize) -> bool {
    let may_be = match judgement.rest {
        RecordOutcome::Accepted | RecordOutcome::Uncertain => true,
        RecordOutcome::Rejected => false,
        RecordOutcome::NotAccepted => judgement.may_be_in_gong,
    };
    may_be && !judgement.rejected.contains_key(&place)
}

/// When an upload was given up.
fn day(upload: &Upload) -> String {
    let at = upload.completed_at.unwrap_or(upload.planned_at);
    at.strftime("%Y-%m-%d").to_string()
}

fn overwritten(upload: &Upload, given_up: &str, ids: &[String]) -> String {
    let (id, object_type) = (&upload.client_request_id, upload.object_type);
    let named = ids.iter().map(|id| format!("{object_type} {id}"));
    let named = some_of(named, NAMED);
    let records = match ids.len() {
        1 => "1 record".to_owned(),
        count => format!("{count} records"),
    };
    format!(
        "Gong processed {id} late, which was given up on {given_up}, and may have older versions of \
         {records} again ({named}): a sync sends them again, and what was pushed must be pushed again"
    )
}

/// A note about uploads that Gong may still process.
fn may_come(uploads: &[Upload]) -> Option<String> {
    let first = uploads.iter().min_by_key(|upload| upload.completed_at)?;
    let last = uploads.iter().filter_map(|upload| upload.checked_until);
    let until = last.max().unwrap_or_default().strftime("%Y-%m-%d");
    let given_up = day(first);
    let (what, they_are) = match uploads {
        [upload] => (
            format!(
                "{}, which was given up on {given_up}",
                upload.client_request_id
            ),
            "it is",
        ),
        uploads => (
            format!(
                "{} uploads that were given up, the first on {given_up}",
                uploads.len()
            ),
            "they are",
        ),
    };
    Some(format!(
        "Gong may still process {what}, and put older versions of records over newer ones: {they_are} checked \
         until {until}, and what is overwritten is sent again"
    ))
}
