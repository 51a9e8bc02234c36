//! Reading objects back by their ids.

use std::collections::HashSet;

use http::StatusCode;
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::record::{Line, ObjectType, is_standard};
use crate::rules::{RuleId, RuleSet};
use crate::server::{Answer, Call};
use crate::state::{IntegrationData, State};

/// More ids are not answered, as documented.
const LISTED: usize = 100;

pub(super) fn get(state: &mut State, call: &Call<'_>) -> Result<Answer, Answer> {
    let rules = state.rules;
    call.refuse_unknown_parameters(rules)?;
    if rules.is_on(RuleId::ObjectsNeedJsonBody) && !call.has_json_content_type() {
        return Err(Answer::error(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Unsupported Media Type",
        ));
    }
    let object_type = call.schema_object_type()?;
    let integration_id = call.known_integration(state)?;
    let ids = read_ids(call, rules)?;
    if ids.len() > LISTED && !rules.is_on(RuleId::ObjectsCutAtHundred) {
        return Err(Answer::bad_request(
            "No more than 100 objects can be requested",
        ));
    }
    let Some(integration) = state.integration(integration_id) else {
        return Err(call.unknown_integration());
    };
    let objects = Objects {
        integration,
        object_type,
        rules,
        ids: &ids[..ids.len().min(LISTED)],
    };
    match serde_json::to_string(&objects) {
        Ok(text) => Ok(Answer::ok_raw("crmObjectsMap", text)),
        Err(error) => Err(Answer::error(
            StatusCode::INTERNAL_SERVER_ERROR,
            error.to_string(),
        )),
    }
}

fn read_ids(call: &Call<'_>, rules: RuleSet) -> Result<Vec<String>, Answer> {
    if call.body_is_empty() && !rules.is_on(RuleId::ObjectsNeedJsonBody) {
        return Ok(Vec::new());
    }
    let refuse =
        || Answer::bad_request("Json parse error: the body must be an array of object ids");
    let Value::Array(items) = call.json(rules)? else {
        return Err(refuse());
    };
    items
        .into_iter()
        .map(|item| match item {
            Value::String(id) => Ok(id),
            _ => Err(refuse()),
        })
        .collect()
}

/// The requested objects, written straight from their stored text.
struct Objects<'state> {
    integration: &'state IntegrationData,
    object_type: ObjectType,
    rules: RuleSet,
    ids: &'state [String],
}

impl Serialize for Objects<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let table = self.integration.table(self.object_type);
        let mut map = serializer.serialize_map(None)?;
        let mut written = HashSet::new();
        for id in self.ids.iter().filter(|id| written.insert(id.as_str())) {
            let line = table.get(id).and_then(|bytes| Line::parse(bytes).ok());
            map.serialize_entry(
                id,
                &line.map(|line| Object {
                    objects: self,
                    id,
                    line,
                }),
            )?;
        }
        map.end()
    }
}

struct Object<'state> {
    objects: &'state Objects<'state>,
    id: &'state str,
    line: Line<'state>,
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Objects {
            integration,
            object_type,
            rules,
            ..
        } = *self.objects;
        let schema = integration.schema(object_type);
        let is_shown = |name: &str| {
            name != "isDeleted"
                && (!rules.is_on(RuleId::ObjectsHideUnknownFields)
                    || is_standard(object_type, name)
                    || schema.iter().any(|field| field.unique_name == name))
        };
        let mut map = serializer.serialize_map(None)?;
        let mut written = HashSet::new();
        for (name, _) in self.line.fields().filter(|(name, _)| is_shown(name)) {
            // `get` finds the last one if a key occurs twice, so that no key is written twice.
            if written.insert(name)
                && let Some(value) = self.line.get(name)
            {
                map.serialize_entry::<str, RawValue>(name, value)?;
            }
        }
        if rules.is_on(RuleId::ObjectsShowDefaults) {
            let is_absent = |name: &str| {
                self.line
                    .get(name)
                    .is_none_or(|value| value.get() == "null")
            };
            for (name, value) in default_values(object_type, self.id) {
                if is_absent(name) && written.insert(name) {
                    map.serialize_entry(name, &value)?;
                }
            }
        }
        map.end()
    }
}

/// The default values of Gong's field tables.
fn default_values(object_type: ObjectType, id: &str) -> Vec<(&'static str, Value)> {
    match object_type {
        ObjectType::Account => vec![("name", format!("Account_#{id}").into())],
        ObjectType::Deal => vec![
            ("name", format!("Deal_#{id}").into()),
            ("status", "OPEN".into()),
            ("amount", 0.into()),
        ],
        ObjectType::Contact | ObjectType::Lead | ObjectType::BusinessUser | ObjectType::Stage => {
            Vec::new()
        }
    }
}
