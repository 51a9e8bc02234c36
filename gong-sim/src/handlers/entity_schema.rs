//! The entity schema of an object type: lists it, and replaces it.

use std::collections::{HashMap, HashSet};

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::Answer;
use super::call::{Call, JsonObject};
use crate::object_type::ObjectType;
use crate::rules::{RuleId, RuleSet};
use crate::store::State;
use crate::validate::{FieldType, SchemaField, Shape, is_date_time, is_standard, standard_fields};

const PROPERTIES: &[&str] = &[
    "uniqueName",
    "label",
    "type",
    "lastModified",
    "isDeleted",
    "referenceTo",
    "orderedValueList",
];

pub(super) fn list(state: &mut State, call: &Call<'_>) -> Result<Answer, Answer> {
    call.reject_unknown_parameters(state.rules)?;
    let object_types = match call.query("objectType") {
        None if state.rules.is_on(RuleId::SchemaObjectTypeOptional) => {
            ObjectType::WITH_SCHEMA.to_vec()
        }
        _ => vec![call.schema_object_type()?],
    };
    let integration_id = call.known_integration(state)?;
    let Some(integration) = state.integration(integration_id) else {
        return Err(call.unknown_integration());
    };
    let mut listed = Map::new();
    for object_type in object_types {
        let mut fields = Vec::new();
        if state.rules.is_on(RuleId::SchemaListsStandardFields) {
            fields.extend(standard_fields(object_type).iter().filter(|(name, _)| *name != "isDeleted").map(
                |(name, shape)| json!({"uniqueName": name, "label": name, "type": standard_type(*shape)}),
            ));
        }
        fields.extend(
            integration
                .schema(object_type)
                .iter()
                .map(|field| shown(field, state.rules)),
        );
        listed.insert(object_type.as_str().to_owned(), fields.into());
    }
    Ok(Answer::ok(json!({ "objectTypeToSelectedFields": listed })))
}

pub(crate) fn shown(field: &SchemaField, rules: RuleSet) -> Value {
    let mut shown = serde_json::to_value(field).unwrap_or_default();
    if let Value::Object(properties) = &mut shown {
        if rules.is_on(RuleId::SchemaListsName)
            && let Some(name) = properties.shift_remove("uniqueName")
        {
            properties.insert("name".to_owned(), name);
        }
        if rules.is_on(RuleId::SchemaListsNulls) {
            for name in ["lastModified", "referenceTo", "orderedValueList"] {
                properties.entry(name).or_insert(Value::Null);
            }
        }
    }
    shown
}

fn standard_type(shape: Shape) -> FieldType {
    match shape {
        Shape::Text | Shape::DealStatus => FieldType::String,
        Shape::Texts => FieldType::StringArray,
        Shape::Boolean => FieldType::Boolean,
        Shape::Number => FieldType::Currency,
        Shape::SortOrder => FieldType::Number,
        Shape::DateTime => FieldType::DateTime,
        Shape::CloseDate => FieldType::Date,
        Shape::Url => FieldType::Url,
        Shape::Email => FieldType::EmailAddress,
    }
}

pub(super) fn upload(state: &mut State, call: &Call<'_>) -> Result<Answer, Answer> {
    call.reject_unknown_parameters(state.rules)?;
    let object_type = call.schema_object_type()?;
    let integration_id = call.known_integration(state)?;
    let Value::Array(items) = call.json(state.rules)? else {
        return Err(Answer::bad_request(
            "Json parse error: the body must be an array of fields",
        ));
    };
    let rules = state.rules;
    let mut sent = Vec::with_capacity(items.len());
    for item in items {
        sent.push(read_field(rules, object_type, item)?);
    }
    let Some(integration) = state.integration_mut(integration_id) else {
        return Err(call.unknown_integration());
    };
    let changes = plan(rules, &integration.schema(object_type), sent)?;
    // A standard field of the same name is not the schema's to drop.
    for name in changes
        .dropped
        .iter()
        .filter(|name| !is_standard(object_type, name))
    {
        integration.table_mut(object_type).drop_field(name);
    }
    integration.set_schema(object_type, changes.fields);
    state.changed();
    let status = if rules.is_on(RuleId::SchemaAnswers200) {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    Ok(Answer::new(status, json!({})))
}

/// Reads one field of an entity schema.
pub(crate) fn read_field(
    rules: RuleSet,
    object_type: ObjectType,
    item: Value,
) -> Result<SentField, Answer> {
    let Value::Object(properties) = item else {
        return Err(Answer::bad_request(
            "Json parse error: each field must be an object",
        ));
    };
    let body = JsonObject(properties);
    body.reject_unknown(rules, PROPERTIES)?;
    let unique_name = body.mandatory_text("uniqueName")?.to_owned();
    let label = body.mandatory_text("label")?.to_owned();
    let type_name = body.mandatory_text("type")?;
    let Ok(field_type) = serde_json::from_value::<FieldType>(type_name.into()) else {
        return Err(Answer::bad_request(format!(
            "Json parse error: unknown field type [{type_name}]"
        )));
    };
    let last_modified = body.optional_text("lastModified")?.map(str::to_owned);
    let reference_to = body.optional_text("referenceTo")?.map(str::to_owned);
    let ordered_value_list = body.optional_texts("orderedValueList")?;
    let is_deleted = body.optional_boolean("isDeleted")?.unwrap_or(false);
    let reject = |text: String| Err(Answer::bad_request(text));
    if last_modified
        .as_deref()
        .is_some_and(|date| rules.is_on(RuleId::DateTimeFormat) && !is_date_time(date))
    {
        return reject(format!(
            "Field [{unique_name}]: lastModified must be ISO-8601 without milliseconds"
        ));
    }
    let field = SchemaField {
        unique_name,
        label,
        field_type,
        last_modified,
        reference_to,
        ordered_value_list,
    };
    if rules.is_on(RuleId::SchemaReferenceNeedsTarget)
        && field.reference_to.is_some()
        && field.reference_target().is_none()
    {
        return reject(format!(
            "Field [{}]: referenceTo must be one of ACCOUNT, CONTACT, DEAL, LEAD, USER",
            field.unique_name
        ));
    }
    if is_deleted {
        return Ok(SentField { field, is_deleted });
    }
    let name = &field.unique_name;
    match field_type {
        FieldType::Picklist
            if rules.is_on(RuleId::SchemaPicklistNeedsValues)
                && field
                    .ordered_value_list
                    .as_deref()
                    .is_none_or(<[String]>::is_empty) =>
        {
            return reject(format!(
                "Field [{name}] of type PICKLIST must have an orderedValueList"
            ));
        }
        FieldType::Reference
            if rules.is_on(RuleId::SchemaReferenceNeedsTarget)
                && field.reference_target().is_none() =>
        {
            return reject(format!(
                "Field [{name}] of type REFERENCE must have a referenceTo out of ACCOUNT, CONTACT, DEAL, LEAD, USER"
            ));
        }
        FieldType::StringArray if rules.is_on(RuleId::SchemaStringArray) => {
            return reject(format!(
                "Field [{name}]: type STRINGARRAY is for Gong's own fields"
            ));
        }
        _ => {}
    }
    if rules.is_on(RuleId::SchemaStandardName) && is_standard(object_type, name) {
        return reject(format!(
            "Field [{name}] is a standard field of {object_type}"
        ));
    }
    Ok(SentField { field, is_deleted })
}

/// One field of the sent list.
#[derive(Debug)]
pub(crate) struct SentField {
    field: SchemaField,
    is_deleted: bool,
}

/// The schema after a list was sent, and the fields that lose their values.
#[derive(Debug)]
pub(crate) struct SchemaChanges {
    pub(crate) fields: Vec<SchemaField>,
    /// Fields whose values go.
    pub(crate) dropped: Vec<String>,
}

pub(crate) fn plan(
    rules: RuleSet,
    known: &[SchemaField],
    sent: Vec<SentField>,
) -> Result<SchemaChanges, Answer> {
    let mut fields: Vec<SchemaField> = Vec::with_capacity(sent.len());
    let mut dropped = Vec::new();
    let mut seen: HashSet<String> = HashSet::with_capacity(sent.len());
    let types: HashMap<&str, FieldType> = known
        .iter()
        .map(|field| (field.unique_name.as_str(), field.field_type))
        .collect();
    for SentField { field, is_deleted } in sent {
        if !seen.insert(field.unique_name.clone()) {
            if rules.is_on(RuleId::SchemaDuplicateName) {
                return Err(Answer::bad_request(format!(
                    "Field [{}] appears more than once",
                    field.unique_name
                )));
            }
            fields.retain(|earlier| earlier.unique_name != field.unique_name);
        }
        let before = types.get(field.unique_name.as_str());
        let changes_type = before.is_some_and(|before| *before != field.field_type);
        if is_deleted || (changes_type && rules.is_on(RuleId::SchemaTypeChangeDropsData)) {
            dropped.push(field.unique_name.clone());
        }
        if !is_deleted {
            fields.push(field);
        }
    }
    for before in known
        .iter()
        .filter(|before| !seen.contains(&before.unique_name))
    {
        if rules.is_on(RuleId::SchemaCompleteList) {
            return Err(Answer::bad_request(format!(
                "The list of fields must include all existing fields, missing: [{}]",
                before.unique_name
            )));
        }
        fields.push(before.clone());
    }
    Ok(SchemaChanges { fields, dropped })
}
