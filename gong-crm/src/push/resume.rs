//! Going on with uploads whose verdict is not known, and with the records that verdicts left open: a
//! push without new records.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use tokio::sync::watch;

use super::ended::{Places, add};
use super::event::Events;
use super::kept::{Wanted, send_again};
use super::level::Level;
use super::planned::Planned;
use super::report::{FileReport, Report, Verdict};
use super::run::{begin, canceled};
use super::session::Session;
use super::{Options, PushError};
use crate::client::Client;
use crate::ledger::{Upload, UploadState};
use crate::{ClientRequestId, IntegrationId, ObjectType};

/// Continues with uploads whose verdict is not known.
pub(super) async fn resume(
    client: Client,
    ids: Vec<ClientRequestId>,
    options: Options,
    events: Arc<Events>,
    cancel: watch::Receiver<bool>,
) -> Result<Report, PushError> {
    let beginning = begin(&client, &options, &events);
    let (ledger, spool) = tokio::select! {
        biased;
        begun = beginning => begun?,
        () = canceled(cancel.clone()) => return Ok(Report::canceled()),
    };
    let mut open = ledger.open_uploads().await?;
    open.retain(|upload| {
        // Unsent parts of a sync are planned again by the next sync: a record that they would
        // delete may be back in its source.
        let is_of_sync = upload.state == UploadState::Planned && upload.scope != 0;
        !is_of_sync && (ids.is_empty() || ids.contains(&upload.client_request_id))
    });
    let mut by_integration: BTreeMap<IntegrationId, Vec<Upload>> = BTreeMap::new();
    for upload in open {
        by_integration
            .entry(upload.integration_id)
            .or_default()
            .push(upload);
    }
    let mut files = Vec::new();
    let (mut is_canceled, mut cause, mut stopped) = (false, None, None);
    let mut notes = Vec::new();
    let counted = ledger.counted();
    let ended: HashSet<u64> = by_integration
        .values()
        .flatten()
        .map(|upload| upload.number)
        .collect();
    for (integration_id, uploads) in by_integration {
        let space = ledger
            .ledger()
            .space(client.base_url(), integration_id)
            .await?;
        let session = Session::new(
            client.clone(),
            integration_id,
            space,
            options.clone(),
            ledger.clone(),
            spool.clone(),
            Arc::clone(&events),
            Arc::default(),
        );
        let mut reports = reports_of(&uploads);
        let planned = uploads.into_iter().map(|upload| Planned {
            level: Level::of(&upload),
            upload,
            is_older: true,
        });
        let (ended, is_stopped) = session.run(planned.collect(), cancel.clone()).await;
        let places = Places::new(&reports);
        for ended in &ended {
            add(&mut reports, &places, ended);
        }
        for report in &mut reports {
            report.records = report.uploads.iter().map(|upload| upload.records).sum();
            report.settle();
        }
        files.extend(reports);
        is_canceled |= is_stopped;
        let fatal = session.fatal().and_then(|fatal| fatal.error.clone());
        stopped = stopped.or_else(|| session.own_failure().map(str::to_owned));
        cause = cause
            .or(fatal)
            .or_else(|| ended.iter().find_map(|ended| ended.cause.clone()));
        session.end().await;
    }
    let wanted = Wanted {
        ids,
        ended,
        counted,
    };
    for (base_url, integration_id) in ledger.ledger().integrations().await? {
        let is_stopped = is_canceled || cause.is_some() || stopped.is_some();
        if is_stopped || base_url != client.base_url() {
            continue;
        }
        let sending = send_again(
            &client,
            integration_id,
            &wanted,
            &options,
            &ledger,
            &spool,
            &events,
            cancel.clone(),
        );
        if let Some(report) = Box::pin(sending).await? {
            is_canceled |= report.verdict == Verdict::Canceled;
            files.extend(report.files);
            notes.extend(report.notes);
            cause = cause.or(report.cause);
        }
    }
    files.sort_by_key(|file: &FileReport| file.object_type);
    Ok(Report::new(files, notes, is_canceled, cause).stopped_by(stopped.as_deref()))
}

/// An empty report for each source of the uploads.
fn reports_of(uploads: &[Upload]) -> Vec<FileReport> {
    let mut sources: BTreeSet<(&str, ObjectType)> = BTreeSet::new();
    for upload in uploads {
        let of_upload = upload.sources.iter();
        sources.extend(of_upload.map(|source| (source.as_str(), upload.object_type)));
    }
    sources
        .into_iter()
        .map(|(source, object_type)| FileReport::new(source.into(), object_type))
        .collect()
}
