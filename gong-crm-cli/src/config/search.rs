//! Where the config file is: named, in the current folder or above it, or the user's own.

use std::path::{Path, PathBuf};

use crate::config::guard::{Origin, Trust};
use crate::config::open::{self, Folder, Found, Opened};
use crate::config::trust_store;
use crate::error::CliError;
use crate::exit::Exit;

/// The name of the config file that is searched for.
pub(crate) const FILE_NAME: &str = "gong-crm.toml";

/// The name of the user's own, in `gong-crm` of the folder for configurations.
const OWN_NAME: &str = "config.toml";

/// The config file that is used, and those that were skipped before it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Search {
    pub(crate) file: Option<(Origin, Opened)>,
    pub(crate) passed_over: Vec<(PathBuf, &'static str)>,
}

impl Search {
    /// The file that the user named.
    pub(crate) fn named(path: &Path, by: &'static str) -> Result<Self, CliError> {
        let opened = open::named(path)?;
        let origin = Origin {
            path: path.to_path_buf(),
            trust: Trust::Named(by),
        };
        Ok(Self {
            file: Some((origin, opened)),
            passed_over: Vec::new(),
        })
    }

    /// The nearest file in the current folder and above it, or the user's own.
    pub(crate) fn from_here() -> Result<Self, CliError> {
        let here = std::env::current_dir().map_err(|error| {
            let message = format!("the current directory can't be read: {error}");
            CliError::new(Exit::Unexpected, message)
        })?;
        let mut search = Self::default();
        search.upwards(&here, dirs::home_dir())?;
        if search.file.is_none() {
            search.own()?;
        }
        Ok(search)
    }

    /// Looks in the folder and above it, but not beyond the home folder or the file system.
    fn upwards(&mut self, here: &Path, home: Option<PathBuf>) -> Result<(), CliError> {
        let home = home.and_then(|home| home.canonicalize().ok());
        let mut first: Option<Folder> = None;
        for path in here.ancestors() {
            let Some(folder) = open::folder(path) else {
                continue;
            };
            if first.as_ref().is_some_and(|first| !folder.is_beside(first)) {
                break;
            }
            let file = path.join(FILE_NAME);
            // In the current directory, its name alone is enough.
            let shown = file
                .strip_prefix(here)
                .map_or(file.clone(), Path::to_path_buf);
            match folder.found(FILE_NAME, &shown)? {
                Found::Nothing => {}
                Found::PassedOver(reason) => self.passed_over.push((shown, reason)),
                Found::File(opened) => {
                    let trust = trust_store::trust(&file, &opened.text);
                    self.file = Some((Origin { path: shown, trust }, opened));
                    break;
                }
            }
            if home.as_deref() == Some(path) {
                break;
            }
            first.get_or_insert(folder);
        }
        Ok(())
    }

    fn own(&mut self) -> Result<(), CliError> {
        let Some(folder) = dirs::config_dir().map(|folder| folder.join("gong-crm")) else {
            return Ok(());
        };
        let path = folder.join(OWN_NAME);
        let Some(folder) = open::folder(&folder) else {
            return Ok(());
        };
        if let Found::File(opened) = folder.own(OWN_NAME, &path)? {
            let trust = Trust::Own;
            self.file = Some((Origin { path, trust }, opened));
        }
        Ok(())
    }
}
