//! How a case is run, and how its answers are compared.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use crate::case::{Case, Credentials, Step};

/// How often a state is asked for before a case gives up.
const POLLS: usize = 100;

/// A Gong to run cases against.
pub(crate) struct Target {
    base_url: String,
    access_key: String,
    access_key_secret: String,
    variables: BTreeMap<String, String>,
    pause: Duration,
}

impl Target {
    pub(crate) fn new(base_url: &str, access_key: &str, access_key_secret: &str) -> Self {
        let unique = format!("conformance-{:x}", std::process::id());
        Self {
            base_url: base_url.trim_end_matches('/').to_owned(),
            access_key: access_key.to_owned(),
            access_key_secret: access_key_secret.to_owned(),
            variables: BTreeMap::from([("unique".to_owned(), unique)]),
            pause: Duration::ZERO,
        }
    }

    /// Leaves time between calls, as a real Gong asks for.
    pub(crate) fn with_patience(mut self) -> Self {
        self.pause = Duration::from_secs(2);
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap();
        self.set("unique", &format!("conformance-{:x}", now.as_millis()));
        self
    }

    pub(crate) fn set(&mut self, name: &str, value: &impl ToString) {
        self.variables.insert(name.to_owned(), value.to_string());
    }

    /// Runs the steps; returns the answers in a form that is the same for every run, or what is
    /// wrong with one of them.
    pub(crate) async fn run(&mut self, case: &Case) -> Result<String, String> {
        let mut answers = Vec::new();
        for (index, step) in case.steps.iter().enumerate() {
            let (status, headers, body) = self.call(step).await;
            let mut problems = String::new();
            if !step.status.contains(&status) {
                _ = writeln!(
                    problems,
                    "status {status}, expected one of {:?}",
                    step.status
                );
            }
            if let Some(expected) = &step.body {
                differences("", &self.filled(expected), &body, &mut problems);
            }
            for (name, expected) in &step.headers {
                let found = headers.get(name).and_then(|value| value.to_str().ok());
                if found.is_none() || (expected != "{{any}}" && found != Some(expected)) {
                    _ = writeln!(
                        problems,
                        "header {name} is {found:?}, expected {expected:?}"
                    );
                }
            }
            if !problems.is_empty() {
                return Err(format!(
                    "step {}, {}:\n{problems}answer: {body}",
                    index + 1,
                    step.call
                ));
            }
            for (name, pointer) in &step.keep {
                let value = body.pointer(pointer).cloned().unwrap_or_default();
                let text = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                self.set(name, &text);
            }
            answers.push(
                json!({ "call": step.call, "status": status, "body": self.normalized(&body) }),
            );
        }
        Ok(serde_json::to_string_pretty(&answers).unwrap() + "\n")
    }

    async fn call(&self, step: &Step) -> (u16, reqwest::header::HeaderMap, Value) {
        for poll in 0.. {
            if !self.pause.is_zero() {
                // Only against the real service, which limits the rate of calls.
                tokio::time::sleep(self.pause).await;
            }
            let response = self.request(step).send().await.unwrap();
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let text = response.text().await.unwrap();
            let body: Value = serde_json::from_str(&text).unwrap_or(Value::String(text));
            let goes_on = step.repeat_while.iter().any(|(name, values)| {
                body[name]
                    .as_str()
                    .is_some_and(|value| values.iter().any(|known| known == value))
            });
            if !goes_on || poll == POLLS {
                return (status, headers, body);
            }
        }
        unreachable!("the loop ends by itself")
    }

    fn request(&self, step: &Step) -> RequestBuilder {
        let call = self.filled_text(&step.call);
        let (method, path) = call.split_once(' ').unwrap();
        let method: Method = method.parse().unwrap();
        // A client without TLS of its own needs a provider of cryptography anyway.
        drop(rustls::crypto::ring::default_provider().install_default());
        let request = Client::new().request(method, format!("{}{path}", self.base_url));
        let request = match step.credentials {
            Credentials::AccessKey => {
                request.basic_auth(&self.access_key, Some(&self.access_key_secret))
            }
            Credentials::Wrong => request.basic_auth(&self.access_key, Some("wrong")),
            Credentials::Scopeless => request.bearer_auth("scopeless"),
            Credentials::None => request,
        };
        if let Some(lines) = &step.file {
            let text = self.filled_text(&lines.join("\n"));
            let part = Part::text(text).file_name("conformance.ldjson");
            let name = step.part.clone().unwrap_or_else(|| "dataFile".to_owned());
            return request.multipart(Form::new().part(name, part));
        }
        match &step.json {
            Some(json) => request
                .header(CONTENT_TYPE, "application/json")
                .body(self.filled(json).to_string()),
            None => request,
        }
    }

    fn filled(&self, json: &Value) -> Value {
        serde_json::from_str(&self.filled_text(&json.to_string())).unwrap()
    }

    fn filled_text(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for (name, value) in &self.variables {
            // A number is in quotes in the cases, so that they stay JSON: "#{{name}}".
            filled = filled.replace(&format!("\"#{{{{{name}}}}}\""), value);
            filled = filled.replace(&format!("{{{{{name}}}}}"), value);
        }
        filled
    }

    /// The answer without what differs from run to run.
    fn normalized(&self, body: &Value) -> Value {
        let mut body = body.clone();
        if let Some(id) = body.get_mut("requestId") {
            *id = "{{requestId}}".into();
        }
        let mut text = body.to_string();
        for (name, value) in self.variables.iter().filter(|(_, value)| value.len() > 8) {
            text = text.replace(value, &format!("{{{{{name}}}}}"));
        }
        serde_json::from_str(&text).unwrap_or(Value::String(text))
    }
}

/// What of `expected` is not in `found`.
fn differences(path: &str, expected: &Value, found: &Value, problems: &mut String) {
    match (expected, found) {
        (Value::String(any), _) if any == "{{any}}" => {}
        (Value::Object(expected), Value::Object(found)) => {
            for (name, expected) in expected {
                let path = format!("{path}/{name}");
                match found.get(name) {
                    Some(found) => differences(&path, expected, found, problems),
                    None => _ = writeln!(problems, "{path} is missing"),
                }
            }
        }
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            for (index, (expected, found)) in expected.iter().zip(found).enumerate() {
                differences(&format!("{path}/{index}"), expected, found, problems);
            }
        }
        _ if expected == found => {}
        _ => _ = writeln!(problems, "{path} is {found}, expected {expected}"),
    }
}
