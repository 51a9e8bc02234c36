//! Settings: flags override the environment, which overrides a `gong-crm.toml`.

use std::fmt;
use std::path::{Path, PathBuf};

use gong_crm::ledger::Ledger;
use gong_crm::{Client, Credentials, IntegrationId};
use secrecy::SecretString;

use crate::args::Global;
use crate::config::error::nearest;
use crate::config::file::{ConfigFile, Entry, Profile};
use crate::config::sources::Sources;
use crate::error::CliError;
use crate::exit::Exit;

/// The name of the config file that is searched for.
const FILE_NAME: &str = "gong-crm.toml";

/// Where a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// The command line.
    Flag(&'static str),
    /// The environment.
    Variable(&'static str),
    /// A config file and the line in it.
    File(PathBuf, usize),
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Variable(name) => formatter.write_str(name),
            Self::File(path, line) => write!(formatter, "{}:{line}", path.display()),
        }
    }
}

/// A value, and where it comes from.
#[derive(Debug, Clone)]
pub(crate) struct Setting<T> {
    pub(crate) value: T,
    pub(crate) source: Source,
}

impl<T> Setting<T> {
    fn flag(name: &'static str, value: Option<T>) -> Option<Self> {
        let source = Source::Flag(name);
        value.map(|value| Self { value, source })
    }

    fn variable(name: &'static str, value: Option<T>) -> Option<Self> {
        let source = Source::Variable(name);
        value.map(|value| Self { value, source })
    }

    fn file(path: &Path, entry: Option<Entry<T>>) -> Option<Self> {
        entry.map(|entry| Self {
            value: entry.value,
            source: Source::File(path.to_path_buf(), entry.line),
        })
    }
}

/// The settings of a command.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) base_url: Option<Setting<String>>,
    pub(crate) integration_id: Option<Setting<IntegrationId>>,
    /// By default a file in the user's state directory.
    pub(crate) ledger: Option<Setting<PathBuf>>,
    /// The mapping of CSVs.
    pub(crate) map: Option<Setting<PathBuf>>,
    /// The config file, and the profile in it.
    pub(crate) file: Option<(PathBuf, Option<String>)>,
    keys: Keys,
}

/// The three parts of credentials, all from one source.
#[derive(Debug, Default)]
struct Keys {
    access_key: Option<Setting<SecretString>>,
    access_key_secret: Option<Setting<SecretString>>,
    bearer_token: Option<Setting<SecretString>>,
}

impl Settings {
    /// Reads the command line, the environment and the config file.
    pub(crate) fn read(global: &Global) -> Result<Self, CliError> {
        let path = find(global)?;
        let file = match &path {
            Some(path) => open(path, global)?,
            None => ConfigFile::default(),
        };
        let name = global.profile.clone().or_else(|| text("GONG_PROFILE"));
        let profile = profile(path.as_deref(), file, name.as_deref())?;
        let at = path.clone().unwrap_or_default();
        let beside = |entry| beside(&at, entry);
        let named = integration_id_of_environment()?;
        let id = profile.integration_id.map(|entry| Entry {
            value: IntegrationId::from(entry.value),
            line: entry.line,
        });
        let variable = |name| Setting::variable(name, text(name));
        let from_environment = Keys {
            access_key: secret("GONG_ACCESS_KEY"),
            access_key_secret: secret("GONG_ACCESS_KEY_SECRET"),
            bearer_token: secret("GONG_BEARER_TOKEN"),
        };
        Ok(Self {
            base_url: Setting::flag("--base-url", global.base_url.clone())
                .or_else(|| variable("GONG_BASE_URL"))
                .or_else(|| Setting::file(&at, profile.base_url)),
            integration_id: Setting::flag("--integration-id", global.integration_id)
                .or(named)
                .or_else(|| Setting::file(&at, id)),
            ledger: Setting::flag("--ledger", global.ledger.clone())
                .or_else(|| Setting::file(&at, beside(profile.ledger))),
            map: Setting::file(&at, beside(profile.map)),
            keys: if from_environment.is_empty() {
                Keys {
                    access_key: Setting::file(&at, profile.access_key),
                    access_key_secret: Setting::file(&at, profile.access_key_secret),
                    bearer_token: Setting::file(&at, profile.bearer_token),
                }
            } else {
                // One source is used as a whole: never a key of one with the secret of another.
                from_environment
            },
            file: path.map(|path| (path, name)),
        })
    }

    /// The mapping that the config file names, for commands that use nothing else of it: its owner
    /// and mode do not matter then, because nothing is sent.
    pub(crate) fn map(global: &Global) -> Result<Option<Setting<PathBuf>>, CliError> {
        let Some(path) = find(global)? else {
            return Ok(None);
        };
        let file = parse(&path)?;
        let name = global.profile.clone().or_else(|| text("GONG_PROFILE"));
        let profile = profile(Some(&path), file, name.as_deref())?;
        Ok(Setting::file(&path, beside(&path, profile.map)))
    }

    /// The sources of the config file and its path; none without a config file. Like
    /// [`map`](Self::map), for commands that send nothing by it.
    pub(crate) fn named_sources(global: &Global) -> Result<(PathBuf, Sources), CliError> {
        let Some(path) = find(global)? else {
            return Ok((PathBuf::new(), Sources::default()));
        };
        let file = parse(&path)?;
        let name = global.profile.clone().or_else(|| text("GONG_PROFILE"));
        let profile = profile(Some(&path), file, name.as_deref())?;
        Ok((path, profile.sources))
    }

    /// What `plan` and `sync` read, and the config file that says so.
    pub(crate) fn sources(global: &Global) -> Result<(PathBuf, Sources), CliError> {
        let Some(path) = find(global)? else {
            return Err(
                CliError::new(Exit::Usage, "no gong-crm.toml names what to read")
                    .with_hint("create one in this directory, or name it with --config"),
            );
        };
        let file = open(&path, global)?;
        let name = global.profile.clone().or_else(|| text("GONG_PROFILE"));
        let profile = profile(Some(&path), file, name.as_deref())?;
        Ok((path, profile.sources))
    }

    /// The access key pair or the bearer token, and where it comes from.
    pub(crate) fn credentials(&self) -> Result<Setting<Credentials>, CliError> {
        let keys = &self.keys;
        match (
            &keys.bearer_token,
            &keys.access_key,
            &keys.access_key_secret,
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

    /// The Authorization header with the credentials masked.
    pub(crate) fn masked_authorization(&self) -> &'static str {
        if self.keys.is_empty() {
            "[no credentials set]"
        } else if self.keys.bearer_token.is_some() {
            "Bearer [masked]"
        } else {
            "Basic [masked]"
        }
    }

    /// The path of the ledger: the named file, or one in the user's state directory.
    pub(crate) fn ledger_path(&self) -> Result<PathBuf, CliError> {
        if let Some(ledger) = &self.ledger {
            return Ok(ledger.value.clone());
        }
        dirs::state_dir()
            .or_else(dirs::data_local_dir)
            .map(|folder| folder.join("gong-crm").join("ledger.sqlite"))
            .ok_or_else(|| {
                CliError::new(Exit::Usage, "no state directory found for the ledger")
                    .with_hint("name a file: --ledger FILE")
            })
    }

    /// Opens the ledger.
    pub(crate) async fn open_ledger(&self) -> Result<Ledger, CliError> {
        Ledger::open(self.ledger_path()?)
            .await
            .map_err(|error| CliError::from_ledger(&error))
    }

    /// The base URL of the calls, as a client would use it.
    pub(crate) fn effective_base_url(&self) -> Result<String, CliError> {
        let base_url = self.base_url.as_ref();
        // A client that is never used: it checks and completes the URL.
        let client = Client::builder()
            .maybe_base_url(base_url.map(|setting| setting.value.clone()))
            .credentials(Credentials::bearer_token("masked"))
            .build()?;
        Ok(client.base_url().to_owned())
    }

    /// The integrations that the ledger knows and the settings mean: those of the base URL, or the
    /// one that is named. No call is made.
    pub(crate) async fn known_integrations(
        &self,
        ledger: &Ledger,
    ) -> Result<Vec<(String, IntegrationId)>, CliError> {
        let known = ledger
            .integrations()
            .await
            .map_err(|error| CliError::from_ledger(&error))?;
        let base_url = match &self.base_url {
            Some(_) => Some(self.effective_base_url()?),
            None => None,
        };
        let named = self.integration_id.as_ref().map(|id| id.value);
        let is_meant = |(url, id): &(String, IntegrationId)| {
            base_url.as_ref().is_none_or(|base_url| base_url == url)
                && named.is_none_or(|named| named == *id)
        };
        Ok(known.into_iter().filter(is_meant).collect())
    }
}

impl Keys {
    fn is_empty(&self) -> bool {
        self.access_key.is_none() && self.access_key_secret.is_none() && self.bearer_token.is_none()
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

fn integration_id_of_environment() -> Result<Option<Setting<IntegrationId>>, CliError> {
    const NAME: &str = "GONG_INTEGRATION_ID";
    let Some(text) = text(NAME) else {
        return Ok(None);
    };
    match text.trim().parse::<IntegrationId>() {
        Ok(id) => Ok(Setting::variable(NAME, Some(id))),
        Err(error) => Err(CliError::new(Exit::Usage, format!("{NAME}: {error}"))
            .with_hint("`gong-crm integration show` prints the id")),
    }
}

/// The config file: the named one, or the nearest one in the current directory and its parents, or
/// the user's own.
fn find(global: &Global) -> Result<Option<PathBuf>, CliError> {
    if let Some(path) = named(global) {
        return Ok(Some(path));
    }
    let unreadable = |error: std::io::Error| {
        CliError::new(
            Exit::Unexpected,
            format!("the current directory can't be read: {error}"),
        )
    };
    let here = std::env::current_dir().map_err(unreadable)?;
    let upwards = here
        .ancestors()
        .map(|folder| folder.join(FILE_NAME))
        .find(|path| path.is_file());
    let of_user = || {
        dirs::config_dir()
            .map(|folder| folder.join("gong-crm").join(FILE_NAME))
            .filter(|path| path.is_file())
    };
    // In the current directory, its name alone is enough.
    let short = |path: PathBuf| match path.strip_prefix(&here) {
        Ok(name) => name.to_path_buf(),
        Err(_) => path,
    };
    Ok(upwards.map(short).or_else(of_user))
}

fn named(global: &Global) -> Option<PathBuf> {
    global
        .config
        .clone()
        .or_else(|| text("GONG_CONFIG").map(PathBuf::from))
}

/// A path in the file is relative to the file's directory.
fn beside(file: &Path, entry: Option<Entry<PathBuf>>) -> Option<Entry<PathBuf>> {
    let folder = file.parent().unwrap_or(Path::new(""));
    entry.map(|entry| Entry {
        value: folder.join(entry.value),
        line: entry.line,
    })
}

fn open(path: &Path, global: &Global) -> Result<ConfigFile, CliError> {
    let file = parse(path)?;
    if named(global).is_none() {
        access::trusted(path)?;
    }
    if file.has_secrets() {
        access::private(path)?;
    }
    Ok(file)
}

fn parse(path: &Path) -> Result<ConfigFile, CliError> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| {
        let message = format!("the config file {shown} can't be read: {error}");
        CliError::new(Exit::Usage, message)
            .with_hint("name an existing file with --config or GONG_CONFIG")
    })?;
    ConfigFile::parse(&text).map_err(|error| {
        let message = format!("{shown}:{}: {}", error.line, error.message);
        let failure = CliError::new(Exit::Usage, message);
        match error.hint {
            Some(hint) => failure.with_hint(hint),
            None => failure,
        }
    })
}

/// The named profile, or the top-level settings.
fn profile(
    path: Option<&Path>,
    mut file: ConfigFile,
    name: Option<&str>,
) -> Result<Profile, CliError> {
    let Some(name) = name else {
        return Ok(file.top);
    };
    if let Some(profile) = file.profiles.remove(name) {
        return Ok(profile);
    }
    let known: Vec<&str> = file.profiles.keys().map(String::as_str).collect();
    let (message, hint) = match path {
        None => (
            format!("no config file found for profile {name:?}"),
            format!("name one with --config, or create {FILE_NAME} here"),
        ),
        Some(path) => (
            format!("{} has no profile {name:?}", path.display()),
            match nearest(name, known.iter().copied()) {
                Some(meant) => format!("did you mean {meant:?}?"),
                None if known.is_empty() => format!("add a section [profile.{name}]"),
                None => format!("it has {}", known.join(", ")),
            },
        ),
    };
    Err(CliError::new(Exit::Usage, message).with_hint(hint))
}

/// An environment variable; an empty one counts as not set.
fn text(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn secret(name: &'static str) -> Option<Setting<SecretString>> {
    Setting::variable(name, text(name).map(SecretString::from))
}

/// Who may read and write a config file.
#[cfg(unix)]
mod access {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    use std::path::Path;

    use crate::error::CliError;
    use crate::exit::Exit;

    /// A file that was found by search must be the user's own: it decides where the credentials of
    /// the environment are sent.
    pub(super) fn trusted(path: &Path) -> Result<(), CliError> {
        let Ok(metadata) = std::fs::metadata(path) else {
            return Ok(());
        };
        let user = rustix::process::geteuid().as_raw();
        trusted_owner(path, metadata.uid(), user)
    }

    fn trusted_owner(path: &Path, owner: u32, user: u32) -> Result<(), CliError> {
        // Root could do anything anyway.
        if owner == user || owner == 0 {
            return Ok(());
        }
        let shown = path.display();
        let message = format!("{shown} belongs to another user and was not named");
        Err(CliError::new(Exit::Usage, message)
            .with_hint(format!("if you trust it, name it: --config {shown}")))
    }

    /// A file with secrets must be readable by its owner only.
    pub(super) fn private(path: &Path) -> Result<(), CliError> {
        let Ok(metadata) = std::fs::metadata(path) else {
            return Ok(());
        };
        let mode = metadata.permissions().mode() & 0o777;
        let of_owner = mode & 0o700;
        if mode == of_owner {
            return Ok(());
        }
        let shown = path.display();
        let message =
            format!("{shown} contains a secret and can be read by others (mode {mode:03o})");
        Err(CliError::new(Exit::Usage, message).with_hint(format!("chmod 600 {shown}")))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn config_file_of_another_user_is_not_used_unasked() {
            let path = Path::new("/srv/gong-crm.toml");
            assert!(trusted_owner(path, 1000, 1000).is_ok());
            assert!(trusted_owner(path, 0, 1000).is_ok());
            let failure = trusted_owner(path, 1001, 1000).unwrap_err();
            assert_eq!(
                failure.message,
                "/srv/gong-crm.toml belongs to another user and was not named"
            );
            assert_eq!(
                failure.hint.as_deref(),
                Some("if you trust it, name it: --config /srv/gong-crm.toml")
            );
            assert!(trusted_owner(path, 1001, 0).is_err());
        }
    }
}

/// Other systems have no modes: a file in the user's own directory is private by default.
#[cfg(not(unix))]
mod access {
    use std::path::Path;

    use crate::error::CliError;

    #[expect(clippy::unnecessary_wraps, reason = "fails elsewhere")]
    pub(super) fn trusted(_path: &Path) -> Result<(), CliError> {
        Ok(())
    }

    #[expect(clippy::unnecessary_wraps, reason = "fails elsewhere")]
    pub(super) fn private(_path: &Path) -> Result<(), CliError> {
        Ok(())
    }
}
