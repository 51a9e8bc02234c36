//! What a dry run shows: the requests that would be sent, with the secrets masked.

use gong_crm::Operation;
use serde::Serialize;
use serde_json::Value;

use crate::output::Output;

/// A request that is not sent.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Request {
    method: &'static str,
    path: String,
    query: Vec<(&'static str, String)>,
    body: Option<Value>,
}

impl Request {
    pub(crate) fn new(operation: Operation) -> Self {
        Self {
            method: operation.method(),
            path: operation.path().to_owned(),
            query: Vec::new(),
            body: None,
        }
    }

    /// With the id in the path.
    pub(crate) fn in_path(mut self, name: &str, value: &str) -> Self {
        self.path = self.path.replace(&format!("{{{name}}}"), value);
        self
    }

    pub(crate) fn query(mut self, name: &'static str, value: &impl ToString) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    /// With a JSON body, as it is sent: without what is not set.
    pub(crate) fn body(mut self, body: &impl Serialize) -> Self {
        self.body = serde_json::to_value(body).ok().map(without_nulls);
        self
    }

    fn text(&self) -> String {
        let mut text = format!("{} {}", self.method, self.path);
        for (index, (name, value)) in self.query.iter().enumerate() {
            let sign = if index == 0 { '?' } else { '&' };
            text += &format!("{sign}{name}={value}");
        }
        text += "\nauthorization: [masked]\n";
        if let Some(body) = &self.body {
            text += "content-type: application/json\n\n";
            text += &serde_json::to_string_pretty(body).unwrap_or_default();
            text.push('\n');
        }
        text
    }
}

/// Shows the requests instead of sending them.
pub(crate) fn show(requests: &[Request], output: Output) {
    if output.is_json() {
        output.json(&serde_json::json!({"dryRun": true, "requests": requests}));
        return;
    }
    for request in requests {
        output.data(&request.text());
    }
    output.talk("dry run: nothing was changed");
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, without_nulls(value)))
            .collect(),
        Value::Array(values) => values.into_iter().map(without_nulls).collect(),
        other => other,
    }
}
