//! Settings: flags override the environment, which overrides a `gong-crm.toml`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use gong_crm::check::Severities;
use gong_crm::ledger::Ledger;
use gong_crm::{Client, Credentials, IntegrationId};

use crate::args::Global;
use crate::config::error::nearest;
use crate::config::file::{ConfigFile, Profile};
use crate::config::guard::{Guarded, Origin};
use crate::config::keys::Keys;
use crate::config::ledger_url::{self, is_url};
use crate::config::open::Opened;
use crate::config::search::{FILE_NAME, Search};
use crate::config::setting::{Entry, Setting, text};
use crate::config::sources::{SourceTable, Sources, SyncTable};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::shell::shell_word;

/// The config file that counts, once it was looked for: a process runs one command.
static SEARCHED: OnceLock<Result<Search, CliError>> = OnceLock::new();

/// The settings of a command.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) base_url: Option<Setting<String>>,
    pub(crate) integration_id: Option<Setting<IntegrationId>>,
    /// By default a file in the user's state directory.
    pub(crate) ledger: Option<Setting<PathBuf>>,
    /// The mapping of CSVs.
    pub(crate) map: Option<Setting<PathBuf>>,
    keys: Keys,
}

impl Settings {
    /// Reads the command line, the environment and the config file.
    pub(crate) fn read(global: &Global) -> Result<Self, CliError> {
        let Chosen {
            origin,
            mut profile,
        } = Chosen::read(global)?;
        let id = profile.integration_id.take().map(|entry| Entry {
            value: IntegrationId::from(entry.value),
            line: entry.line,
        });
        let named = integration_id_of_environment()?;
        let base_url = Setting::flag("--base-url", global.base_url.clone())
            .or_else(|| Setting::variable("GONG_BASE_URL", text("GONG_BASE_URL")));
        let ledger = Setting::flag("--ledger", global.ledger.clone());
        let keys = Keys::of_environment()?;
        Ok(Self {
            base_url: match base_url {
                Some(setting) => Some(setting),
                None => origin.setting(profile.base_url.take())?,
            },
            integration_id: Setting::flag("--integration-id", global.integration_id)
                .or(named)
                .or_else(|| Setting::file(&origin.path, id)),
            ledger: match ledger {
                Some(setting) => Some(setting),
                None => beside(&origin, origin.setting(profile.ledger.take())?),
            },
            map: beside(&origin, origin.setting(profile.map.take())?),
            keys: if keys.is_empty() {
                Keys::of_file(&mut profile, &origin, Output::new(global.output))?
            } else {
                // One source is used as a whole: never a key of one with the secret of another.
                keys
            },
        })
    }

    /// The config file that is used and those that were skipped. It is read once per command.
    pub(crate) fn search(global: &Global) -> Result<&'static Search, CliError> {
        let searched = SEARCHED.get_or_init(|| {
            let searched = match (&global.config, text("GONG_CONFIG")) {
                (Some(path), _) => Search::named(path, "--config"),
                (None, Some(path)) => Search::named(Path::new(&path), "GONG_CONFIG"),
                (None, None) => Search::from_here(),
            };
            if let Ok(searched) = &searched {
                warn(searched, Output::new(global.output));
            }
            searched
        });
        searched.as_ref().map_err(Clone::clone)
    }

    /// All settings of the config file that counts, and why it may make them or not.
    pub(crate) fn file(global: &Global) -> Result<Option<(Origin, ConfigFile)>, CliError> {
        let Some((origin, opened)) = &Self::search(global)?.file else {
            return Ok(None);
        };
        let file = parse(origin, opened)?;
        if file.has_secrets() {
            opened.private(&origin.path)?;
        }
        Ok(Some((origin.clone(), file)))
    }

    /// The mapping that the config file names, for commands that use nothing else of it.
    pub(crate) fn map(global: &Global) -> Result<Option<Setting<PathBuf>>, CliError> {
        let mut chosen = Chosen::read(global)?;
        let map = chosen.origin.setting(chosen.profile.map.take())?;
        Ok(beside(&chosen.origin, map))
    }

    /// Which findings the config file has reported, and as what.
    pub(crate) fn severities(global: &Global) -> Result<Severities, CliError> {
        Ok(Chosen::read(global)?.profile.check)
    }

    /// The sources of the config file and its path; none without a config file.
    pub(crate) fn named_sources(global: &Global) -> Result<(PathBuf, Sources), CliError> {
        Self::sources_of_kind(global, |_| true)
    }

    /// The sources with a mapping: where paths are named, the others are not used, and a file that
    /// was found need not be trusted for them.
    pub(crate) fn mapped_sources(global: &Global) -> Result<(PathBuf, Sources), CliError> {
        Self::sources_of_kind(global, |table| table.map.is_some())
    }

    fn sources_of_kind(
        global: &Global,
        kind: impl Fn(&SourceTable) -> bool,
    ) -> Result<(PathBuf, Sources), CliError> {
        let Chosen { origin, profile } = Chosen::read(global)?;
        let mut sources = BTreeMap::new();
        let of_kind = |guarded: &Guarded<SourceTable>| guarded.is(&kind);
        let wanted = profile.sources.into_iter();
        for (object_type, guarded) in wanted.filter(|(_, guarded)| of_kind(guarded)) {
            sources.insert(object_type, guarded.allowed_by(&origin)?.value);
        }
        let tap = profile.tap.map(|guarded| guarded.allowed_by(&origin));
        let tables = Sources {
            sync: profile.sync,
            types: sources,
            tap: tap.transpose()?.map(|entry| entry.value),
        };
        Ok((origin.path, tables))
    }

    /// Whether there is a config file.
    pub(crate) fn has_file(global: &Global) -> Result<bool, CliError> {
        Ok(Self::search(global)?.file.is_some())
    }

    /// How `plan` and `sync` go about it, without what they read.
    pub(crate) fn sync_table(global: &Global) -> Result<SyncTable, CliError> {
        Ok(Chosen::read(global)?.profile.sync)
    }

    /// What `plan` and `sync` read, and the config file that says so.
    pub(crate) fn sources(global: &Global) -> Result<(PathBuf, Sources), CliError> {
        if Self::search(global)?.file.is_none() {
            return Err(
                CliError::new(Exit::Usage, "no gong-crm.toml names what to read")
                    .with_hint("create one in this directory, or name it with --config"),
            );
        }
        Self::named_sources(global)
    }

    /// The access key pair or the bearer token, and where it comes from.
    pub(crate) fn credentials(&self) -> Result<Setting<Credentials>, CliError> {
        self.keys.credentials()
    }

    /// Takes these credentials instead of the others, if there are any.
    pub(crate) fn take_keys(&mut self, keys: Keys) {
        if !keys.is_empty() {
            self.keys = keys;
        }
    }

    /// The Authorization header with the credentials masked.
    pub(crate) fn masked_authorization(&self) -> &'static str {
        self.keys.masked_authorization()
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
        let path = self.ledger_path()?;
        let opened = match path.to_str().filter(|text| is_url(text)) {
            Some(url) => ledger_url::open(url).await?,
            None => Ledger::open(path).await,
        };
        opened.map_err(|error| CliError::from_ledger(&error))
    }

    /// The base URL of the calls, as a client would use it.
    pub(crate) fn effective_base_url(&self) -> Result<String, CliError> {
        // A client that is never used: it checks and completes the URL.
        let mut builder = Client::builder().credentials(Credentials::bearer_token("masked"));
        if let Some(base_url) = &self.base_url {
            builder = builder.base_url(&base_url.value);
        }
        let client = builder.build()?;
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

/// The profile that counts, and the file that it is in.
struct Chosen {
    origin: Origin,
    profile: Profile,
}

impl Chosen {
    fn read(global: &Global) -> Result<Self, CliError> {
        let name = global.profile.clone().or_else(|| text("GONG_PROFILE"));
        let file = Settings::file(global)?;
        let path = file.as_ref().map(|(origin, _)| origin.path.clone());
        let (origin, file) = file.unwrap_or_default();
        let profile = profile(path.as_deref(), file, name.as_deref())?;
        Ok(Self { origin, profile })
    }
}

/// Warns about files that may be intended but are not used.
fn warn(searched: &Search, output: Output) {
    for (path, reason) in &searched.passed_over {
        let named = shell_word(&path.to_string_lossy());
        output.warning(
            &format!("{} is skipped: {reason}", path.display()),
            &format!("if you trust it, name it: --config {named}"),
        );
    }
}

/// A path in the file is relative to the file's directory.
fn beside(origin: &Origin, path: Option<Setting<PathBuf>>) -> Option<Setting<PathBuf>> {
    let folder = origin.path.parent().unwrap_or(Path::new(""));
    path.map(|path| Setting {
        value: if path.value.to_str().is_some_and(is_url) {
            path.value
        } else {
            folder.join(path.value)
        },
        source: path.source,
    })
}

/// Reads what a file says.
pub(crate) fn parse(origin: &Origin, opened: &Opened) -> Result<ConfigFile, CliError> {
    ConfigFile::parse(&opened.text).map_err(|error| {
        let message = format!(
            "{}:{}: {}",
            origin.path.display(),
            error.line,
            error.message
        );
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
