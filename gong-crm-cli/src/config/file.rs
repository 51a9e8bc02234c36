//! Parses a `gong-crm.toml` into settings, each with its line.
//!
//! Keys have the names of the flags. A table `[profile.NAME]` has the same keys and inherits nothing
//! from the top level, so that no key of one company is sent to another company's address.

use std::collections::BTreeMap;
use std::path::PathBuf;

use gong_crm::ObjectType;
use gong_crm::check::Severities;
use gong_sources::SecretUrl;
use secrecy::SecretString;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::check;
use super::error::{ConfigError, kind, line, nearest};
use super::guard::{Guard, Guarded, Power};
use super::ledger_url::is_url;
use super::setting::Entry;
use super::sources::tap::{self, TapTable};
use super::sources::{self, SourceTable, SyncTable};

/// The settings of one profile, or of the top level.
#[derive(Debug, Clone, Default)]
pub(crate) struct Profile {
    pub(crate) base_url: Option<Guarded<String>>,
    pub(crate) integration_id: Option<Entry<i64>>,
    pub(crate) ledger: Option<Guarded<PathBuf>>,
    pub(crate) map: Option<Guarded<PathBuf>>,
    pub(crate) access_key: Option<Guarded<SecretString>>,
    pub(crate) access_key_secret: Option<Guarded<SecretString>>,
    pub(crate) bearer_token: Option<Guarded<SecretString>>,
    pub(crate) credential_process: Option<Guarded<Vec<String>>>,
    /// The findings that are reported, and as what.
    pub(crate) check: Severities,
    /// How `plan` and `sync` go about it.
    pub(crate) sync: SyncTable,
    /// What `plan` and `sync` read.
    pub(crate) sources: BTreeMap<ObjectType, Guarded<SourceTable>>,
    /// The tap that they read the other types from.
    pub(crate) tap: Option<Guarded<TapTable>>,
}

/// A file's settings.
#[derive(Debug, Clone, Default)]
pub(crate) struct ConfigFile {
    /// The top-level settings, used without a profile.
    pub(crate) top: Profile,
    /// The profiles by name.
    pub(crate) profiles: BTreeMap<String, Profile>,
}

const KEYS: [&str; 11] = [
    "base-url",
    "integration-id",
    "ledger",
    "map",
    "access-key",
    "access-key-secret",
    "bearer-token",
    "credential-process",
    "check",
    "sync",
    "sources",
];

/// The table of profiles.
const PROFILES: &str = "profile";

/// What helps where a text is not TOML.
fn hint(text: &str) -> String {
    let mut lines = text.lines().map(str::trim);
    match lines.find(|line| line.starts_with('[') && !line.contains(']')) {
        Some(open) => format!("close the name of the table: {open}]"),
        None => "write a setting like base-url = \"https://api.gong.io\"".to_owned(),
    }
}

impl ConfigFile {
    /// Reads a file's text.
    pub(crate) fn parse(text: &str) -> Result<Self, ConfigError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let table = DeTable::parse(text).map_err(|error| ConfigError {
            line: line(text, error.span().map_or(0, |span| span.start)),
            message: error.message().to_owned(),
            hint: Some(hint(text)),
        })?;
        let mut file = Self::default();
        for (key, value) in table.get_ref() {
            if key.get_ref() != PROFILES {
                file.top.set(text, key, value, true)?;
                continue;
            }
            for (name, profile) in entries(text, PROFILES, value)? {
                let mut settings = Profile::default();
                for (key, value) in entries(text, "a profile", profile)? {
                    settings.set(text, key, value, false)?;
                }
                file.profiles
                    .insert(name.get_ref().clone().into_owned(), settings);
            }
        }
        Ok(file)
    }

    /// Whether anything in the file is a secret.
    pub(crate) fn has_secrets(&self) -> bool {
        std::iter::once(&self.top)
            .chain(self.profiles.values())
            .any(Profile::has_secrets)
    }
}

impl Profile {
    pub(super) fn has_secrets(&self) -> bool {
        // The key alone is counted too: it is half of a secret, and names the account.
        self.access_key.is_some() || self.access_key_secret.is_some() || self.bearer_token.is_some()
    }

    /// The effects of the settings that only a trusted file may have.
    pub(crate) fn guards(&self) -> Vec<&Guard> {
        let secrets = [
            &self.access_key,
            &self.access_key_secret,
            &self.bearer_token,
        ];
        let paths = [&self.ledger, &self.map];
        let mut guards: Vec<&Guard> = self.base_url.iter().map(Guarded::guard).collect();
        guards.extend(paths.into_iter().flatten().map(Guarded::guard));
        guards.extend(secrets.into_iter().flatten().map(Guarded::guard));
        guards.extend(self.credential_process.iter().map(Guarded::guard));
        guards.extend(self.sources.values().map(Guarded::guard));
        guards.extend(self.tap.iter().map(Guarded::guard));
        guards.retain(|guard| !guard.powers.is_empty());
        guards.sort_by_key(|guard| guard.line);
        guards
    }

    fn set(
        &mut self,
        text: &str,
        key: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
        is_top: bool,
    ) -> Result<(), ConfigError> {
        let name = key.get_ref().as_ref();
        let line = line(text, key.span().start);
        let is_wrong = |expected: &str| ConfigError {
            line,
            message: format!(
                "`{name}` must be {expected}, found {}",
                kind(value.get_ref())
            ),
            hint: None,
        };
        let words = || match value.get_ref() {
            DeValue::String(text) => Ok(text.clone().into_owned()),
            _ => Err(is_wrong("a quoted string")),
        };
        let secret = || {
            words().map(|text| {
                let power = Power::Credentials;
                Some(Guarded::new(line, name, [power], SecretString::from(text)))
            })
        };
        let path = |power: fn(PathBuf) -> Power| {
            words().map(|text| {
                let path = PathBuf::from(text);
                Some(Guarded::new(line, name, [power(path.clone())], path))
            })
        };
        match name {
            "base-url" => {
                let url = words()?;
                // Credentials that are not of Gong mean nothing to Gong, and those that are of it are
                // its own.
                let power = (!is_of_gong(&url)).then(|| Power::Host(url.clone()));
                self.base_url = Some(Guarded::new(line, name, power, url));
            }
            "integration-id" => {
                let number = match value.get_ref() {
                    // As a string too: other tools round a number of this length.
                    DeValue::String(text) => text.trim().parse().ok(),
                    DeValue::Integer(number) if number.radix() == 10 => {
                        number.as_str().replace('_', "").parse().ok()
                    }
                    _ => None,
                };
                let value =
                    number.ok_or_else(|| is_wrong("a whole number, the id of an integration"));
                self.integration_id = Some(Entry {
                    value: value?,
                    line,
                });
            }
            "ledger" => self.ledger = path(of_ledger)?,
            "map" => self.map = path(Power::Read)?,
            "access-key" => self.access_key = secret()?,
            "access-key-secret" => self.access_key_secret = secret()?,
            "bearer-token" => self.bearer_token = secret()?,
            "credential-process" => {
                let command = match value.get_ref() {
                    DeValue::Array(words) => words.iter().map(word).collect::<Option<Vec<_>>>(),
                    _ => None,
                };
                let command = command.filter(|words| !words.is_empty());
                let command = command.ok_or_else(|| is_wrong("an array of quoted strings"))?;
                let power = Power::Run(command.clone());
                self.credential_process = Some(Guarded::new(line, name, [power], command));
            }
            "check" => self.check = check::check(text, value)?,
            "sync" => self.sync = sources::sync(text, value)?,
            "sources" => {
                self.sources = sources::sources(text, value)?;
                self.tap = tap::tap(text, value)?;
            }
            _ => return Err(unknown(name, line, is_top)),
        }
        Ok(())
    }
}

fn word(value: &Spanned<DeValue<'_>>) -> Option<String> {
    match value.get_ref() {
        DeValue::String(text) => Some(text.clone().into_owned()),
        _ => None,
    }
}

/// Whether a base URL leads to Gong for certain. It is read strictly, so that no other reader can see
/// another host in it.
fn is_of_gong(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("https://") else {
        return false;
    };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '.';
    let company = host.strip_suffix(".gong.io");
    ["", "v2", "v2/"].contains(&path)
        && host.chars().all(is_plain)
        && company.is_some_and(|company| company.split('.').all(|label| !label.is_empty()))
}

/// The effect of a ledger setting: writing a file, or connecting to a host.
fn of_ledger(ledger: PathBuf) -> Power {
    match ledger.to_str().filter(|text| is_url(text)) {
        Some(url) => Power::Connect(SecretUrl::masked(url)),
        None => Power::Write(ledger),
    }
}

fn unknown(name: &str, line: usize, is_top: bool) -> ConfigError {
    let known = KEYS.into_iter().chain(is_top.then_some(PROFILES));
    ConfigError {
        line,
        message: format!("unknown key `{name}`"),
        hint: Some(match nearest(name, known.clone()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("known keys: {}", known.collect::<Vec<_>>().join(", ")),
        }),
    }
}

fn entries<'table, 'text>(
    text: &str,
    what: &str,
    value: &'table Spanned<DeValue<'text>>,
) -> Result<&'table DeTable<'text>, ConfigError> {
    match value.get_ref() {
        DeValue::Table(table) => Ok(table),
        other => Err(ConfigError {
            line: line(text, value.span().start),
            message: format!("{what} must be a table, found {}", kind(other)),
            hint: Some("write a profile as a section such as [profile.staging]".to_owned()),
        }),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::config::guard::{Origin, Trust};

    #[test]
    fn only_gongs_own_hosts_need_no_trust() {
        for url in [
            "https://api.gong.io",
            "https://us-12345.api.gong.io/v2",
            "https://company-17.api.gong.io/",
        ] {
            assert!(is_of_gong(url), "{url}");
        }
        for url in [
            "http://api.gong.io",
            "https://gong.io.evil.example",
            "https://evil.example/.gong.io",
            "https://evilgong.io",
            "https://.gong.io",
            "https://gong.io",
            "https://api.gong.io@evil.example",
            "https://evil.example#.gong.io",
            "https://evil.example\\.gong.io",
            "https://evil.example?.gong.io",
            "https://api.gong.io:8443",
            "https://evil.example/x.gong.io",
            "https://x..gong.io",
            "http://127.0.0.1:9",
            "https://аpi.gong.io",
        ] {
            assert!(!is_of_gong(url), "{url}");
        }
    }

    #[test]
    fn profile_inherits_nothing() {
        let file = ConfigFile::parse(
            "base-url = \"https://api.gong.io\"\nintegration-id = 5_517_027_188_234_205_706\n\
             map = \"crm.toml\"\n\n[profile.staging]\naccess-key = \"k\"\naccess-key-secret = 's'\n\
             integration-id = \"17\"\n",
        )
        .unwrap();
        let id = file.top.integration_id.unwrap();
        assert_eq!((id.value, id.line), (5_517_027_188_234_205_706, 2));
        let named = Origin {
            path: PathBuf::from("gong-crm.toml"),
            trust: Trust::Named("--config"),
        };
        let map = file.top.map.unwrap().allowed_by(&named).unwrap();
        assert_eq!(map.value, PathBuf::from("crm.toml"));
        let staging = &file.profiles["staging"];
        assert!(staging.base_url.is_none() && staging.has_secrets());
        assert_eq!(staging.integration_id.as_ref().unwrap().value, 17);
        let secret = staging.access_key_secret.clone().unwrap();
        let secret = secret.allowed_by(&named).unwrap();
        assert_eq!((secret.value.expose_secret(), secret.line), ("s", 7));
    }

    #[test]
    fn mistake_is_reported_by_line_without_its_value() {
        for (text, line, message, hint) in [
            (
                "\nbase-ulr = 'x'",
                2,
                "unknown key `base-ulr`",
                Some("did you mean `base-url`?"),
            ),
            (
                "\nbase-url = true",
                2,
                "`base-url` must be a quoted string, found a boolean",
                None,
            ),
            (
                "[profile.a]\naccess_key = 'x'",
                2,
                "unknown key `access_key`",
                Some("did you mean `access-key`?"),
            ),
            (
                "\n\nbearer-token = 12345",
                3,
                "`bearer-token` must be a quoted string, found a number",
                None,
            ),
            (
                "integration-id = 1.5",
                1,
                "`integration-id` must be a whole number, the id of an integration, found a number",
                None,
            ),
            (
                "integration-id = 99999999999999999999",
                1,
                "`integration-id` must be a whole number, the id of an integration, found a number",
                None,
            ),
            (
                "profile = 'staging'",
                1,
                "profile must be a table, found a string",
                Some("write a profile as a section such as [profile.staging]"),
            ),
        ] {
            let error = ConfigFile::parse(text).unwrap_err();
            let expected = ConfigError {
                line,
                message: message.to_owned(),
                hint: hint.map(str::to_owned),
            };
            assert_eq!(error, expected, "{text}");
        }
        let error = ConfigFile::parse("[profile.a]\nprofile = 'x'").unwrap_err();
        assert!(!error.hint.unwrap().contains("profile"));
    }

    #[test]
    fn secret_in_broken_syntax_is_not_repeated() {
        for text in [
            "access-key-secret = \"hunter2",
            "access-key-secret = hunter2",
            "bearer-token = [\"hunter2\"]",
            "access-key-secret = 'x'\naccess-key-secret = 'hunter2'",
        ] {
            let error = ConfigFile::parse(text).unwrap_err();
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
    }
}
