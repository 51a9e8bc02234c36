//! Shows the requests of a dry run, with secrets masked.

use gong_crm::operation::{Operation, UPLOAD_PART};
use serde::Serialize;
use serde_json::Value;

use crate::args::Global;
use crate::config::settings::Settings;
use crate::error::CliError;
use crate::output::Output;

const MULTIPART: &str = "multipart/form-data";

/// A request that is shown instead of sent.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Request {
    method: &'static str,
    path: String,
    query: Vec<(&'static str, String)>,
    #[serde(skip)]
    content_type: &'static str,
    body: Option<Value>,
}

/// Where the requests would be sent, and with which credentials.
struct Target {
    base_url: String,
    authorization: &'static str,
}

impl Request {
    pub(crate) fn new(operation: Operation) -> Self {
        Self {
            method: operation.method(),
            path: operation.path().to_owned(),
            query: Vec::new(),
            content_type: "application/json",
            body: None,
        }
    }

    /// With an id in the path.
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

    /// With a file as the only part of the body: the file's description.
    pub(crate) fn part(mut self, content: &str) -> Self {
        self.content_type = MULTIPART;
        self.body = Some(serde_json::json!({UPLOAD_PART: content}));
        self
    }

    fn url(&self, target: &Target) -> String {
        let mut url = format!("{}{}", target.base_url, self.path);
        for (index, (name, value)) in self.query.iter().enumerate() {
            let sign = if index == 0 { '?' } else { '&' };
            url += &format!("{sign}{name}={value}");
        }
        url
    }

    fn headers(&self, target: &Target) -> Vec<(&'static str, &'static str)> {
        let content_type = self
            .body
            .as_ref()
            .map(|_| ("content-type", self.content_type));
        let mut headers = vec![("authorization", target.authorization)];
        headers.extend(content_type);
        headers
    }

    fn text(&self, target: &Target) -> String {
        let mut text = format!("{} {}\n", self.method, self.url(target));
        for (name, value) in self.headers(target) {
            text += &format!("{name}: {value}\n");
        }
        if let Some(body) = &self.body {
            text.push('\n');
            if self.content_type == MULTIPART {
                text += UPLOAD_PART;
                text += ": ";
                text += body[UPLOAD_PART].as_str().unwrap_or_default();
                text.push('\n');
                return text;
            }
            text += &serde_json::to_string_pretty(body).unwrap_or_default();
            text.push('\n');
        }
        text
    }

    fn json(&self, target: &Target) -> Value {
        let mut json = serde_json::to_value(self).unwrap_or_default();
        json["url"] = self.url(target).into();
        let headers = self.headers(target).into_iter();
        json["headers"] = headers
            .map(|(name, value)| (name.to_owned(), Value::from(value)))
            .collect();
        json
    }
}

impl Target {
    fn of(global: &Global) -> Result<Self, CliError> {
        if global.sim {
            return Ok(Self {
                base_url: "http://127.0.0.1".to_owned(),
                authorization: "Basic [masked]",
            });
        }
        let settings = Settings::read(global)?;
        Ok(Self {
            base_url: settings.effective_base_url()?,
            authorization: settings.masked_authorization(),
        })
    }
}

/// Shows the requests instead of sending them.
pub(crate) fn show(requests: &[Request], global: &Global, output: Output) -> Result<(), CliError> {
    if output.is_json() {
        let requests = json(requests, global)?;
        output.json(&serde_json::json!({"dryRun": true, "requests": requests}));
        return Ok(());
    }
    print(requests, global, output)?;
    output.status("dry run: nothing was sent");
    Ok(())
}

/// The same, with sentences about what none of the requests does.
pub(crate) fn show_with_notes(
    requests: &[Request],
    notes: &[String],
    global: &Global,
    output: Output,
) -> Result<(), CliError> {
    if output.is_json() {
        let requests = json(requests, global)?;
        output.json(&serde_json::json!({"dryRun": true, "requests": requests, "notes": notes}));
        return Ok(());
    }
    print(requests, global, output)?;
    for note in notes {
        output.status(&format!("note: {note}"));
    }
    output.status("dry run: nothing was sent");
    Ok(())
}

/// Prints the requests for people.
pub(crate) fn print(requests: &[Request], global: &Global, output: Output) -> Result<(), CliError> {
    let target = Target::of(global)?;
    for request in requests {
        output.document(&request.text(&target));
        output.stdout("");
    }
    Ok(())
}

/// The requests as JSON.
pub(crate) fn json(requests: &[Request], global: &Global) -> Result<Vec<Value>, CliError> {
    let target = Target::of(global)?;
    Ok(requests
        .iter()
        .map(|request| request.json(&target))
        .collect())
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
