//! A daily look at what a sync treats as granted: the integration, and the fields of its schema.
//!
//! When an integration is deleted in Gong, its records are deleted too. Gong does not show values
//! of a custom field that were sent before the field was declared.

use std::collections::BTreeMap;

use gong_client::error::{Error, ErrorKind};
use gong_client::integration::Integration;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::ledger::{LedgerError, LockOwner, LockedLedger, Space};
use crate::push::PushError;
use crate::push::late::{self, Check, Late};
use crate::schema::{EntitySchema, SchemaField};
use crate::{IntegrationId, ObjectType};

/// How long a look is good for.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(24);

/// The state at the last check.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Look {
    /// When that was. Nobody ever looked if there is none; the beginning of time stands for a doubt.
    pub(super) at: Option<Timestamp>,
    /// The declared fields of each type, with what they are; a type that was never looked at is not
    /// in it.
    fields: BTreeMap<String, BTreeMap<String, String>>,
}

/// Fails if a call has failed as if the integration were gone, and it is. A plan writes nothing, so the next
/// sync looks once more.
pub(super) async fn look_if_doubtful(
    client: &Client,
    integration_id: IntegrationId,
    ledger: &LockedLedger,
    space: Space,
) -> Result<Vec<String>, PushError> {
    let look: Option<Look> = ledger.ledger().look(space).await?;
    if look.is_none_or(|look| look.at != Some(Timestamp::UNIX_EPOCH)) {
        return Ok(Vec::new());
    }
    match client.api().integrations().await {
        Ok(integrations) => gone(integration_id, &integrations, true).map_or(Ok(Vec::new()), Err),
        Err(error) => passed_over(error).map(|late| late.notes),
    }
}

/// The error that the integration is not there, if so. One that the ledger knows was there before.
fn gone(
    integration_id: IntegrationId,
    integrations: &[Integration],
    is_known: bool,
) -> Option<PushError> {
    let mut integrations = integrations.iter();
    let registered = integrations.clone().map(|of| of.integration_id).next();
    if integrations.any(|integration| integration.integration_id == integration_id) {
        return None;
    }
    let next = match registered {
        Some(id) => format!("{id} is registered now; --integration-id {id} syncs to it"),
        None => "register a new one and sync to it".to_owned(),
    };
    let message = if is_known {
        format!(
            "the integration {integration_id} and its records are no longer in Gong: {next}; of a source \
             without `complete`, sync all records once"
        )
    } else {
        format!("Gong has no integration {integration_id}: {next}")
    };
    Some(Error::new(ErrorKind::NotFound, message).into())
}

/// Looks, if a day has passed since the last time, also at uploads that were given up. Gives what is
/// worth knowing.
pub(super) async fn look_if_due(
    client: &Client,
    integration_id: IntegrationId,
    ledger: &LockedLedger,
    space: Space,
) -> Result<Late, PushError> {
    let now = client.clock.now();
    let before: Option<Look> = ledger.ledger().look(space).await?;
    let is_due = before.as_ref().and_then(|look| look.at).is_none_or(|at| {
        // A clock that jumped back does not put it off forever.
        let age = now.duration_since(at);
        age >= GOOD_FOR || age.is_negative()
    });
    if !is_due {
        return Ok(Late::default());
    }
    let integrations = match client.api().integrations().await {
        Ok(integrations) => integrations,
        Err(error) => return passed_over(error),
    };
    let is_known = before.is_some() || ledger.ledger().has_records(space).await?;
    if let Some(gone) = gone(integration_id, &integrations, is_known) {
        ledger.forget_versions(space).await?;
        return Err(gone);
    }
    let schema = match client.api().entity_schema(integration_id, None).await {
        Ok(schema) => schema,
        Err(error) => return passed_over(error),
    };
    let mut look = Look {
        at: Some(now),
        fields: BTreeMap::new(),
    };
    let mut notes = Vec::new();
    for object_type in ObjectType::ALL {
        let fields = declared(&schema, object_type);
        let last = before
            .as_ref()
            .and_then(|before| before.fields.get(object_type.as_str()));
        if let Some(last) = last {
            let changed = changed(&fields, last);
            if !changed.is_empty() {
                bump(ledger, space, object_type, &changed).await?;
                notes.push(format!(
                    "{object_type}: Gong's schema has new or changed fields ({}): records that \
                     have them are sent again, those of a source of changes when it lists them",
                    changed.join(", ")
                ));
            }
        }
        look.fields.insert(object_type.to_string(), fields);
    }
    // Whose deals people see; many tokens may not ask.
    drop(client.gong_users(integration_id).await);
    ledger.ledger().put_look(space, &look).await?;
    let looking = late::look(client, ledger, space, Check::All);
    let mut late = Box::pin(looking).await?;
    notes.append(&mut late.notes);
    Ok(Late { notes, ..late })
}

/// The declared fields of a type, with what they are.
fn declared(schema: &EntitySchema, object_type: ObjectType) -> BTreeMap<String, String> {
    let fields = schema.fields(object_type).into_iter().flatten();
    fields
        .map(|field| {
            let what = format!("{:?}", field.field_type);
            (field.unique_name.clone(), what)
        })
        .collect()
}

/// The fields that were not declared before, or as something else.
fn changed(fields: &BTreeMap<String, String>, before: &BTreeMap<String, String>) -> Vec<String> {
    let changed = fields
        .iter()
        .filter(|(name, what)| before.get(*name) != Some(*what));
    changed.map(|(name, _)| name.clone()).collect()
}

/// Notes that values of fields that were sent before were never shown.
async fn bump(
    ledger: &LockedLedger,
    space: Space,
    object_type: ObjectType,
    fields: &[String],
) -> Result<(), LedgerError> {
    let mut names = ledger.ledger().names(space, object_type).await?;
    for field in fields {
        names.bump(field);
    }
    ledger.put_names(&mut names).await
}

impl Client {
    /// Declares the custom fields of a type, like [`gong_client::Client::upload_entity_schema`],
    /// and stores in the ledger that records with new or changed fields are sent again: Gong does
    /// not show values that were sent before their field was declared.
    ///
    /// Waits for the ledger while a push or sync of another process uses it.
    ///
    /// # Errors
    ///
    /// Any error of the call; [`ErrorKind::Configuration`] when the ledger can't be written, and then
    /// nothing was sent.
    pub async fn upload_entity_schema(
        &self,
        integration_id: IntegrationId,
        object_type: ObjectType,
        fields: &[SchemaField],
    ) -> Result<(), Error> {
        self.upload_entity_schema_with(integration_id, object_type, fields, |_| {})
            .await
    }

    /// The same; `on_wait` is called once if a push or sync uses the ledger, with the process that it is.
    ///
    /// # Errors
    ///
    /// Like [`upload_entity_schema`](Self::upload_entity_schema).
    pub async fn upload_entity_schema_with(
        &self,
        integration_id: IntegrationId,
        object_type: ObjectType,
        fields: &[SchemaField],
        on_wait: impl Fn(LockOwner) + Send + Sync,
    ) -> Result<(), Error> {
        let unwritable = |error: LedgerError| {
            let message = "the ledger cannot store which fields are declared; nothing was sent";
            Error::new(ErrorKind::Configuration, message).with_source(error)
        };
        // It is kept during the call: what another push sent in between could be too early for the
        // field, and would count as sent after it.
        let locking = self.ledger().lock(true, &*self.clock, &on_wait);
        let ledger = locking.await.map_err(unwritable)?;
        let kept = fields.iter().filter(|field| field.is_deleted != Some(true));
        let schema = EntitySchema::new().with_fields(object_type, kept.cloned());
        let declared = declared(&schema, object_type);
        // Before the call, because nothing may happen after it: the process can be stopped. If Gong does
        // not take the fields, records are sent once more than needed.
        let (space, mut look) = self
            .note_changed(&ledger, integration_id, object_type, &declared)
            .await
            .map_err(unwritable)?;
        self.api()
            .upload_entity_schema(integration_id, object_type, fields)
            .await?;
        look.fields.insert(object_type.to_string(), declared);
        // Without it, the next look finds the fields changed, and the records are sent once more.
        drop(ledger.ledger().put_look(space, &look).await);
        Ok(())
    }

    /// Stores that records with fields that are new or changed are sent again. Gives the last look.
    async fn note_changed(
        &self,
        ledger: &LockedLedger,
        integration_id: IntegrationId,
        object_type: ObjectType,
        declared: &BTreeMap<String, String>,
    ) -> Result<(Space, Look), LedgerError> {
        let space = ledger
            .ledger()
            .space(self.base_url(), integration_id)
            .await?;
        let look: Look = ledger.ledger().look(space).await?.unwrap_or_default();
        let before = look.fields.get(object_type.as_str());
        let changed = changed(declared, before.unwrap_or(&BTreeMap::new()));
        bump(ledger, space, object_type, &changed).await?;
        Ok((space, look))
    }
}

/// How to handle a failed check: without credentials nothing else works either; otherwise the next
/// round checks again.
fn passed_over(error: Error) -> Result<Late, PushError> {
    if matches!(error.kind(), ErrorKind::Unauthorized | ErrorKind::Forbidden) {
        return Err(error.into());
    }
    let note = format!("the daily check of the integration and its schema failed: {error}");
    Ok(Late {
        notes: vec![note],
        ..Late::default()
    })
}
