//! What can be asked of the ledger, the sources and Gong.

use std::collections::HashSet;

use gong_client::error::Error;
use serde_json::{Map, Value};

use super::WhyError;
use super::sources::{ReadSources, is_deleted};
use crate::client::Client;
use crate::compare::HashKey;
use crate::ledger::{RecordState, Space};
use crate::value::ObjectId;
use crate::{IntegrationId, ObjectType};

/// Everything that a look at a record needs.
pub(super) struct Looker<'a> {
    pub(super) client: &'a Client,
    pub(super) integration_id: IntegrationId,
    pub(super) space: Space,
    pub(super) sources: ReadSources,
    pub(super) under_way: HashSet<(ObjectType, String)>,
    /// Whether a call failed, so that no other is made.
    pub(super) is_cut_off: bool,
}

impl Looker<'_> {
    pub(super) async fn state(
        &self,
        object_type: ObjectType,
        object_id: &str,
    ) -> Result<Option<RecordState>, WhyError> {
        let ledger = self.client.ledger();
        let states = ledger.records(self.space, object_type, [object_id]).await?;
        Ok(states.into_iter().flatten().next())
    }

    /// The hash of an address under the ledger's key.
    pub(super) async fn address(&self, address: &str) -> Result<u64, WhyError> {
        let key = self.client.ledger().identity().await?.key();
        Ok(HashKey::from_bytes(key).of_address(address))
    }

    /// The last version of a stage that Gong accepted.
    pub(super) async fn stage_line(
        &self,
        id: &str,
    ) -> Result<Option<Map<String, Value>>, WhyError> {
        let ledger = self.client.ledger();
        let lines = ledger.stage_lines(self.space, &[id.to_owned()]).await?;
        Ok(lines
            .first()
            .and_then(|line| serde_json::from_slice(line).ok()))
    }

    /// What Gong holds; `None` outside if it can't be asked.
    pub(super) async fn object(
        &self,
        object_type: ObjectType,
        object_id: &str,
    ) -> Result<Option<Option<Map<String, Value>>>, Error> {
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
        let object = objects.remove(object_id);
        Ok(object.map(|object| object.filter(|object| !is_deleted(object))))
    }
}
