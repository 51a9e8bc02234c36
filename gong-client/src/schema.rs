//! Reading and declaring the entity schema.

use gong_api_gen::types;

use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::objects::schema_object_type;
use crate::operation::Operation;
use gong_records::ObjectType;
use gong_records::ids::IntegrationId;
use gong_records::{EntitySchema, SchemaField};

impl Client {
    /// Lists the declared custom fields of one type, or of all.
    ///
    /// Types that have no custom fields or that this crate does not know, and fields without a name, are
    /// skipped.
    ///
    /// Gong's documentation requires the type and says in the same place that omitting it lists all: if
    /// Gong responds with 400 without a type, the four types are read one by one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] for a type without entity schema; any [`ErrorKind`] of a call.
    pub async fn entity_schema(
        &self,
        integration_id: IntegrationId,
        object_type: Option<ObjectType>,
    ) -> Result<EntitySchema, Error> {
        match self.schema_fields(integration_id, object_type).await {
            Err(error) if object_type.is_none() && error.status() == Some(400) => {}
            answer => return answer,
        }
        let mut schema = EntitySchema::new();
        for object_type in ObjectType::ALL {
            if object_type.has_entity_schema() {
                let answer = self
                    .schema_fields(integration_id, Some(object_type))
                    .await?;
                for (object_type, fields) in answer.iter() {
                    schema = schema.with_fields(object_type, fields.iter().cloned());
                }
            }
        }
        Ok(schema)
    }

    async fn schema_fields(
        &self,
        integration_id: IntegrationId,
        object_type: Option<ObjectType>,
    ) -> Result<EntitySchema, Error> {
        let object_type = object_type.map(schema_object_type).transpose()?;
        let call = || {
            self.raw()
                .list_crm_schema_fields(integration_id.get(), object_type)
        };
        let answer = self
            .call_idempotent(Operation::ListCrmSchemaFields, call)
            .await?;
        let types = answer.object_type_to_selected_fields.unwrap_or_default();
        let known = types.into_iter().filter_map(|(name, fields)| {
            let object_type = name.parse::<ObjectType>().ok();
            let object_type = object_type.filter(|known| known.has_entity_schema())?;
            Some((object_type, fields.into_iter().filter_map(from_raw)))
        });
        Ok(
            known.fold(EntitySchema::new(), |schema, (object_type, fields)| {
                schema.with_fields(object_type, fields)
            }),
        )
    }

    /// Declares the custom fields of a type. The list must be complete.
    ///
    /// Omitting a field that Gong knows is an error and changes nothing; a changed type creates a new
    /// field and removes the values of the old one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] for a type without entity schema, or a field type or reference
    /// target that Gong does not know; any [`ErrorKind`] of a call.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let sim = gong_sim::Simulator::start().await?;
    /// # let client = gong_client::Client::builder().base_url(sim.base_url())
    /// #     .credentials(gong_client::Credentials::access_key(sim.access_key(), sim.access_key_secret()))
    /// #     .build()?;
    /// # let integration_id = sim.register_integration("Acme CRM", "admin@acme.example").into();
    /// use gong_records::{ObjectType, SchemaField};
    ///
    /// let fields = [SchemaField::new("region", "Region", "PICKLIST").with_values(["EMEA", "APAC"])];
    /// client.upload_entity_schema(integration_id, ObjectType::Deal, &fields).await?;
    /// let schema = client.entity_schema(integration_id, Some(ObjectType::Deal)).await?;
    /// assert_eq!(schema.fields(ObjectType::Deal).unwrap()[0].label, "Region");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn upload_entity_schema(
        &self,
        integration_id: IntegrationId,
        object_type: ObjectType,
        fields: &[SchemaField],
    ) -> Result<(), Error> {
        let object_type = schema_object_type(object_type)?;
        let body = fields.iter().map(to_raw).collect::<Result<Vec<_>, _>>()?;
        // Idempotent, because the list is complete.
        let call = || {
            self.raw()
                .upload_crm_schema_field(integration_id.get(), object_type, &body)
        };
        self.call_idempotent(Operation::UploadCrmSchemaField, call)
            .await
            .map(drop)
    }
}

fn to_raw(field: &SchemaField) -> Result<types::GenericSchemaFieldRequest, Error> {
    let wrong = |what: String| {
        Error::new(
            ErrorKind::InvalidRequest,
            format!("field {}: {what}", field.unique_name),
        )
    };
    let field_type = field.field_type.as_str().parse().map_err(|_| {
        wrong(format!(
            "{:?} is not one of Gong's field types, such as STRING or PICKLIST",
            field.field_type.as_str()
        ))
    })?;
    let target = |name: &String| {
        name.parse().map_err(|_| {
            let hint = if name == "BUSINESS_USER" {
                "; business users are called USER here"
            } else {
                ""
            };
            wrong(format!("a reference cannot point to {name:?}{hint}"))
        })
    };
    Ok(types::GenericSchemaFieldRequest {
        unique_name: field.unique_name.clone(),
        label: field.label.clone(),
        type_: field_type,
        reference_to: field.reference_to.as_ref().map(target).transpose()?,
        ordered_value_list: field.ordered_value_list.clone(),
        is_deleted: field.is_deleted,
        last_modified: field.last_modified.clone(),
    })
}

fn from_raw(field: types::SchemaField) -> Option<SchemaField> {
    // Gong's schema says `uniqueName`, its example `name`.
    let unique_name = field.unique_name.or(field.name);
    let unique_name = unique_name.filter(|name| !name.is_empty())?;
    let mut known = SchemaField::new(
        unique_name,
        field.label.unwrap_or_default(),
        field.type_.unwrap_or_default(),
    );
    known.reference_to = field.reference_to;
    known.ordered_value_list = field.ordered_value_list.unwrap_or_default();
    known.is_deleted = field.is_deleted;
    known.last_modified = field.last_modified;
    Some(known)
}
