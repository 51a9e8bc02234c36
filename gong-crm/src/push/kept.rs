//! Records that a resume sends again from the spool: no verdict says whether Gong has them.
//!
//! Their uploads are finished, so that only their content is left. They are planned as records that
//! are pushed, and are as old as they were: a later version of another push stays.

use std::collections::{BTreeMap, HashSet};
use std::io::{self, Write as _};
use std::sync::Arc;

use tokio::sync::watch;

use super::event::Events;
use super::input::{InputFile, OpenFile};
use super::options::{CheckMode, Rejects, Resend};
use super::origins::{Origin, Origins};
use super::report::{FileReport, RecordError, Report, Verdict};
use super::run::carry_out;
use super::session::Session;
use super::spool::Spool;
use super::{Options, PushError};
use crate::client::Client;
use crate::ledger::{
    Direction, LedgerError, LockedLedger, Milliseconds, RejectedRecord, Space, TryOutcome, Upload,
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
#[expect(clippy::too_many_arguments, reason = "each is a part of every session")]
pub(super) async fn send_again(
    client: &Client,
    integration_id: IntegrationId,
    wanted: &Wanted,
    options: &Options,
    ledger: &LockedLedger,
    spool: &Spool,
    events: &Arc<Events>,
    cancel: watch::Receiver<bool>,
) -> Result<Option<Report>, PushError> {
    let space = ledger
        .ledger()
        .space(client.base_url(), integration_id)
        .await?;
    let kept = records(ledger, space, wanted, options.find_all_errors).await?;
    if kept.is_empty() {
        return Ok(None);
    }
    let (files, left) = files(kept, spool).map_err(PushError::Spool)?;
    // They were checked when they were pushed, and their files have their rejects already.
    let mut options = options.clone();
    options.check = CheckMode::Off;
    options.rejects = Rejects::None;
    options.resend = Resend::None;
    let session = Session::new(
        client.clone(),
        integration_id,
        space,
        options,
        ledger.clone(),
        spool.clone(),
        Arc::clone(events),
        Arc::new(files),
    );
    let plan = session.plan().await?;
    let report = carry_out(session, plan, cancel).await?;
    if left.is_empty() {
        return Ok(Some(report));
    }
    let mut files = report.files;
    files.extend(left);
    let is_canceled = report.verdict == Verdict::Canceled;
    let all = Report::new(files, report.notes, is_canceled, report.cause);
    Ok(Some(all))
}

/// A record of the spool, and the upload that it was in last.
struct Kept {
    record: RejectedRecord,
    upload: Option<Upload>,
}

impl Kept {
    /// Why it can't be sent again, if that is so.
    fn obstacle(&self) -> Option<&'static str> {
        let is_of_sync = self.upload.as_ref().is_some_and(|upload| {
            let is_deletion =
                upload.direction == Direction::Delete || upload.order == Some(Direction::Delete);
            upload.scope != 0 && is_deletion
        });
        if is_of_sync {
            // It may be back in its source.
            Some("the next sync looks whether it is still gone from its source")
        } else if self.record.is_before_recovery {
            // Another copy of the ledger may have sent a later version.
            Some("the ledger was recovered since: push it again")
        } else if self.record.line_content().is_empty() {
            Some("its content is not kept: push it again")
        } else {
            None
        }
    }

    fn as_of(&self) -> Milliseconds {
        let tried = self.record.at.as_millisecond();
        self.upload.as_ref().map_or(tried, |upload| upload.as_of)
    }
}

async fn records(
    ledger: &LockedLedger,
    space: Space,
    wanted: &Wanted,
    finds_all: bool,
) -> Result<Vec<Kept>, LedgerError> {
    let ledger = ledger.ledger();
    let named = ledger.left_open_by(&wanted.ids).await?;
    let under_way = ledger.records_under_way(space).await?;
    let mut uploads: BTreeMap<u64, Option<Upload>> = BTreeMap::new();
    let mut kept = Vec::new();
    for object_type in ObjectType::ALL {
        for record in ledger.rejects_of(space, object_type).await? {
            let is_open = match record.outcome {
                TryOutcome::Uncertain | TryOutcome::NotAccepted => true,
                TryOutcome::Unconfirmed => finds_all,
                TryOutcome::Rejected | TryOutcome::HeldBack => false,
            };
            let key = (object_type, record.object_id.clone());
            let is_named = wanted.ids.is_empty() || named.contains(&key);
            let was_tried = record.upload > wanted.counted || wanted.ended.contains(&record.upload);
            if !is_open || !is_named || was_tried || under_way.contains(&key) {
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
            kept.push(Kept { record, upload });
        }
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

/// The report of records that are not sent again by a resume.
fn left_out(object_type: ObjectType, source: &str, records: &[Kept]) -> FileReport {
    let mut report = FileReport::new(source.into(), object_type);
    report.records = records.len() as u64;
    for kept in records {
        let record = &kept.record;
        if record.outcome == TryOutcome::NotAccepted {
            report.waiting += 1;
        } else {
            report.uncertain += 1;
        }
        let obstacle = kept.obstacle().unwrap_or_default();
        let outcome = record.outcome.as_str();
        report.errors.push(RecordError {
            client_request_id: None,
            line: 0,
            source_line: record.line.unwrap_or_default(),
            object_id: Some(record.object_id.clone()),
            description: format!("not sent: {outcome} ({}); {obstacle}", record.reason),
        });
    }
    report.settle();
    report
}
