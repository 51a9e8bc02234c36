//! Looks at a record from all sides: ledger, sources, Gong, Gong's users.

use std::collections::BTreeSet;

use gong_client::objects::CrmObject;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::related::{lines_with, text};
use super::{WhyError, WhyOptions};
use crate::client::Client;
use crate::compare::HashKey;
use crate::coverage::{CoverageError, Seat};
use crate::ledger::{RecordState, SentField, Space};
use crate::sync::{Only, PlanAction};
use crate::value::ObjectId;
use crate::{IntegrationId, ObjectType};

/// All that was seen of a record.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) object_type: ObjectType,
    pub(super) now: Timestamp,
    pub(super) state: Option<RecordState>,
    pub(super) is_under_way: bool,
    pub(super) object: Held,
    pub(super) source: InSource,
    /// What a sync would do with it, with the fields and the reason.
    pub(super) planned: Option<(PlanAction, Vec<String>, Option<String>)>,
    /// Its fields, from Gong or else from the source.
    pub(super) record: Option<Map<String, Value>>,
    pub(super) account: Option<Account>,
    pub(super) owner: Option<Owner>,
    /// The stage, and whether Gong accepted it.
    pub(super) stage: Option<(String, Option<RecordState>)>,
    /// Other records of the source with the same address.
    pub(super) same_address: Vec<String>,
    /// Custom fields that were sent and are not in Gong's schema.
    pub(super) undeclared: Vec<String>,
}

/// Whether Gong holds a record.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Held {
    Yes,
    No,
    /// Gong can't show records of this type, or with this id.
    CannotTell,
}

/// Whether a source holds a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum InSource {
    /// The type has no source.
    NoSource,
    Yes,
    No,
    /// The source can't be read, and why.
    Unreadable(String),
}

/// The account that a record refers to.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) id: String,
    pub(super) is_held: bool,
    pub(super) state: Option<RecordState>,
}

/// The business user that owns a deal, or is looked at.
#[derive(Debug)]
pub(super) struct Owner {
    pub(super) id: String,
    pub(super) state: Option<RecordState>,
    /// Whether a user of Gong has the address; otherwise why that is not known.
    pub(super) seat: Result<Seat, String>,
}

pub(super) async fn look(
    client: &Client,
    integration_id: IntegrationId,
    object_type: ObjectType,
    object_id: &str,
    options: &WhyOptions,
) -> Result<Seen, WhyError> {
    let ledger = client.ledger();
    let space = ledger.space(client.base_url(), integration_id).await?;
    let looker = Looker {
        client,
        integration_id,
        space,
        options,
    };
    let state = looker.state(object_type, object_id).await?;
    let under_way = ledger.records_under_way(space).await?;
    let object = looker.object(object_type, object_id).await?;
    let (source, line) = looker.in_source(object_type, object_id).await;
    let planned = match source {
        InSource::NoSource | InSource::Unreadable(_) => None,
        InSource::Yes | InSource::No => looker.planned(object_type, object_id).await?,
    };
    let (held, record) = match object {
        None => (Held::CannotTell, line),
        Some(None) => (Held::No, line),
        Some(Some(object)) => (Held::Yes, Some(object)),
    };
    let fields = record.clone().unwrap_or_default();
    let refers = matches!(object_type, ObjectType::Contact | ObjectType::Deal);
    let account = match text(&fields, "accountId").filter(|_| refers) {
        Some(id) => Some(looker.account(id).await?),
        None => None,
    };
    let owner = match object_type {
        ObjectType::BusinessUser => Some(looker.owner(object_id).await?),
        ObjectType::Deal => match text(&fields, "ownerId") {
            Some(id) => Some(looker.owner(id).await?),
            None => None,
        },
        _ => None,
    };
    let stage = match text(&fields, "stage").filter(|_| object_type == ObjectType::Deal) {
        Some(id) => Some((id.to_owned(), looker.state(ObjectType::Stage, id).await?)),
        None => None,
    };
    Ok(Seen {
        object_type,
        now: client.clock.now(),
        is_under_way: under_way.contains(&(object_type, object_id.to_owned())),
        undeclared: looker.undeclared(object_type, state.as_ref()).await?,
        same_address: looker.same_address(object_type, object_id, &fields).await,
        state,
        object: held,
        source,
        planned,
        record,
        account,
        owner,
        stage,
    })
}

struct Looker<'a> {
    client: &'a Client,
    integration_id: IntegrationId,
    space: Space,
    options: &'a WhyOptions,
}

impl Looker<'_> {
    async fn state(
        &self,
        object_type: ObjectType,
        object_id: &str,
    ) -> Result<Option<RecordState>, WhyError> {
        let ledger = self.client.ledger();
        let states = ledger.records(self.space, object_type, [object_id]).await?;
        Ok(states.into_iter().flatten().next())
    }

    /// What Gong holds; `None` outside if it can't be asked.
    async fn object(
        &self,
        object_type: ObjectType,
        object_id: &str,
    ) -> Result<Option<Option<CrmObject>>, WhyError> {
        let Ok(id) = object_id.parse::<ObjectId>() else {
            return Ok(None);
        };
        if !object_type.has_entity_schema() {
            return Ok(None);
        }
        let ids = [id];
        let mut objects = self
            .client
            .objects(self.integration_id, object_type, &ids)
            .await?;
        let object = objects.remove(object_id).flatten();
        Ok(Some(object.filter(|object| {
            object.get("isDeleted") != Some(&Value::Bool(true))
        })))
    }

    /// The record in its source.
    async fn in_source(
        &self,
        object_type: ObjectType,
        object_id: &str,
    ) -> (InSource, Option<Map<String, Value>>) {
        let Some(sources) = &self.options.sources else {
            return (InSource::NoSource, None);
        };
        match lines_with(sources, object_type, object_id, self.client.clock.now()).await {
            Ok(None) => (InSource::NoSource, None),
            Ok(Some(lines)) => {
                let mut lines = lines.into_iter().rev();
                match lines.find(|line| text(line, "objectId") == Some(object_id)) {
                    Some(line) => (InSource::Yes, Some(line)),
                    None => (InSource::No, None),
                }
            }
            Err(error) => (InSource::Unreadable(error.to_string()), None),
        }
    }

    async fn planned(
        &self,
        object_type: ObjectType,
        object_id: &str,
    ) -> Result<Option<(PlanAction, Vec<String>, Option<String>)>, WhyError> {
        let Some(sources) = &self.options.sources else {
            return Ok(None);
        };
        let mut sources = sources.clone();
        let only = Only::Ids(vec![object_id.to_owned()]);
        sources.only = [(object_type, only)].into();
        let plan = self.client.plan(self.integration_id, sources).await?;
        let change = plan
            .changes
            .into_iter()
            .find(|change| change.object_id.as_deref() == Some(object_id));
        Ok(change.map(|change| (change.action, change.fields, change.reason)))
    }

    async fn account(&self, id: &str) -> Result<Account, WhyError> {
        let object = self.object(ObjectType::Account, id).await?;
        Ok(Account {
            id: id.to_owned(),
            is_held: object.flatten().is_some(),
            state: self.state(ObjectType::Account, id).await?,
        })
    }

    async fn owner(&self, id: &str) -> Result<Owner, WhyError> {
        let state = self.state(ObjectType::BusinessUser, id).await?;
        let mut address = state.as_ref().and_then(|state| state.address);
        if address.is_none()
            && let (_, Some(line)) = self.in_source(ObjectType::BusinessUser, id).await
            && let Some(text) = text(&line, "emailAddress")
        {
            let key = self.client.ledger().identity().await?.key();
            address = Some(HashKey::from_bytes(key).of_address(text));
        }
        let seat = match self.client.gong_users(self.integration_id).await {
            Ok(users) => Ok(users.seat(address)),
            Err(CoverageError::Request(error)) => Err(error.to_string()),
            Err(CoverageError::Ledger(error)) => return Err(error.into()),
        };
        Ok(Owner {
            id: id.to_owned(),
            state,
            seat,
        })
    }

    /// Other people of the source with the same address.
    async fn same_address(
        &self,
        object_type: ObjectType,
        object_id: &str,
        fields: &Map<String, Value>,
    ) -> Vec<String> {
        let is_person = matches!(object_type, ObjectType::Contact | ObjectType::Lead);
        let address = text(fields, "emailAddress").filter(|_| is_person);
        let (Some(sources), Some(address)) = (&self.options.sources, address) else {
            return Vec::new();
        };
        let lines = lines_with(sources, object_type, address, self.client.clock.now()).await;
        let lines = lines.ok().flatten().unwrap_or_default();
        let others: BTreeSet<String> = lines
            .iter()
            .filter(|line| line.get("isDeleted") != Some(&Value::Bool(true)))
            .filter(|line| {
                let other = text(line, "emailAddress");
                other.is_some_and(|other| other.eq_ignore_ascii_case(address))
            })
            .filter_map(|line| text(line, "objectId"))
            .filter(|id| *id != object_id)
            .map(str::to_owned)
            .collect();
        others.into_iter().collect()
    }

    /// Custom fields that were sent and that Gong does not show.
    async fn undeclared(
        &self,
        object_type: ObjectType,
        state: Option<&RecordState>,
    ) -> Result<Vec<String>, WhyError> {
        let Some(state) = state.filter(|_| object_type.has_entity_schema()) else {
            return Ok(Vec::new());
        };
        let names = self.client.ledger().names(self.space, object_type).await?;
        let format = object_type.line_format();
        let sent = state.fields.iter();
        let custom: Vec<&str> = sent
            .filter(|field| field.hash != SentField::NULL_SENT)
            .filter_map(|field| names.name(field.name))
            .filter(|name| format.field(name).is_none())
            .collect();
        if custom.is_empty() {
            return Ok(Vec::new());
        }
        let of_type = Some(object_type);
        let schema = self
            .client
            .entity_schema(self.integration_id, of_type)
            .await?;
        let declared = schema.fields(object_type).into_iter().flatten();
        let declared: BTreeSet<&str> = declared.map(|field| field.unique_name.as_str()).collect();
        let undeclared = custom.into_iter().filter(|name| !declared.contains(name));
        Ok(undeclared.map(str::to_owned).collect())
    }
}
