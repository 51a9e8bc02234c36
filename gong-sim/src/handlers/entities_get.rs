//! Reads objects by their ids.

use std::collections::HashSet;

use http::StatusCode;
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Value;

use super::{Answer, Call};
use crate::object_type::ObjectType;
use crate::rules::{RuleId, RuleSet};
use crate::store::{IntegrationData, ShownObject, State};
use crate::validate::Line;

/// The documented maximum of ids; further ids are ignored.
const LISTED: usize = 100;

pub(super) fn get(state: &mut State, call: &Call<'_>) -> Result<Answer, Answer> {
    let rules = state.rules;
    call.reject_unknown_parameters(rules)?;
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
    let reject =
        || Answer::bad_request("Json parse error: the body must be an array of object ids");
    let Value::Array(items) = call.json(rules)? else {
        return Err(reject());
    };
    items
        .into_iter()
        .map(|item| match item {
            Value::String(id) => Ok(id),
            _ => Err(reject()),
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
        let mut map = serializer.serialize_map(None)?;
        let mut written = HashSet::new();
        for id in self.ids.iter().filter(|id| written.insert(id.as_str())) {
            let stored = self.integration.object(self.object_type, id, self.rules);
            let shown = stored.and_then(|bytes| {
                Some(ShownObject {
                    integration: self.integration,
                    object_type: self.object_type,
                    rules: self.rules,
                    id,
                    line: Line::parse(bytes).ok()?,
                })
            });
            map.serialize_entry(id, &shown)?;
        }
        map.end()
    }
}
