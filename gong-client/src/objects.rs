//! Reading records back from Gong.

use std::collections::BTreeMap;

use gong_api_gen::types;
use serde_json::{Map, Value};

use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::operation::Operation;
use gong_records::ObjectType;
use gong_records::ids::IntegrationId;
use gong_records::value::ObjectId;

/// The most ids in one call; Gong silently cuts off the rest.
pub const MAX_OBJECTS: usize = 100;

/// A record in Gong: field name to value.
pub type CrmObject = Map<String, Value>;

impl Client {
    /// Reads records by id, with one call per [`MAX_OBJECTS`] ids; `None` for a record that Gong does
    /// not have or has not processed yet, which it says with `null`. An id that its response does not
    /// name is not in the map: nothing is known of that record.
    ///
    /// Gong intends this operation for verification during development. It cannot read business users
    /// and stages.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] for a type that cannot be read; any [`ErrorKind`] of a call.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let sim = gong_sim::Simulator::start().await?;
    /// # let client = gong_client::Client::builder().base_url(sim.base_url())
    /// #     .credentials(gong_client::Credentials::access_key(sim.access_key(), sim.access_key_secret()))
    /// #     .build()?;
    /// # let integration_id = sim.register_integration("Acme CRM", "admin@acme.example").into();
    /// use gong_records::{ObjectId, ObjectType};
    ///
    /// let ids: Vec<ObjectId> = vec!["a-1".parse()?, "a-2".parse()?];
    /// let found = client.objects(integration_id, ObjectType::Account, &ids).await?;
    /// assert_eq!(found.len(), 2);
    /// assert!(found.iter().all(|(_, object)| object.is_none()), "nothing was uploaded yet");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn objects(
        &self,
        integration_id: IntegrationId,
        object_type: ObjectType,
        ids: &[ObjectId],
    ) -> Result<BTreeMap<String, Option<CrmObject>>, Error> {
        let readable = schema_object_type(object_type)?;
        let mut found = BTreeMap::new();
        for chunk in ids.chunks(MAX_OBJECTS) {
            let body: Vec<String> = chunk.iter().map(ObjectId::to_string).collect();
            let call = || {
                self.raw()
                    .get_crm_objects(integration_id.get(), readable, &body)
            };
            let answer = self.call_idempotent(Operation::GetCrmObjects, call).await?;
            let mut objects = answer.crm_objects_map.unwrap_or_default();
            found.extend(body.into_iter().filter_map(|id| {
                let object = objects.remove(&id)?;
                Some((id, object))
            }));
        }
        Ok(found)
    }
}

/// Whether objects of this type can be read and their fields declared.
///
/// # Errors
///
/// [`ErrorKind::InvalidRequest`] for types that have no entity schema.
pub fn require_entity_schema(object_type: ObjectType) -> Result<(), Error> {
    schema_object_type(object_type).map(drop)
}

/// The type for operations that support only four of the six types.
pub(crate) fn schema_object_type(
    object_type: ObjectType,
) -> Result<types::SchemaObjectType, Error> {
    object_type.as_str().parse().map_err(|_| {
        Error::new(
            ErrorKind::InvalidRequest,
            format!(
                "Gong cannot return records of type {object_type}, only ACCOUNT, CONTACT, DEAL and LEAD"
            ),
        )
    })
}
