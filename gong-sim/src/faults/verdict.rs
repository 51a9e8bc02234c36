//! A verdict that a fault returns instead of the real one.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The status that an upload has after processing, instead of the real one.
///
/// Properties that are not set keep their true values. As JSON, for `POST /_sim/faults`:
/// `{"verdict": {"set": {"status": "FAILED", "errors": []}, "remove": ["totalErrorCount"],
/// "appliesNothing": true}}`.
///
/// ```
/// use gong_sim::{Effect, Fault, Operation, Verdict};
/// use serde_json::json;
///
/// // The next upload fails, and its list of errors cannot be read whole.
/// let verdict = Verdict::new()
///     .set("status", "FAILED")
///     .set("errors", json!([null, {"line": "2", "description": "odd"}]))
///     .set("totalErrorCount", 1e18)
///     .remove("totalSuccessCount");
/// let fault = Fault::new(Effect::Verdict(verdict)).on(Operation::UploadEntities).nth(1);
/// # drop(fault);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Verdict {
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    set: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    remove: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    applies_nothing: bool,
}

impl Verdict {
    /// The true verdict, to be changed.
    pub fn new() -> Self {
        Self::default()
    }

    /// The verdict with this value for a property of the response: `status`, `errors`,
    /// `totalErrorCount`, `totalSuccessCount`, or one that Gong does not have.
    #[must_use]
    pub fn set(mut self, property: impl Into<String>, value: impl Into<Value>) -> Self {
        self.set.insert(property.into(), value.into());
        self
    }

    /// The verdict without this property.
    #[must_use]
    pub fn remove(mut self, property: impl Into<String>) -> Self {
        self.remove.push(property.into());
        self
    }

    /// None of the upload's records is applied; by default the good ones are.
    #[must_use]
    pub fn applies_nothing(mut self) -> Self {
        self.applies_nothing = true;
        self
    }

    pub(crate) fn is_applied(&self) -> bool {
        !self.applies_nothing
    }

    /// Overwrites the real response with the verdict.
    pub(crate) fn write_over(&self, answer: &mut Value) {
        let Value::Object(properties) = answer else {
            return;
        };
        for (name, value) in &self.set {
            properties.insert(name.clone(), value.clone());
        }
        properties.retain(|name, _| !self.remove.contains(name));
    }
}
