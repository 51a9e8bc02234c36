//! A request to an operation: query parameters and the JSON body.

use std::borrow::Cow;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value};

use super::answer::Answer;
use crate::object_type::ObjectType;
use crate::operation::Operation;
use crate::rules::{RuleId, RuleSet};
use crate::store::State;

/// One request to an operation, with its body read.
#[derive(Debug)]
pub(crate) struct Call<'request> {
    operation: Operation,
    pub(crate) path: &'request str,
    query: Vec<(Cow<'request, str>, Cow<'request, str>)>,
    headers: &'request HeaderMap,
    body: &'request [u8],
}

impl<'request> Call<'request> {
    pub(crate) fn new(
        operation: Operation,
        path: &'request str,
        query: Option<&'request str>,
        headers: &'request HeaderMap,
        body: &'request [u8],
    ) -> Self {
        let query = form_urlencoded::parse(query.unwrap_or_default().as_bytes()).collect();
        Self {
            operation,
            path,
            query,
            headers,
            body,
        }
    }

    /// The first value of a query parameter.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| &**value)
    }

    fn mandatory_query(&self, name: &str) -> Result<&str, Answer> {
        self.query(name)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| {
                Answer::bad_request(format!("Mandatory parameter [{name}] is missing or empty"))
            })
    }

    pub(crate) fn reject_unknown_parameters(&self, rules: RuleSet) -> Result<(), Answer> {
        if !rules.is_on(RuleId::UnknownQueryParameter) {
            return Ok(());
        }
        let known = self.operation.query_parameters();
        match self
            .query
            .iter()
            .find(|(name, _)| !known.contains(&&**name))
        {
            Some((name, _)) => Err(Answer::bad_request(format!("Unknown parameter [{name}]"))),
            None => Ok(()),
        }
    }

    pub(crate) fn integration_id(&self) -> Result<i64, Answer> {
        let text = self.mandatory_query("integrationId")?;
        let digits = text.strip_prefix('-').unwrap_or(text);
        let parsed = text
            .parse()
            .ok()
            .filter(|_| digits.bytes().all(|digit| digit.is_ascii_digit()));
        parsed.ok_or_else(|| {
            Answer::bad_request("Parameter [integrationId] must be an integer of 64 bits")
        })
    }

    /// The id of a registered integration. Gong does not document its response for other ids; 404
    /// is not among the declared statuses.
    pub(crate) fn known_integration(&self, state: &State) -> Result<i64, Answer> {
        let id = self.integration_id()?;
        if state.integration(id).is_some() {
            Ok(id)
        } else {
            Err(self.unknown_integration())
        }
    }

    pub(crate) fn unknown_integration(&self) -> Answer {
        let id = self.query("integrationId").unwrap_or_default();
        Answer::bad_request(format!("Integration [{id}] was not found"))
    }

    pub(crate) fn client_request_id(&self, rules: RuleSet) -> Result<String, Answer> {
        let id = self.mandatory_query("clientRequestId")?;
        let plain = id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        if !plain && rules.is_on(RuleId::ClientRequestIdCharset) {
            return Err(Answer::bad_request(
                "Parameter [clientRequestId] can contain letters, digits, dashes and underscores only",
            ));
        }
        if id.chars().count() > 64 && rules.is_on(RuleId::ClientRequestIdLength) {
            return Err(Answer::bad_request(
                "Parameter [clientRequestId] has more than 64 characters",
            ));
        }
        Ok(id.to_owned())
    }

    pub(crate) fn reject_used_id(
        state: &State,
        integration_id: i64,
        id: &str,
    ) -> Result<(), Answer> {
        let within = state
            .rules
            .is_on(RuleId::ClientRequestIdPerIntegration)
            .then_some(integration_id);
        if state.uploads.is_used(id, within) {
            return Err(Answer::error(
                StatusCode::CONFLICT,
                "Client request id has already been used",
            ));
        }
        Ok(())
    }

    pub(crate) fn object_type(&self, allowed: &[ObjectType]) -> Result<ObjectType, Answer> {
        let name = self.mandatory_query("objectType")?;
        ObjectType::from_name(name)
            .filter(|object_type| allowed.contains(object_type))
            .ok_or_else(|| {
                let allowed: Vec<_> = allowed
                    .iter()
                    .map(|object_type| object_type.as_str())
                    .collect();
                Answer::bad_request(format!(
                    "Parameter [objectType] must be one of {}",
                    allowed.join(", ")
                ))
            })
    }

    pub(crate) fn schema_object_type(&self) -> Result<ObjectType, Answer> {
        self.object_type(&ObjectType::WITH_SCHEMA)
    }

    pub(crate) fn body_is_empty(&self) -> bool {
        self.body.trim_ascii().is_empty()
    }

    pub(crate) fn has_json_content_type(&self) -> bool {
        let content_type = self
            .headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("application/json")
    }

    /// The JSON body.
    pub(crate) fn json(&self, rules: RuleSet) -> Result<Value, Answer> {
        if rules.is_on(RuleId::JsonContentType) && !self.has_json_content_type() {
            return Err(Answer::error(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Unsupported Media Type",
            ));
        }
        if self.body_is_empty() {
            return Err(Answer::bad_request(
                "Json parse error: the request body is missing",
            ));
        }
        serde_json::from_slice(self.body)
            .map_err(|error| Answer::bad_request(format!("Json parse error: {error}")))
    }

    pub(crate) fn json_object(&self, rules: RuleSet) -> Result<JsonObject, Answer> {
        match self.json(rules)? {
            Value::Object(properties) => Ok(JsonObject(properties)),
            _ => Err(Answer::bad_request(
                "Json parse error: the body must be an object",
            )),
        }
    }
}

/// A JSON object whose properties are read by type.
#[derive(Debug)]
pub(crate) struct JsonObject(pub(crate) Map<String, Value>);

impl JsonObject {
    /// Checks that all properties are known.
    pub(crate) fn reject_unknown(&self, rules: RuleSet, known: &[&str]) -> Result<(), Answer> {
        for (name, value) in &self.0 {
            let is_known = known.contains(&name.as_str());
            if rules.is_on(RuleId::UnknownBodyProperty) && !is_known {
                return Err(Answer::bad_request(format!(
                    "Json parse error: unknown property [{name}]"
                )));
            }
            if rules.is_on(RuleId::NullProperty) && is_known && value.is_null() {
                return Err(Answer::bad_request(format!(
                    "Json parse error: property [{name}] is null"
                )));
            }
        }
        Ok(())
    }

    fn present(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(crate) fn optional_text(&self, name: &str) -> Result<Option<&str>, Answer> {
        match self.present(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(wrong_type(name, "a string")),
        }
    }

    pub(crate) fn mandatory_text(&self, name: &str) -> Result<&str, Answer> {
        self.optional_text(name)?
            .filter(|text| !text.trim().is_empty())
            .ok_or_else(|| {
                Answer::bad_request(format!("Mandatory field [{name}] is missing or empty"))
            })
    }

    pub(crate) fn optional_boolean(&self, name: &str) -> Result<Option<bool>, Answer> {
        match self.present(name) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(*value)),
            Some(_) => Err(wrong_type(name, "a boolean")),
        }
    }

    pub(crate) fn optional_texts(&self, name: &str) -> Result<Option<Vec<String>>, Answer> {
        let Some(value) = self.present(name) else {
            return Ok(None);
        };
        let reject = || wrong_type(name, "an array of strings");
        let Value::Array(items) = value else {
            return Err(reject());
        };
        let texts: Option<Vec<_>> = items
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect();
        texts.map(Some).ok_or_else(reject)
    }
}

/// Rejects what cannot be an email address.
pub(crate) fn reject_bad_address(rules: RuleSet, name: &str, address: &str) -> Result<(), Answer> {
    let is_address = address.split_once('@').is_some_and(|(local, domain)| {
        let fits = |part: &str| !part.is_empty() && !part.contains(['@', ' ', '\t', '\r', '\n']);
        fits(local) && fits(domain)
    });
    if is_address || !rules.is_on(RuleId::AddressFormat) {
        return Ok(());
    }
    Err(Answer::bad_request(format!(
        "Field [{name}] must be an email address"
    )))
}

fn wrong_type(name: &str, expected: &str) -> Answer {
    Answer::bad_request(format!(
        "Json parse error: field [{name}] must be {expected}"
    ))
}
