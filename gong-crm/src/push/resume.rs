//! Going on with uploads whose verdict is not known, and with the records that verdicts left open: a
//! push without new records.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::watch;

use super::event::Events;
use super::finish::finish;
use super::kept::{Wanted, send_again};
use super::late::{self, Check, Late};
use super::open_uploads::OpenUploads;
use super::planned::{Plan, Planned};
use super::report::{FileReport, Report};
use super::run::canceled;
use super::session::{Context, Session};
use super::{Options, PushError};
use crate::client::Client;
use crate::ledger::{LedgerError, Space, Upload};
use crate::{ClientRequestId, IntegrationId, ObjectType};

/// Continues with uploads whose verdict is not known.
pub(super) async fn resume(
    client: Client,
    ids: Vec<ClientRequestId>,
    options: Options,
    events: Arc<Events>,
    cancel: watch::Receiver<bool>,
) -> Result<Report, PushError> {
    let context = tokio::select! {
        biased;
        begun = Context::begin(client, options, events, false) => begun?,
        () = canceled(cancel.clone()) => return Ok(Report::canceled_before_its_plan()),
    };
    let mut late = look_at_late(&context).await?;
    let ledger = context.ledger.ledger();
    let mut open = OpenUploads::at(ledger, context.client.base_url(), &ids).await?;
    let resumed = std::mem::take(&mut open.resumable);
    let wanted = Wanted {
        ids,
        ended: resumed.iter().map(|upload| upload.number).collect(),
        counted: context.ledger.counted(),
    };
    let mut by_integration: BTreeMap<IntegrationId, Vec<Upload>> = BTreeMap::new();
    for upload in resumed {
        let of_integration = by_integration.entry(upload.integration_id).or_default();
        of_integration.push(upload);
    }
    let mut reports = Vec::new();
    for (integration_id, uploads) in by_integration {
        let session = Session::new(context.clone(), integration_id, Vec::new()).await?;
        let plan = Plan::new(reports_of(&uploads));
        let uploads = uploads.into_iter().map(Planned::older).collect();
        reports.push(finish(session, plan, uploads, cancel.clone()).await?);
    }
    for (base_url, integration_id) in context.ledger.ledger().integrations().await? {
        if base_url == context.client.base_url() && !reports.iter().any(Report::is_stopped) {
            let sending = send_again(&context, integration_id, &wanted, cancel.clone());
            reports.extend(Box::pin(sending).await?);
        }
    }
    if late.iter().any(|(_, late)| late.waits_for_verdict) {
        // Now the verdicts are there that it had to wait for.
        for (_, late) in &mut late {
            late.waits_for_verdict = false;
        }
        late.extend(look_at_late(&context).await?);
    }
    let mut report = Report::joined(reports);
    for (space, late) in late {
        if late.is_unsettled(context.ledger.ledger(), space).await? {
            report.note_overwritten();
        }
        report.notes.extend(late.notes);
    }
    report.leave_out(open.verdict(), open.notes());
    Ok(report)
}

/// Asks about uploads that were given up, of each integration.
async fn look_at_late(context: &Context) -> Result<Vec<(Space, Late)>, LedgerError> {
    let ledger = context.ledger.ledger();
    let mut found = Vec::new();
    for (base_url, integration_id) in ledger.integrations().await? {
        if base_url == context.client.base_url() {
            let space = context.space(integration_id).await?;
            let looking = late::look(&context.client, &context.ledger, space, Check::All);
            found.push((space, Box::pin(looking).await?));
        }
    }
    Ok(found)
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
