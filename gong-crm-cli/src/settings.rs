//! Where settings come from: flags over environment over a `gong-crm.toml`.

use std::fmt;
use std::path::{Path, PathBuf};

use gong_crm::{Credentials, IntegrationId, SqliteLedger};
use secrecy::SecretString;

use crate::arguments::Global;
use crate::config_file::{ConfigFile, Entry, FileSource, Profile, nearest};
use crate::exit::Exit;
use crate::failure::Failure;

/// The name of the file that is looked for.
const FILE_NAME: &str = "gong-crm.toml";

/// Where a setting was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// On the command line.
    Flag(&'static str),
    /// In the environment.
    Variable(&'static str),
    /// In a config file.
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

/// A value, and where it was said.
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

/// What a command goes by.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) base_url: Option<Setting<String>>,
    pub(crate) integration_id: Option<Setting<IntegrationId>>,
    /// By default a file in the user's own folder.
    pub(crate) ledger: Option<Setting<PathBuf>>,
    /// The mapping of CSVs.
    pub(crate) map: Option<Setting<PathBuf>>,
    /// The config file, and the profile in it.
    pub(crate) file: Option<(PathBuf, Option<String>)>,
    keys: Keys,
}

/// The three parts of credentials, of one source.
#[derive(Debug, Default)]
struct Keys {
    access_key: Option<Setting<SecretString>>,
    access_key_secret: Option<Setting<SecretString>>,
    bearer_token: Option<Setting<SecretString>>,
}

impl Settings {
    /// Brings together what is said on the command line, in the environment and in the config file.
    pub(crate) fn read(global: &Global) -> Result<Self, Failure> {
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
        let of_environment = Keys {
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
            keys: if of_environment.is_empty() {
                Keys {
                    access_key: Setting::file(&at, profile.access_key),
                    access_key_secret: Setting::file(&at, profile.access_key_secret),
                    bearer_token: Setting::file(&at, profile.bearer_token),
                }
            } else {
                // One source wins whole: never a key of one with the secret of another.
                of_environment
            },
            file: path.map(|path| (path, name)),
        })
    }

    /// The mapping that the config file names, for commands to which nothing else in it matters:
    /// whose it is and who may read it is of no concern, because nothing is sent by it.
    pub(crate) fn map(global: &Global) -> Result<Option<Setting<PathBuf>>, Failure> {
        let Some(path) = find(global)? else {
            return Ok(None);
        };
        let file = parse(&path)?;
        let name = global.profile.clone().or_else(|| text("GONG_PROFILE"));
        let profile = profile(Some(&path), file, name.as_deref())?;
        Ok(Setting::file(&path, beside(&path, profile.map)))
    }

    /// The sources that the config file names, each with the folder that its paths are relative to.
    pub(crate) fn sources(global: &Global) -> Result<Vec<(PathBuf, FileSource)>, Failure> {
        let Some(path) = find(global)? else {
            return Ok(Vec::new());
        };
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        let sources = parse(&path)?.sources.into_iter();
        Ok(sources.map(|source| (folder.clone(), source)).collect())
    }

    /// The access key pair or the bearer token, and where it was said.
    pub(crate) fn credentials(&self) -> Result<Setting<Credentials>, Failure> {
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
            (None, None, None) => Err(Failure::new(Exit::Credentials, "no credentials").with_hint(
                "set GONG_ACCESS_KEY and GONG_ACCESS_KEY_SECRET, or GONG_BEARER_TOKEN, or write \
                 them into gong-crm.toml; or try it without a Gong account: --sim",
            )),
            (Some(token), ..) => Err(Failure::new(
                Exit::Credentials,
                "both a bearer token and an access key are set; which one is meant?",
            )
            .with_hint(match &token.source {
                Source::File(path, line) => format!(
                    "take one of them out of {}: the token is in line {line}",
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

    /// The header of the credentials, without them.
    pub(crate) fn masked_authorization(&self) -> &'static str {
        if self.keys.is_empty() {
            "[no credentials are set]"
        } else if self.keys.bearer_token.is_some() {
            "Bearer [masked]"
        } else {
            "Basic [masked]"
        }
    }

    /// Where the ledger is: the named file, or one in the user's own folder.
    pub(crate) fn ledger_path(&self) -> Result<PathBuf, Failure> {
        if let Some(ledger) = &self.ledger {
            return Ok(ledger.value.clone());
        }
        dirs::state_dir()
            .or_else(dirs::data_local_dir)
            .map(|folder| folder.join("gong-crm").join("ledger.sqlite"))
            .ok_or_else(|| {
                Failure::new(Exit::Usage, "the user has no folder to keep the ledger in")
                    .with_hint("name a file for it: --ledger PATH")
            })
    }

    /// Where it is written down what was sent.
    pub(crate) fn open_ledger(&self) -> Result<SqliteLedger, Failure> {
        let path = self.ledger_path()?;
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            std::fs::create_dir_all(folder).map_err(|error| {
                let message = format!(
                    "the ledger's folder {} can't be made: {error}",
                    folder.display()
                );
                Failure::new(Exit::Unexpected, message)
                    .with_hint("name another file for the ledger: --ledger PATH")
            })?;
        }
        SqliteLedger::open(&path).map_err(|error| Failure::from_ledger(&error))
    }
}

impl Keys {
    fn is_empty(&self) -> bool {
        self.access_key.is_none() && self.access_key_secret.is_none() && self.bearer_token.is_none()
    }
}

/// The failure for a key without its secret, or the other way round.
fn half(present: &Setting<SecretString>, key: &str, variable: &str) -> Failure {
    let missing = match &present.source {
        Source::File(path, _) => format!("`{key}` is not in {}", path.display()),
        _ => format!("{variable} is not set"),
    };
    Failure::new(Exit::Credentials, format!("half a key pair: {missing}"))
        .with_hint("an access key and its secret belong together, in one place")
}

fn integration_id_of_environment() -> Result<Option<Setting<IntegrationId>>, Failure> {
    const NAME: &str = "GONG_INTEGRATION_ID";
    let Some(text) = text(NAME) else {
        return Ok(None);
    };
    match text.trim().parse::<IntegrationId>() {
        Ok(id) => Ok(Setting::variable(NAME, Some(id))),
        Err(error) => Err(Failure::new(Exit::Usage, format!("{NAME}: {error}"))
            .with_hint("gong-crm integration show tells the id")),
    }
}

/// The config file: the one that is named, else the nearest one upwards, else the user's own.
fn find(global: &Global) -> Result<Option<PathBuf>, Failure> {
    if let Some(path) = named(global) {
        return Ok(Some(path));
    }
    let unreadable = |error: std::io::Error| {
        Failure::new(
            Exit::Unexpected,
            format!("the current folder can't be read: {error}"),
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
    // In the folder itself, its name alone says where it is.
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

/// A path in the file is meant from where the file is.
fn beside(file: &Path, entry: Option<Entry<PathBuf>>) -> Option<Entry<PathBuf>> {
    let folder = file.parent().unwrap_or(Path::new(""));
    entry.map(|entry| Entry {
        value: folder.join(entry.value),
        line: entry.line,
    })
}

fn open(path: &Path, global: &Global) -> Result<ConfigFile, Failure> {
    let file = parse(path)?;
    if named(global).is_none() {
        access::trusted(path)?;
    }
    if file.has_secrets() {
        access::private(path)?;
    }
    Ok(file)
}

fn parse(path: &Path) -> Result<ConfigFile, Failure> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| {
        let message = format!("the config file {shown} can't be read: {error}");
        Failure::new(Exit::Usage, message)
            .with_hint("name one that is there: --config FILE, or GONG_CONFIG")
    })?;
    ConfigFile::parse(&text).map_err(|error| {
        let message = format!("{shown}:{}: {}", error.line, error.message);
        let failure = Failure::new(Exit::Usage, message);
        match error.hint {
            Some(hint) => failure.with_hint(hint),
            None => failure,
        }
    })
}

/// The named profile, or the file's top.
fn profile(
    path: Option<&Path>,
    mut file: ConfigFile,
    name: Option<&str>,
) -> Result<Profile, Failure> {
    let Some(name) = name else {
        return Ok(file.top);
    };
    if let Some(profile) = file.profiles.remove(name) {
        return Ok(profile);
    }
    let known: Vec<&str> = file.profiles.keys().map(String::as_str).collect();
    let (message, hint) = match path {
        None => (
            format!("there is no config file to take the profile {name:?} from"),
            format!("name one: --config FILE, or write {FILE_NAME} here"),
        ),
        Some(path) => (
            format!("{} has no profile {name:?}", path.display()),
            match nearest(name, known.iter().copied()) {
                Some(meant) => format!("did you mean {meant:?}?"),
                None if known.is_empty() => format!("begin it with a line [profile.{name}]"),
                None => format!("it has {}", known.join(", ")),
            },
        ),
    };
    Err(Failure::new(Exit::Usage, message).with_hint(hint))
}

/// A variable of the environment; an empty one counts as not set.
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

    use crate::exit::Exit;
    use crate::failure::Failure;

    /// A file that merely lies on the way up must be the user's own: it decides where the
    /// credentials of the environment are sent.
    pub(super) fn trusted(path: &Path) -> Result<(), Failure> {
        let Ok(metadata) = std::fs::metadata(path) else {
            return Ok(());
        };
        let user = rustix::process::geteuid().as_raw();
        trusted_owner(path, metadata.uid(), user)
    }

    fn trusted_owner(path: &Path, owner: u32, user: u32) -> Result<(), Failure> {
        // What is root's could do anything anyway.
        if owner == user || owner == 0 {
            return Ok(());
        }
        let shown = path.display();
        let message = format!("{shown} belongs to another user, and was not asked for");
        Err(Failure::new(Exit::Usage, message)
            .with_hint(format!("if you trust it, say so: --config {shown}")))
    }

    /// A file with secrets must be nobody else's to read.
    pub(super) fn private(path: &Path) -> Result<(), Failure> {
        let Ok(metadata) = std::fs::metadata(path) else {
            return Ok(());
        };
        let mode = metadata.permissions().mode() & 0o777;
        let of_owner = mode & 0o700;
        if mode == of_owner {
            return Ok(());
        }
        let shown = path.display();
        let message = format!("{shown} holds a secret, and others may read it (mode {mode:03o})");
        Err(Failure::new(Exit::Usage, message).with_hint(format!("chmod 600 {shown}")))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_file_of_another_user_is_not_taken_unasked() {
            let path = Path::new("/srv/gong-crm.toml");
            assert!(trusted_owner(path, 1000, 1000).is_ok());
            assert!(trusted_owner(path, 0, 1000).is_ok());
            let failure = trusted_owner(path, 1001, 1000).unwrap_err();
            assert_eq!(
                failure.message,
                "/srv/gong-crm.toml belongs to another user, and was not asked for"
            );
            assert_eq!(
                failure.hint.as_deref(),
                Some("if you trust it, say so: --config /srv/gong-crm.toml")
            );
            assert!(trusted_owner(path, 1001, 0).is_err());
        }
    }
}

/// Elsewhere access is not told by a mode: a file in the user's own folder is private by default.
#[cfg(not(unix))]
mod access {
    use std::path::Path;

    use crate::failure::Failure;

    #[expect(clippy::unnecessary_wraps, reason = "fails elsewhere")]
    pub(super) fn trusted(_path: &Path) -> Result<(), Failure> {
        Ok(())
    }

    #[expect(clippy::unnecessary_wraps, reason = "fails elsewhere")]
    pub(super) fn private(_path: &Path) -> Result<(), Failure> {
        Ok(())
    }
}
