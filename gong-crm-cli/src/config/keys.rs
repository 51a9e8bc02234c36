//! Credentials: from the environment or a config file, never from both.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use gong_crm::Credentials;
use secrecy::SecretString;

use crate::config::credential_process;
use crate::config::file::Profile;
use crate::config::guard::Origin;
use crate::config::setting::{Setting, Source, text};
use crate::config::singer::SingerSettings;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;

/// The three parts of credentials, all from one source.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    access_key: Option<Setting<SecretString>>,
    access_key_secret: Option<Setting<SecretString>>,
    bearer_token: Option<Setting<SecretString>>,
}

impl Keys {
    /// Those of the environment.
    pub(crate) fn of_environment() -> Result<Self, CliError> {
        Ok(Self {
            access_key: secret("GONG_ACCESS_KEY", "GONG_ACCESS_KEY_FILE")?,
            access_key_secret: secret("GONG_ACCESS_KEY_SECRET", "GONG_ACCESS_KEY_SECRET_FILE")?,
            bearer_token: secret("GONG_BEARER_TOKEN", "GONG_BEARER_TOKEN_FILE")?,
        })
    }

    /// Those of a config file, or of the command that it names.
    pub(crate) fn of_file(
        profile: &mut Profile,
        origin: &Origin,
        output: Output,
    ) -> Result<Self, CliError> {
        if let Some(process) = origin.setting(profile.credential_process.take())? {
            if profile.has_secrets() {
                let message = format!("{} sets credentials too", process.source);
                return Err(CliError::new(Exit::Credentials, message)
                    .with_hint("keep either credential-process or the credentials"));
            }
            let folder = origin.path.parent().unwrap_or(Path::new(""));
            let printed = credential_process::run(&process.value, folder, output)?;
            let setting = |value: Option<SecretString>| {
                let source = process.source.clone();
                value.map(|value| Setting { value, source })
            };
            return Ok(Self {
                access_key: setting(printed.access_key),
                access_key_secret: setting(printed.access_key_secret),
                bearer_token: setting(printed.bearer_token),
            });
        }
        Ok(Self {
            access_key: origin.setting(profile.access_key.take())?,
            access_key_secret: origin.setting(profile.access_key_secret.take())?,
            bearer_token: origin.setting(profile.bearer_token.take())?,
        })
    }

    /// Those of a Singer target's settings.
    pub(crate) fn of_singer(settings: &SingerSettings) -> Self {
        Self {
            access_key: Setting::flag("access_key", settings.access_key.clone()),
            access_key_secret: Setting::flag(
                "access_key_secret",
                settings.access_key_secret.clone(),
            ),
            bearer_token: Setting::flag("bearer_token", settings.bearer_token.clone()),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.access_key.is_none() && self.access_key_secret.is_none() && self.bearer_token.is_none()
    }

    /// The Authorization header with the credentials masked.
    pub(crate) fn masked_authorization(&self) -> &'static str {
        if self.is_empty() {
            "[no credentials set]"
        } else if self.bearer_token.is_some() {
            "Bearer [masked]"
        } else {
            "Basic [masked]"
        }
    }

    /// The access key pair or the bearer token, and its source.
    pub(crate) fn credentials(&self) -> Result<Setting<Credentials>, CliError> {
        match (
            &self.bearer_token,
            &self.access_key,
            &self.access_key_secret,
        ) {
            (Some(token), None, None) => Ok(Setting {
                value: Credentials::bearer_token(token.value.clone()),
                source: token.source.clone(),
            }),
            (None, Some(key), Some(secret)) => Ok(Setting {
                value: Credentials::access_key(key.value.clone(), secret.value.clone()),
                source: key.source.clone(),
            }),
            (None, None, None) => Err(CliError::new(Exit::Credentials, "no credentials").with_hint(
                "set GONG_ACCESS_KEY and GONG_ACCESS_KEY_SECRET, or GONG_BEARER_TOKEN, or put them \
                 into gong-crm.toml; to try it without a Gong account, use --sim",
            )),
            (Some(token), ..) => Err(CliError::new(
                Exit::Credentials,
                "both a bearer token and an access key are set",
            )
            .with_hint(match &token.source {
                Source::File(path, line) => format!(
                    "remove one of them from {}: the token is in line {line}",
                    path.display()
                ),
                _ => "unset GONG_BEARER_TOKEN, or GONG_ACCESS_KEY and GONG_ACCESS_KEY_SECRET"
                    .to_owned(),
            })),
            (None, Some(key), None) => {
                Err(half(key, "access-key-secret", "GONG_ACCESS_KEY_SECRET"))
            }
            (None, None, Some(secret)) => Err(half(secret, "access-key", "GONG_ACCESS_KEY")),
        }
    }
}

/// The error for a key without its secret, or a secret without its key.
fn half(present: &Setting<SecretString>, key: &str, variable: &str) -> CliError {
    let missing = match &present.source {
        Source::File(path, _) => format!("`{key}` is not in {}", path.display()),
        _ => format!("{variable} is not set"),
    };
    CliError::new(
        Exit::Credentials,
        format!("the access key pair is incomplete: {missing}"),
    )
    .with_hint("set the access key and its secret in the same place")
}

/// The most bytes of a file with one secret.
const MAX_SECRET_BYTES: u64 = 64 * 1024;

/// A secret from a variable, or from the file that another variable names, as containers mount them.
fn secret(
    name: &'static str,
    file: &'static str,
) -> Result<Option<Setting<SecretString>>, CliError> {
    let value = Setting::variable(name, text(name).map(SecretString::from));
    let Some(path) = text(file) else {
        return Ok(value);
    };
    if value.is_some() {
        let message = format!("both {name} and {file} are set");
        return Err(CliError::new(Exit::Credentials, message).with_hint("unset one of them"));
    }
    let failed = |reason: String| {
        let message = format!("{file}: {path} {reason}");
        CliError::new(Exit::Credentials, message)
            .with_hint("name a file that holds the secret alone")
    };
    let mut bytes = Vec::new();
    let read = File::open(&path)
        .and_then(|opened| opened.take(MAX_SECRET_BYTES + 1).read_to_end(&mut bytes));
    let read = read.map_err(|error| failed(format!("can't be read: {error}")))?;
    if read as u64 > MAX_SECRET_BYTES {
        return Err(failed(format!("has more than {MAX_SECRET_BYTES} bytes")));
    }
    let secret = String::from_utf8(bytes).map_err(|_| failed("is not UTF-8".to_owned()))?;
    // Editors end the last line.
    let secret = secret.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        return Err(failed("is empty".to_owned()));
    }
    Ok(Setting::variable(file, Some(SecretString::from(secret))))
}
