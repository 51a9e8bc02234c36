//! What a case consists of.

use std::collections::BTreeMap;

use gong_sim::GongUser;
use serde::Deserialize;
use serde_json::Value;

/// A few calls and what is known about their answers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) evidence: String,
    /// Whether it may run against a real company: it leaves nothing behind but deleted records.
    #[serde(default)]
    pub(crate) live: bool,
    #[serde(default)]
    pub(crate) needs: Needs,
    /// Switches for the simulator; a case with some of them cannot run live.
    #[serde(default)]
    pub(crate) rules: BTreeMap<String, bool>,
    /// Gong users for the simulator.
    #[serde(default)]
    pub(crate) users: Vec<GongUser>,
    pub(crate) steps: Vec<Step>,
}

impl Case {
    pub(crate) fn file_name(&self) -> String {
        let dashed: String = self
            .name
            .chars()
            .map(|character| {
                if character.is_ascii_alphanumeric() {
                    character.to_ascii_lowercase()
                } else {
                    '-'
                }
            })
            .collect();
        format!("{dashed}.json")
    }
}

/// What must be there before the first step.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Needs {
    #[default]
    Integration,
    Nothing,
}

/// One call.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    /// Method, path and query. `{{name}}` is a variable, here and in all texts below.
    pub(crate) call: String,
    #[serde(default)]
    pub(crate) credentials: Credentials,
    /// A JSON body.
    pub(crate) json: Option<Value>,
    /// The lines of the file to upload.
    pub(crate) file: Option<Vec<String>>,
    /// The name of the part with the file.
    pub(crate) part: Option<String>,
    /// Asked again while this property has one of these values.
    #[serde(default, rename = "while")]
    pub(crate) repeat_while: BTreeMap<String, Vec<String>>,
    pub(crate) status: Vec<u16>,
    /// What the body must contain; more is allowed. `"{{any}}"` matches anything.
    pub(crate) body: Option<Value>,
    /// Headers the answer must have; `"{{any}}"` matches anything.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// Variables to take from the body, by JSON pointer.
    #[serde(default)]
    pub(crate) keep: BTreeMap<String, String>,
}

/// Who calls.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Credentials {
    #[default]
    AccessKey,
    None,
    Wrong,
    /// A bearer token without any scope; only the simulator has one.
    Scopeless,
}
