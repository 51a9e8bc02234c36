//! Records of earlier pushes and rounds that are not in Gong as they were given, and that nothing but
//! the spool still has.
//!
//! A resume sends those again whose verdict does not say whether Gong has them, or that wait for what
//! they refer to. A sync takes all of a type whose source gives changes alone: the next read of it
//! does not name them any more. They are planned as records that are pushed, and are as old as they
//! were: a later version of another push stays.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io::{self, Write as _};
use std::path::PathBuf;

use tokio::sync::watch;

use super::PushError;
use super::finish::carry_out;
use super::input::{InputFile, OpenFile, blocking};
use super::lines::{each_line, id_reader};
use super::options::{CheckMode, Rejects, Resend};
use super::origins::{Origin, Origins};
use super::parents::HELD_BACK;
use super::reads::Round;
use super::report::{FileReport, RecordError, Report};
use super::session::{Context, Session};
use super::spool::Spool;
use crate::ledger::{
    Direction, LedgerError, LockedLedger, Milliseconds, RejectedRecord, Seconds, Space, TryOutcome,
    Upload, UploadState,
};
use crate::{ClientRequestId, IntegrationId, ObjectType};

/// The records that a resume looks at.
pub(super) struct Wanted {
    /// Those of these uploads, or all.
    pub(super) ids: Vec<ClientRequestId>,
    /// Uploads that this resume has brought to their end: they are not tried twice in a row.
    pub(super) ended: HashSet<u64>,
    /// The last upload of the ledger before this resume.
    pub(super) counted: u64,
}

/// Sends the records of one integration again. Nothing if there are none.
pub(super) async fn send_again(
    context: &Context,
    integration_id: IntegrationId,
    wanted: &Wanted,
    cancel: watch::Receiver<bool>,
) -> Result<Option<Report>, PushError> {
    let (options, ledger) = (&context.options, &context.ledger);
    let space = context.space(integration_id).await?;
    let named = ledger.ledger().left_open_by(&wanted.ids).await?;
    let is_wanted = |record: &RejectedRecord| {
        let is_open = match record.outcome {
            TryOutcome::Uncertain | TryOutcome::NotAccepted => true,
            TryOutcome::Unconfirmed => options.find_all_errors,
            TryOutcome::HeldBack => record.waits_for_parent(),
            TryOutcome::Rejected => false,
        };
        let key = (record.object_type, record.object_id.clone());
        let is_named = wanted.ids.is_empty() || named.contains(&key);
        let was_tried = record.upload > wanted.counted || wanted.ended.contains(&record.upload);
        is_open && is_named && !was_tried
    };
    let mut kept = records(ledger, space, ObjectType::ALL, is_wanted).await?;
    kept.extend(without_parents(ledger, space, ObjectType::ALL, |_| true).await?);
    if kept.is_empty() {
        return Ok(None);
    }
    let (files, left) = files(kept, &context.spool).map_err(PushError::Spool)?;
    let mut context = context.clone();
    // They were checked when they were pushed, and their files have their rejects already.
    context.options.check = CheckMode::Off;
    context.options.rejects = Rejects::None;
    context.options.resend = Resend::None;
    let session = Session::new(context, integration_id, files).await?;
    let plan = session.plan().await?;
    let report = carry_out(session, plan, cancel).await?;
    if left.is_empty() {
        return Ok(Some(report));
    }
    let left = Report::new(left, Vec::new(), false, None);
    Ok(Some(Report::joined(vec![report, left])))
}

/// The name of a file of records of earlier rounds follows that of their source.
const KEPT: &str = " (kept from earlier)";

/// Files of what earlier rounds left open of types whose sources give changes, and reports of what
/// can't be sent again. Records that the round's own files name are not among them, unless what was held
/// back of them is newer.
pub(super) async fn of_round(
    context: &Context,
    space: Space,
    round: &Round,
    read: &[OpenFile],
) -> Result<(Vec<OpenFile>, Vec<FileReport>), PushError> {
    let changes = round.reads.iter();
    let changes = changes.filter(|(_, read)| read.gives_changes());
    let types: BTreeSet<ObjectType> = changes.map(|(object_type, _)| *object_type).collect();
    let scopes = context.ledger.ledger().live_scopes().await?;
    let is_wanted = |record: &RejectedRecord| {
        // What a scope kept that is gone, or a push, belongs to all.
        let is_of_other = record.kept_by != round.scope && scopes.contains(&record.kept_by);
        [0, round.scope].contains(&record.scope) && !is_of_other
    };
    let mut kept = records(&context.ledger, space, types.clone(), &is_wanted).await?;
    let mut sent = without_parents(&context.ledger, space, types, &is_wanted).await?;
    if kept.is_empty() && sent.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let all = kept.iter().chain(&sent);
    let of_kept: BTreeSet<ObjectType> = all.map(|kept| kept.record.object_type).collect();
    let read = read.iter();
    let read = read.filter(|open| of_kept.contains(&open.file.object_type));
    let paths: Vec<_> = read
        .map(|open| (open.file.object_type, open.lines.clone()))
        .collect();
    let named = blocking(move || named_by(&paths)).await?;
    let named = named.map_err(PushError::Spool)?;
    let latest = |kept: &Kept| {
        let record = &kept.record;
        named.get(&(record.object_type, record.object_id.clone()))
    };
    kept.retain(|kept| latest(kept).is_none_or(|date| kept.is_newer_than(*date)));
    // What Gong was sent has the date of that line, which can be later than the one that was given.
    sent.retain(|kept| latest(kept).is_none());
    kept.append(&mut sent);
    for kept in &mut kept {
        let path = &mut kept.record.path;
        if !path.ends_with(KEPT) {
            path.push_str(KEPT);
        }
    }
    files(kept, &context.spool).map_err(PushError::Spool)
}

/// The records of files, with the latest date of each.
fn named_by(
    files: &[(ObjectType, PathBuf)],
) -> io::Result<HashMap<(ObjectType, String), Option<Seconds>>> {
    let mut named = HashMap::new();
    for (object_type, lines) in files {
        let mut reader = id_reader([0; 16], *object_type);
        each_line(lines, |line| {
            // A line that breaks off may say which record it is.
            let (object_id, date) = match reader.read(line.bytes) {
                Ok(facts) => (Some(facts.object_id.into_owned()), facts.modified),
                Err(error) => (error.object_id, None),
            };
            if let Some(object_id) = object_id {
                let latest = named.entry((*object_type, object_id)).or_insert(date);
                *latest = date.max(*latest);
            }
            Ok::<(), io::Error>(())
        })?;
    }
    Ok(named)
}

/// A record of the spool, and the upload that it was in last.
struct Kept {
    record: RejectedRecord,
    upload: Option<Upload>,
    /// Whether an earlier version of the record is under way.
    is_behind: bool,
}

impl Kept {
    /// Why it can't be sent again, if that is so.
    fn obstacle(&self) -> Option<&'static str> {
        let is_of_sync = self.upload.as_ref().is_some_and(|upload| {
            let is_deletion =
                upload.direction == Direction::Delete || upload.order == Some(Direction::Delete);
            upload.scope != 0 && is_deletion
        });
        if self.is_behind {
            Some("it is sent after the verdict of an earlier version")
        } else if is_of_sync {
            // It may be back in its source.
            Some("the next sync looks whether it is still gone from its source")
        } else if !self.record.has_id {
            // Nobody can tell whether it came once more.
            Some("it has no id: once its source has it corrected, gong-crm rejects waive drops it")
        } else if self.is_overwritten() && self.record.scope != 0 {
            Some("the next sync sends it again")
        } else if self.record.outcome == TryOutcome::HeldBack
            && !self.record.reason.starts_with(HELD_BACK)
        {
            // Its line may lack the very cell that was wrong.
            Some("it is sent once its source has it corrected")
        } else if self.record.is_before_recovery {
            // Another copy of the ledger may have sent a later version.
            Some("the ledger was recovered or imported since: push it again")
        } else if self.record.line_content().is_empty() {
            Some("its content is not kept: push it again")
        } else {
            None
        }
    }

    /// Whether Gong had a later version than that of an upload that was given up, and may have that again.
    fn is_overwritten(&self) -> bool {
        let is_given_up = |upload: &Upload| upload.state == UploadState::Lost;
        self.record.outcome == TryOutcome::Uncertain
            && self.upload.as_ref().is_some_and(is_given_up)
    }

    /// Whether it was held back and its date is later than that of another version.
    fn is_newer_than(&self, other: Option<Seconds>) -> bool {
        let record = &self.record;
        let mut reader = id_reader([0; 16], record.object_type);
        let facts = reader.read(record.line_content());
        let date = facts.ok().and_then(|facts| facts.modified);
        record.outcome == TryOutcome::HeldBack
            && date.zip(other).is_some_and(|(date, other)| date > other)
    }

    fn as_of(&self) -> Milliseconds {
        let upload = self.upload.as_ref();
        upload.map_or(self.record.as_of, |upload| upload.as_of)
    }
}

/// The records of open uploads, each with the last push that sends it.
async fn pushes_under_way(
    ledger: &LockedLedger,
    space: Space,
) -> Result<HashMap<(ObjectType, String), Milliseconds>, LedgerError> {
    let mut pushes = HashMap::new();
    for upload in ledger.open_uploads().await? {
        if upload.space() != space {
            continue;
        }
        for pending in ledger.manifest(upload.number).await? {
            let key = (upload.object_type, pending.object_id);
            let push = pushes.entry(key).or_insert(upload.push);
            *push = upload.push.max(*push);
        }
    }
    Ok(pushes)
}

async fn records(
    locked: &LockedLedger,
    space: Space,
    types: impl IntoIterator<Item = ObjectType>,
    is_wanted: impl Fn(&RejectedRecord) -> bool,
) -> Result<Vec<Kept>, LedgerError> {
    let ledger = locked.ledger();
    let under_way = pushes_under_way(locked, space).await?;
    let mut uploads: BTreeMap<u64, Option<Upload>> = BTreeMap::new();
    let mut kept = Vec::new();
    for object_type in types {
        for record in ledger.rejects_of(space, object_type).await? {
            let key = (object_type, record.object_id.clone());
            if !is_wanted(&record) {
                continue;
            }
            let is_behind = under_way.get(&key).map(|push| *push < record.push);
            // The version itself is under way, or a later one.
            if is_behind == Some(false)
                || is_behind.is_some() && record.outcome != TryOutcome::HeldBack
            {
                continue;
            }
            let upload = match uploads.get(&record.upload) {
                Some(upload) => upload.clone(),
                None => {
                    let upload = ledger.upload_numbered(record.upload).await?;
                    uploads.insert(record.upload, upload.clone());
                    upload
                }
            };
            kept.push(Kept {
                record,
                upload,
                is_behind: is_behind.is_some(),
            });
        }
    }
    Ok(kept)
}

/// Records that Gong accepted before what they refer to. They are planned as unchanged records, so that
/// they are sent again once it has that.
async fn without_parents(
    locked: &LockedLedger,
    space: Space,
    types: impl IntoIterator<Item = ObjectType>,
    is_wanted: impl Fn(&RejectedRecord) -> bool,
) -> Result<Vec<Kept>, LedgerError> {
    let mut kept = Vec::new();
    for object_type in types {
        let of_type = locked.ledger().kept_without_parents(space, object_type);
        let of_type = of_type.await?.into_iter().filter(&is_wanted);
        kept.extend(of_type.map(|record| Kept {
            record,
            upload: None,
            is_behind: false,
        }));
    }
    Ok(kept)
}

/// Writes the records into a file for each source that they came from. Those that can't be sent are
/// reported.
fn files(kept: Vec<Kept>, spool: &Spool) -> io::Result<(Vec<OpenFile>, Vec<FileReport>)> {
    let mut by_source: BTreeMap<(ObjectType, String), (Vec<Kept>, Vec<Kept>)> = BTreeMap::new();
    for kept in kept {
        let source = (kept.record.object_type, kept.record.path.clone());
        let (sent, left) = by_source.entry(source).or_default();
        if kept.obstacle().is_none() {
            sent.push(kept);
        } else {
            left.push(kept);
        }
    }
    let (mut files, mut reports) = (Vec::new(), Vec::new());
    for ((object_type, source), (sent, left)) in by_source {
        if !sent.is_empty() {
            files.push(file(object_type, &source, sent, spool)?);
        }
        if !left.is_empty() {
            reports.push(left_out(object_type, &source, &left));
        }
    }
    Ok((files, reports))
}

fn file(
    object_type: ObjectType,
    source: &str,
    records: Vec<Kept>,
    spool: &Spool,
) -> io::Result<OpenFile> {
    let mut origins = Origins::default();
    let (lines, bytes) = spool.write_input(|file, _| {
        let mut file = io::BufWriter::new(file);
        let mut bytes = 0;
        for kept in records {
            let as_of = kept.as_of();
            let record = kept.record;
            let line = record.content.line.trim_ascii_end();
            file.write_all(line)?;
            file.write_all(b"\n")?;
            bytes += line.len() as u64 + 1;
            let origin = Origin {
                line: record.line.unwrap_or_default(),
                row: record.content.row,
                head: record.content.head,
                as_of,
            };
            origins.add(&record.object_id, origin);
        }
        file.flush()?;
        Ok::<u64, io::Error>(bytes)
    })?;
    let input = InputFile {
        path: source.into(),
        object_type,
        bytes,
    };
    Ok(OpenFile {
        origins: Some(origins),
        is_rejects: false,
        is_in_memory: true,
        ..OpenFile::new(input, lines, bytes)
    })
}

/// The report of records that can't be sent again.
fn left_out(object_type: ObjectType, source: &str, records: &[Kept]) -> FileReport {
    let mut report = FileReport::new(source.into(), object_type);
    report.records = records.len() as u64;
    for kept in records {
        let record = &kept.record;
        match record.outcome {
            TryOutcome::NotAccepted => report.waiting += 1,
            TryOutcome::Uncertain => report.uncertain += 1,
            TryOutcome::Unconfirmed => report.unconfirmed += 1,
            TryOutcome::Rejected => report.rejected += 1,
            TryOutcome::HeldBack => report.held_back += 1,
        }
        let obstacle = kept.obstacle().unwrap_or_default();
        let outcome = record.outcome.as_str();
        report.errors.push(RecordError::unsent(
            record.line.unwrap_or_default(),
            Some(record.object_id.clone()),
            format!("not sent: {outcome} ({}); {obstacle}", record.reason),
        ));
    }
    report.settle();
    report
}
