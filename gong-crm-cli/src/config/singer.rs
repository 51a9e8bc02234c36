//! The settings of a Singer target: a flat JSON object, with the environment beneath it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use gong_crm::IntegrationId;
use gong_crm::sync::Limit;
use secrecy::SecretString;
use serde_json::{Map, Value, json};

use crate::args::duration;
use crate::error::CliError;
use crate::exit::Exit;

/// The prefix of our variables, as Meltano sets them.
const VARIABLE: &str = "TARGET_GONG_CRM_";

/// One setting: its name, its type in JSON Schema, and what it means.
struct Key {
    name: &'static str,
    kind: &'static str,
    about: &'static str,
    is_secret: bool,
}

const fn key(name: &'static str, kind: &'static str, about: &'static str) -> Key {
    Key {
        name,
        kind,
        about,
        is_secret: false,
    }
}

const fn secret(name: &'static str, about: &'static str) -> Key {
    Key {
        name,
        kind: "string",
        about,
        is_secret: true,
    }
}

const KEYS: [Key; 20] = [
    key(
        "preset",
        "string",
        "Mapping for the tap of a CRM: close, copper, freshsales, hubspot, pipedrive or salesforce",
    ),
    key(
        "mapping",
        "string",
        "Mapping file, whose tables name the streams of the tap; instead of a preset",
    ),
    key(
        "currency",
        "string",
        "The company's currency: deals in another one are held back where the CRM does not convert them",
    ),
    key("base_url", "string", "Base URL of your company's Gong API"),
    secret("access_key", "Access key of the Gong API"),
    secret("access_key_secret", "Secret of the access key"),
    secret("bearer_token", "Bearer token, instead of an access key"),
    key(
        "integration_id",
        "string",
        "Id of the integration; by default the registered one",
    ),
    key(
        "ledger",
        "string",
        "Path of the ledger, the record of what was sent; it must outlive the run",
    ),
    key(
        "scope",
        "string",
        "Scope: the name that owns the records of this tap",
    ),
    key(
        "tap",
        "string",
        "Command of a tap to run, instead of reading standard input",
    ),
    key("state", "string", "File with the state of that tap"),
    key(
        "flush_after",
        "string",
        "Send the received records after this time, even if the tap is still writing, such as 5m",
    ),
    key(
        "flush_bytes",
        "integer",
        "Send the received records when they reach this many bytes, even if the tap is still writing",
    ),
    key(
        "fail_on_rejected",
        "boolean",
        "Exit with 5 if a record is rejected or held back",
    ),
    key(
        "max_deletions",
        "string",
        "Deletions of a type within 24 hours, at most: a number, a percentage or unlimited",
    ),
    key(
        "schema",
        "string",
        "Entity schema that custom fields are checked against, as `gong-crm schema pull` writes it",
    ),
    key(
        "wait",
        "string",
        "How long to wait until Gong has processed an upload, such as 30m",
    ),
    key(
        "poll_interval",
        "string",
        "Initial interval between status checks, such as 2s",
    ),
    key(
        "account_delay",
        "string",
        "How long to wait after new accounts, so that contacts and deals can refer to them",
    ),
];

/// The settings of a target.
#[derive(Debug, Default)]
pub(crate) struct SingerSettings {
    pub(crate) preset: Option<String>,
    pub(crate) mapping: Option<PathBuf>,
    pub(crate) currency: Option<String>,
    pub(crate) base_url: Option<String>,
    pub(crate) access_key: Option<SecretString>,
    pub(crate) access_key_secret: Option<SecretString>,
    pub(crate) bearer_token: Option<SecretString>,
    pub(crate) integration_id: Option<IntegrationId>,
    pub(crate) ledger: Option<PathBuf>,
    pub(crate) scope: Option<String>,
    pub(crate) tap: Option<String>,
    pub(crate) state: Option<PathBuf>,
    pub(crate) flush_after: Option<Duration>,
    pub(crate) flush_bytes: Option<u64>,
    pub(crate) fail_on_rejected: Option<bool>,
    pub(crate) max_deletions: Option<Limit>,
    pub(crate) schema: Option<PathBuf>,
    pub(crate) wait: Option<Duration>,
    pub(crate) poll_interval: Option<Duration>,
    pub(crate) account_delay: Option<Duration>,
    /// Keys that are not settings.
    pub(crate) unknown: Vec<String>,
}

/// Whether a config file is one of a Singer runner: JSON, and not TOML.
pub(crate) fn is_json(path: &Path) -> bool {
    std::fs::read(path).is_ok_and(|bytes| {
        let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
        first == Some(&b'{')
    })
}

impl SingerSettings {
    /// Reads a file, if there is one, and the environment beneath it.
    pub(crate) fn read(path: Option<&Path>) -> Result<Self, CliError> {
        let file = match path {
            Some(path) => object(path)?,
            None => Map::new(),
        };
        let from = path.map_or_else(String::new, |path| format!("{}: ", path.display()));
        Self::of(&file, &from, &|name| std::env::var(name).ok())
    }

    fn of(
        file: &Map<String, Value>,
        from: &str,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, CliError> {
        let text = |name: &str| match file.get(name) {
            None | Some(Value::Null) => {
                let name = format!("{VARIABLE}{}", name.to_uppercase());
                variable(&name).filter(|value| !value.is_empty())
            }
            Some(Value::String(text)) => Some(text.clone()).filter(|text| !text.is_empty()),
            Some(other) => Some(other.to_string()),
        };
        let parsed = Parsed { text: &text, from };
        let unknown = file
            .keys()
            .filter(|name| KEYS.iter().all(|key| key.name != **name));
        Ok(Self {
            preset: text("preset"),
            mapping: text("mapping").map(PathBuf::from),
            currency: text("currency"),
            base_url: text("base_url"),
            access_key: text("access_key").map(SecretString::from),
            access_key_secret: text("access_key_secret").map(SecretString::from),
            bearer_token: text("bearer_token").map(SecretString::from),
            integration_id: parsed.value("integration_id", |text| {
                text.parse::<IntegrationId>()
                    .map_err(|error| error.to_string())
            })?,
            ledger: text("ledger").map(PathBuf::from),
            scope: text("scope"),
            tap: text("tap"),
            state: text("state").map(PathBuf::from),
            flush_after: parsed.value("flush_after", duration)?,
            flush_bytes: parsed.value("flush_bytes", |text| {
                let wrong = || format!("{text:?} is not a number of bytes");
                text.parse().map_err(|_| wrong())
            })?,
            fail_on_rejected: parsed.value("fail_on_rejected", |text| {
                let wrong = || format!("{text:?} is not true or false");
                text.to_lowercase().parse().map_err(|_| wrong())
            })?,
            max_deletions: parsed.value("max_deletions", str::parse)?,
            schema: text("schema").map(PathBuf::from),
            wait: parsed.value("wait", duration)?,
            poll_interval: parsed.value("poll_interval", duration)?,
            account_delay: parsed.value("account_delay", duration)?,
            unknown: unknown.cloned().collect(),
        })
    }
}

/// Settings that are more than a text.
struct Parsed<'a> {
    text: &'a dyn Fn(&str) -> Option<String>,
    from: &'a str,
}

impl Parsed<'_> {
    fn value<T>(
        &self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, CliError> {
        let Some(text) = (self.text)(name) else {
            return Ok(None);
        };
        let wrong =
            |error: String| CliError::new(Exit::Usage, format!("{}{name}: {error}", self.from));
        parse(&text).map(Some).map_err(wrong)
    }
}

fn object(path: &Path) -> Result<Map<String, Value>, CliError> {
    let shown = path.display();
    let bytes = std::fs::read(path)
        .map_err(|error| CliError::new(Exit::Usage, format!("{shown} can't be read: {error}")))?;
    serde_json::from_slice(&bytes).map_err(|error| {
        // Neither the error nor this says what the file contains.
        CliError::new(
            Exit::Usage,
            format!(
                "{shown} is not a flat JSON object: line {}, column {}",
                error.line(),
                error.column()
            ),
        )
        .with_hint("gong-crm singer --about --format json lists the settings")
    })
}

/// The target's description of itself, for Singer runners.
pub(crate) fn about() -> Value {
    let property = |key: &Key| {
        let mut property = json!({"type": [key.kind, "null"], "description": key.about});
        if key.is_secret {
            property["secret"] = true.into();
            property["writeOnly"] = true.into();
        }
        (key.name.to_owned(), property)
    };
    json!({
        "name": "target-gong-crm",
        "description": "Sends the records of a CRM to Gong, and emits a tap's state after Gong's verdict",
        "version": env!("CARGO_PKG_VERSION"),
        "capabilities": ["about", "activate-version", "hard-delete", "soft-delete"],
        "settings": {
            "type": "object",
            "properties": KEYS.iter().map(property).collect::<Map<String, Value>>(),
        },
    })
}

/// The environment variables that hold secrets.
pub(crate) fn secret_variables() -> impl Iterator<Item = String> {
    let secrets = KEYS.iter().filter(|key| key.is_secret);
    secrets.map(|key| format!("{VARIABLE}{}", key.name.to_uppercase()))
}

/// The same as a table of names and meanings.
pub(crate) fn keys() -> impl Iterator<Item = (&'static str, &'static str)> {
    KEYS.iter().map(|key| (key.name, key.about))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str, variables: &[(&str, &str)]) -> Result<SingerSettings, CliError> {
        let file = serde_json::from_str(json).unwrap();
        SingerSettings::of(&file, "", &|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn file_overrides_the_environment() {
        let settings = read(
            r#"{"preset":"close","flush_after":"90s","fail_on_rejected":true,"integration_id":7,
                "ledger":"","max_deletions":10,"load_method":"upsert"}"#,
            &[
                ("TARGET_GONG_CRM_PRESET", "copper"),
                ("TARGET_GONG_CRM_LEDGER", "l.sqlite"),
                ("TARGET_GONG_CRM_FAIL_ON_REJECTED", "False"),
            ],
        )
        .unwrap();
        assert_eq!(settings.preset.as_deref(), Some("close"));
        assert_eq!(settings.flush_after, Some(Duration::from_secs(90)));
        assert_eq!(settings.fail_on_rejected, Some(true));
        assert_eq!(settings.max_deletions, Some(Limit::Records(10)));
        assert_eq!(settings.unknown, ["load_method"]);
        assert_eq!(settings.ledger, None);
        let settings = read("{}", &[("TARGET_GONG_CRM_LEDGER", "l.sqlite")]).unwrap();
        assert_eq!(settings.ledger, Some("l.sqlite".into()));
    }

    #[test]
    fn wrong_value_is_reported_by_its_name() {
        for (json, expected) in [
            (r#"{"flush_after":"often"}"#, "flush_after: "),
            (r#"{"flush_bytes":-1}"#, "flush_bytes: "),
            (r#"{"fail_on_rejected":"maybe"}"#, "fail_on_rejected: "),
            (r#"{"max_deletions":"120%"}"#, "max_deletions: "),
        ] {
            let error = read(json, &[]).unwrap_err();
            assert!(error.message.starts_with(expected), "{}", error.message);
        }
    }

    #[test]
    fn every_setting_is_described() {
        let about = about();
        let properties = about["settings"]["properties"].as_object().unwrap();
        assert_eq!(properties.len(), KEYS.len());
        assert_eq!(properties["access_key_secret"]["secret"], true);
    }
}
