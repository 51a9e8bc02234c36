//! The state of a sync as numbers for Prometheus.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::look::Look;
use super::{SyncError, SyncReport};
use crate::IntegrationId;
use crate::client::Client;

/// Among how many of the last uploads the last answer is looked for.
const LAST_UPLOADS: usize = 100;

/// When Gong answered last, in seconds since 1970; 0 if never.
async fn last_contact(client: &Client, integration_id: IntegrationId) -> Result<i64, SyncError> {
    let ledger = client.ledger();
    let space = ledger.space(client.base_url(), integration_id).await?;
    let look: Option<Look> = ledger.look(space).await?;
    let uploads = ledger.uploads(LAST_UPLOADS).await?;
    let answers = uploads
        .iter()
        .filter(|upload| upload.space() == space)
        .flat_map(|upload| [upload.accepted_at, upload.completed_at]);
    let last = answers.flatten().chain(look.and_then(|look| look.at)).max();
    Ok(last.map_or(0, Timestamp::as_second))
}

/// The state of a scope after a round, in Prometheus' text format.
///
/// # Errors
///
/// [`SyncError::Ledger`] when the ledger can't be read.
pub async fn metrics(
    client: &Client,
    integration_id: IntegrationId,
    scope: &str,
    report: &SyncReport,
) -> Result<String, SyncError> {
    let ledger = client.ledger();
    let reads = ledger
        .last_complete_reads(client.base_url(), integration_id, scope)
        .await?;
    let open = ledger.open_uploads().await?;
    let rejects = ledger.rejects(client.base_url(), integration_id).await?;
    let quota = client.quota().await?;
    let contact = last_contact(client, integration_id).await?;
    let mut text = String::new();
    let mut family = |name: &str, help: &str, values: &[(String, String)]| {
        // Writing into a text can't fail.
        let _ = writeln!(
            text,
            "# HELP gong_crm_{name} {help}\n# TYPE gong_crm_{name} gauge"
        );
        for (labels, value) in values {
            let _ = writeln!(text, "gong_crm_{name}{labels} {value}");
        }
    };
    let of_scope = format!("{{scope={scope:?}}}");
    let of_type = |object_type: &str| format!("{{scope={scope:?},type={object_type:?}}}");
    let single = |value: String| vec![(of_scope.clone(), value)];
    let reads: Vec<_> = reads
        .iter()
        .map(|(object_type, at)| (of_type(object_type.as_str()), at.as_second().to_string()))
        .collect();
    family(
        "last_complete_read_timestamp_seconds",
        "Time of the last complete read of each type.",
        &reads,
    );
    let oldest = |moments: &mut dyn Iterator<Item = Timestamp>| {
        moments.min().map_or(0, Timestamp::as_second).to_string()
    };
    family(
        "oldest_pending_timestamp_seconds",
        "Time when the oldest upload without a verdict was planned; 0 if there is none.",
        &single(oldest(&mut open.iter().map(|upload| upload.planned_at))),
    );
    family(
        "oldest_held_back_timestamp_seconds",
        "Time of the oldest try of a record whose newest version is not in Gong; 0 if there is none.",
        &single(oldest(&mut rejects.iter().map(|record| record.at))),
    );
    family(
        "rejected_records",
        "Records whose newest version is not in Gong.",
        &single(rejects.len().to_string()),
    );
    family(
        "held_back_deletions",
        "Deletions that wait for a confirmation.",
        &single(report.plan.held_back_deletions().len().to_string()),
    );
    if let Some(quota) = quota {
        family(
            "calls_left",
            "Calls left of the last 24 hours.",
            &single(quota.left.to_string()),
        );
    }
    family(
        "last_contact_timestamp_seconds",
        "When Gong answered last, to an upload or to the daily look; 0 if never.",
        &single(contact.to_string()),
    );
    family(
        "last_round_timestamp_seconds",
        "Time when the last round ended.",
        &single(client.clock.now().as_second().to_string()),
    );
    let types = &report.plan.types;
    for (name, help, number) in [
        ("records", "Records in the source.", 0),
        (
            "unchanged_records",
            "Records whose newest version is in Gong.",
            1,
        ),
    ] {
        let values: Vec<_> = types
            .iter()
            .map(|of| {
                let value = if number == 0 { of.source } else { of.unchanged };
                (of_type(of.object_type.as_str()), value.to_string())
            })
            .collect();
        family(name, help, &values);
    }
    Ok(text)
}
