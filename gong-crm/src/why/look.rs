//! Looks at a record from all sides: ledger, sources, Gong, Gong's users.

use std::collections::BTreeSet;

use gong_client::error::{Error, ErrorKind};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::alike::Alike;
use super::looker::Looker;
use super::sources::{InSource, ReadSources, is_deleted, text};
use super::{WhyError, WhyOptions};
use crate::client::Client;
use crate::coverage::{CoverageError, Seat, each_held};
use crate::ledger::{Current, RecordState, SentField};
use crate::sync::PlanAction;
use crate::value::ObjectId;
use crate::{IntegrationId, ObjectType};

/// All that was seen of a record.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) now: Timestamp,
    /// The record itself.
    pub(super) itself: Related,
    /// Why Gong allows no such id.
    pub(super) id_error: Option<String>,
    /// What a sync would do with it, with the fields and the reason.
    pub(super) planned: Option<(PlanAction, Vec<String>, Option<String>)>,
    /// Its fields, from Gong or else from the source.
    pub(super) record: Option<Map<String, Value>>,
    pub(super) account: Option<Related>,
    pub(super) owner: Option<Owner>,
    /// The stage, and whether it is retired.
    pub(super) stage: Option<(Related, bool)>,
    /// Other records of the source with the same address; `None` if there is no source to look in.
    pub(super) same_address: Option<Vec<String>>,
    /// Custom fields that were sent and are not in Gong's schema; otherwise why that is not known.
    pub(super) undeclared: Result<Vec<String>, String>,
}

/// Whether Gong holds a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Held {
    Yes,
    No,
    /// Gong can't show records of this type, or with this id.
    CannotTell,
    /// The call failed, and why; empty if it was not made, because another one failed.
    NotRead(String),
}

/// A record, or one that it refers to.
#[derive(Debug)]
pub(super) struct Related {
    pub(super) object_type: ObjectType,
    pub(super) id: String,
    pub(super) held: Held,
    pub(super) state: Option<RecordState>,
    pub(super) is_under_way: bool,
    pub(super) source: InSource,
    /// What its id resembles, if it was never sent.
    pub(super) alike: Option<Alike>,
}

/// The business user that owns a deal, or is looked at.
#[derive(Debug)]
pub(super) struct Owner {
    pub(super) user: Related,
    /// Whether a user of Gong has the address; otherwise why that is not known, and what to do.
    pub(super) seat: Result<Seat, (String, &'static str)>,
    /// Other business users with the same address.
    pub(super) same_address: Vec<String>,
}

/// Looks at a record. If Gong can't be asked, the error and what is known without it.
pub(super) async fn look(
    client: &Client,
    integration_id: IntegrationId,
    object_type: ObjectType,
    object_id: &str,
    options: &WhyOptions,
) -> Result<(Seen, Option<Error>), WhyError> {
    let ledger = client.ledger();
    let space = ledger.space(client.base_url(), integration_id).await?;
    let now = client.clock.now();
    let mut looker = Looker {
        client,
        integration_id,
        space,
        sources: match &options.sources {
            Some(sources) => ReadSources::read(sources, now).await,
            None => ReadSources::default(),
        },
        under_way: ledger.records_under_way(space).await?,
        is_cut_off: false,
    };
    let (held, object, failure) = match looker.object(object_type, object_id).await {
        Ok(Some(Some(object))) => (Held::Yes, Some(object), None),
        Ok(Some(None)) => (Held::No, None, None),
        Ok(None) => (Held::CannotTell, None, None),
        Err(error) => (Held::NotRead(error.to_string()), None, Some(error)),
    };
    looker.is_cut_off = failure.is_some();
    let (itself, line) = looker.related(object_type, object_id, held).await?;
    let planned = match itself.source {
        InSource::NoSource | InSource::Unreadable(_) => None,
        InSource::Yes | InSource::Deleted | InSource::No => {
            looker.planned(object_type, object_id).await?
        }
    };
    let mut record = object.or(line);
    if object_type == ObjectType::Stage {
        record = looker.stage_line(object_id).await?.or(record);
    }
    let fields = record.clone().unwrap_or_default();
    let of = |field, is_wanted: bool| text(&fields, field).filter(|_| is_wanted);
    let is_deal = object_type == ObjectType::Deal;
    let account = match of("accountId", is_deal || object_type == ObjectType::Contact) {
        Some(id) => Some(looker.account(id).await?),
        None => None,
    };
    let owner = match object_type {
        ObjectType::BusinessUser => Some(looker.owner(object_id).await?),
        _ => match of("ownerId", is_deal) {
            Some(id) => Some(looker.owner(id).await?),
            None => None,
        },
    };
    let stage = match of("stage", is_deal) {
        Some(id) => {
            let (stage, line) = looker
                .related(ObjectType::Stage, id, Held::CannotTell)
                .await?;
            let line = looker.stage_line(id).await?.or(line).unwrap_or_default();
            Some((stage, line.get("isActive") == Some(&Value::Bool(false))))
        }
        None => None,
    };
    let seen = Seen {
        now,
        id_error: object_id
            .parse::<ObjectId>()
            .err()
            .map(|error| error.to_string()),
        undeclared: looker
            .undeclared(object_type, itself.state.as_ref())
            .await?,
        same_address: looker.same_address(object_type, object_id, &fields).await,
        itself,
        planned,
        record,
        account,
        owner,
        stage,
    };
    Ok((seen, failure))
}

impl Looker<'_> {
    /// What ledger and source know of a record, and its line in the source.
    async fn related(
        &self,
        object_type: ObjectType,
        id: &str,
        held: Held,
    ) -> Result<(Related, Option<Map<String, Value>>), WhyError> {
        let state = self.state(object_type, id).await?;
        let (source, line) = self.sources.record(object_type, id).await;
        let is_under_way = self.under_way.contains(&(object_type, id.to_owned()));
        let is_unknown = state.is_none() && !is_under_way && held != Held::Yes;
        let alike = match source {
            InSource::Yes | InSource::Deleted => None,
            _ if !is_unknown => None,
            _ => self.alike(object_type, id).await?,
        };
        let related = Related {
            object_type,
            id: id.to_owned(),
            held,
            state,
            is_under_way,
            source,
            alike,
        };
        Ok((related, line))
    }

    async fn planned(
        &self,
        object_type: ObjectType,
        object_id: &str,
    ) -> Result<Option<(PlanAction, Vec<String>, Option<String>)>, WhyError> {
        let Some(sources) = self.sources.options() else {
            return Ok(None);
        };
        let plan = self
            .client
            .plan(self.integration_id, sources.clone())
            .await?;
        let change = plan.changes.into_iter().find(|change| {
            change.object_type == object_type && change.object_id.as_deref() == Some(object_id)
        });
        Ok(change.map(|change| (change.action, change.fields, change.reason)))
    }

    async fn account(&self, id: &str) -> Result<Related, WhyError> {
        let held = if self.is_cut_off {
            Held::NotRead(String::new())
        } else {
            match self.object(ObjectType::Account, id).await {
                Ok(Some(Some(_))) => Held::Yes,
                Ok(Some(None)) => Held::No,
                Ok(None) => Held::CannotTell,
                Err(error) => Held::NotRead(error.to_string()),
            }
        };
        Ok(self.related(ObjectType::Account, id, held).await?.0)
    }

    async fn owner(&self, id: &str) -> Result<Owner, WhyError> {
        let object_type = ObjectType::BusinessUser;
        let (user, line) = self.related(object_type, id, Held::CannotTell).await?;
        let mut address = user.state.as_ref().and_then(|state| state.address);
        if address.is_none()
            && let Some(text) = line.as_ref().and_then(|line| text(line, "emailAddress"))
        {
            address = Some(self.address(text).await?);
        }
        let mut same_address = Vec::new();
        if address.is_some() {
            let ledger = self.client.ledger();
            each_held(ledger, self.space, object_type, |other, state| {
                if other != id && state.address == address {
                    same_address.push(other.to_owned());
                }
            })
            .await?;
        }
        Ok(Owner {
            user,
            seat: self.seat(address).await?,
            same_address,
        })
    }

    async fn seat(
        &self,
        address: Option<u64>,
    ) -> Result<Result<Seat, (String, &'static str)>, WhyError> {
        let scope = "give the token the scope api:users:read";
        if self.is_cut_off {
            return Ok(Err((String::new(), "")));
        }
        Ok(match self.client.gong_users(self.integration_id).await {
            Ok(users) if users.is_empty() => Err(("Gong lists no users".to_owned(), scope)),
            Ok(users) => Ok(users.seat(address)),
            Err(CoverageError::Request(error)) => {
                let is_forbidden = matches!(
                    error.kind(),
                    ErrorKind::Unauthorized | ErrorKind::MissingScope | ErrorKind::Forbidden
                );
                let hint = if is_forbidden {
                    scope
                } else {
                    "try again later"
                };
                Err((error.to_string(), hint))
            }
            Err(CoverageError::Ledger(error)) => return Err(error.into()),
        })
    }

    /// Other people of the source with the same address.
    async fn same_address(
        &self,
        object_type: ObjectType,
        object_id: &str,
        fields: &Map<String, Value>,
    ) -> Option<Vec<String>> {
        let is_person = matches!(object_type, ObjectType::Contact | ObjectType::Lead);
        let Some(address) = text(fields, "emailAddress").filter(|_| is_person) else {
            return Some(Vec::new());
        };
        let lines = self.sources.lines_with(object_type, address).await;
        let lines = lines.ok().flatten()?;
        let others: BTreeSet<String> = lines
            .iter()
            .filter(|line| !is_deleted(line))
            .filter(|line| {
                let other = text(line, "emailAddress");
                other.is_some_and(|other| other.eq_ignore_ascii_case(address))
            })
            .filter_map(|line| text(line, "objectId"))
            .filter(|id| *id != object_id)
            .map(str::to_owned)
            .collect();
        Some(others.into_iter().collect())
    }

    /// Custom fields that were sent and that Gong does not show.
    async fn undeclared(
        &self,
        object_type: ObjectType,
        state: Option<&RecordState>,
    ) -> Result<Result<Vec<String>, String>, WhyError> {
        let is_wanted = object_type.has_entity_schema() && !self.is_cut_off;
        let Some(state) = state.filter(|_| is_wanted) else {
            return Ok(Ok(Vec::new()));
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
            return Ok(Ok(Vec::new()));
        }
        let of_type = Some(object_type);
        let read = self.client.entity_schema(self.integration_id, of_type);
        let schema = match read.await {
            Ok(schema) => schema,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let declared = schema.fields(object_type).into_iter().flatten();
        let declared: BTreeSet<&str> = declared.map(|field| field.unique_name.as_str()).collect();
        let undeclared = custom.into_iter().filter(|name| !declared.contains(name));
        Ok(Ok(undeclared.map(str::to_owned).collect()))
    }
}

impl Related {
    /// Whether the ledger says that Gong has a version of it.
    pub(super) fn is_accepted(&self) -> bool {
        self.state
            .as_ref()
            .is_some_and(|state| matches!(state.current, Current::Version | Current::Unknown))
    }

    /// Whether the last try to send it did not end well.
    pub(super) fn is_tried(&self) -> bool {
        let state = self.state.as_ref();
        state.is_some_and(|state| state.last_try.is_some())
    }
}
