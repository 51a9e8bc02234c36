//! The entity schema: which custom fields Gong shows.

use std::collections::BTreeMap;

use gong_api_gen::types;

use crate::client::Client;
use crate::entity::ObjectType;
use crate::error::{Error, ErrorKind};
use crate::id::IntegrationId;
use crate::objects::schema_object_type;
use crate::operation::Operation;

/// A custom field, as Gong declares it.
///
/// ```
/// use gong_crm::SchemaField;
///
/// let field = SchemaField::new("region", "Region", "PICKLIST").with_values(["EMEA", "APAC"]);
/// assert_eq!(field.ordered_value_list, ["EMEA", "APAC"]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SchemaField {
    /// The field's name in the lines of entity files.
    pub unique_name: String,
    /// Its name in Gong.
    pub label: String,
    /// Its type, such as `PICKLIST`; answers may hold types that this crate does not know.
    #[serde(rename = "type")]
    pub field_type: String,
    /// What a `REFERENCE` points to: `ACCOUNT`, `CONTACT`, `DEAL`, `LEAD` or `USER`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_to: Option<String>,
    /// The values of a `PICKLIST`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ordered_value_list: Vec<String>,
    /// Whether the field and all its values are removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_deleted: Option<bool>,
    /// When the field was last changed, ISO 8601 without milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
}

impl SchemaField {
    /// A field of this type.
    pub fn new(
        unique_name: impl Into<String>,
        label: impl Into<String>,
        field_type: impl Into<String>,
    ) -> Self {
        Self {
            unique_name: unique_name.into(),
            label: label.into(),
            field_type: field_type.into(),
            reference_to: None,
            ordered_value_list: Vec::new(),
            is_deleted: None,
            last_modified: None,
        }
    }

    /// The same field with the values of a picklist.
    #[must_use]
    pub fn with_values(mut self, values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.ordered_value_list = values.into_iter().map(Into::into).collect();
        self
    }

    /// The same field, pointing to records of this type.
    #[must_use]
    pub fn with_reference_to(mut self, target: impl Into<String>) -> Self {
        self.reference_to = Some(target.into());
        self
    }

    /// The same field, to be removed with all its values.
    #[must_use]
    pub fn with_deletion(mut self) -> Self {
        self.is_deleted = Some(true);
        self
    }

    fn to_raw(&self) -> Result<types::GenericSchemaFieldRequest, Error> {
        let wrong = |what: String| {
            Error::new(
                ErrorKind::InvalidRequest,
                format!("field {}: {what}", self.unique_name),
            )
        };
        let field_type = self.field_type.parse().map_err(|_| {
            wrong(format!(
                "{:?} is none of Gong's field types, such as STRING or PICKLIST",
                self.field_type
            ))
        })?;
        let target = |name: &String| {
            name.parse().map_err(|_| {
                let hint = if name == "BUSINESS_USER" {
                    "; business users are called USER here"
                } else {
                    ""
                };
                wrong(format!("a reference can't point to {name:?}{hint}"))
            })
        };
        Ok(types::GenericSchemaFieldRequest {
            unique_name: self.unique_name.clone(),
            label: self.label.clone(),
            type_: field_type,
            reference_to: self.reference_to.as_ref().map(target).transpose()?,
            ordered_value_list: self.ordered_value_list.clone(),
            is_deleted: self.is_deleted,
            last_modified: self.last_modified.clone(),
        })
    }
}

impl From<types::SchemaField> for SchemaField {
    fn from(field: types::SchemaField) -> Self {
        Self {
            // Gong's schema says `uniqueName`, its example `name`.
            unique_name: field.unique_name.or(field.name).unwrap_or_default(),
            label: field.label.unwrap_or_default(),
            field_type: field.type_.unwrap_or_default(),
            reference_to: field.reference_to,
            ordered_value_list: field.ordered_value_list.unwrap_or_default(),
            is_deleted: field.is_deleted,
            last_modified: field.last_modified,
        }
    }
}

impl Client {
    /// Lists the declared custom fields of one type, or of all.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] for a type without entity schema; any [`ErrorKind`] of a call.
    pub async fn entity_schema(
        &self,
        integration_id: IntegrationId,
        object_type: Option<ObjectType>,
    ) -> Result<BTreeMap<String, Vec<SchemaField>>, Error> {
        let object_type = object_type.map(schema_object_type).transpose()?;
        let call = self
            .raw()
            .list_crm_schema_fields(integration_id.get(), object_type);
        let answer = self.call(Operation::ListCrmSchemaFields, call).await?;
        let types = answer.object_type_to_selected_fields.unwrap_or_default();
        Ok(types
            .into_iter()
            .map(|(object_type, fields)| {
                (
                    object_type,
                    fields.into_iter().map(SchemaField::from).collect(),
                )
            })
            .collect())
    }

    /// Declares the custom fields of a type: always the complete list.
    ///
    /// Leaving out a field that Gong knows is an error and changes nothing; a changed type makes a
    /// new field and drops the old one's values.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] for a type without entity schema, or a field type or reference
    /// target that Gong does not know; any [`ErrorKind`] of a call.
    pub async fn upload_entity_schema(
        &self,
        integration_id: IntegrationId,
        object_type: ObjectType,
        fields: &[SchemaField],
    ) -> Result<(), Error> {
        let object_type = schema_object_type(object_type)?;
        let body = fields
            .iter()
            .map(SchemaField::to_raw)
            .collect::<Result<Vec<_>, _>>()?;
        let call = self
            .raw()
            .upload_crm_schema_field(integration_id.get(), object_type, &body);
        self.call(Operation::UploadCrmSchemaField, call)
            .await
            .map(drop)
    }
}
