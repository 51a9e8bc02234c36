//! The rule for configuration: what a file that was found by search may not do until it is trusted.
//!
//! Every setting that names a host, a path, a command or credentials is [`Guarded`]: its value is
//! only accessible with the [`Origin`] of its file, which must be trusted. The [`Power`]s of a
//! setting describe its effect, in the error and in `gong-crm trust`.

use std::fmt;
use std::path::PathBuf;

use crate::config::setting::{Entry, Setting};
use crate::error::CliError;
use crate::exit::Exit;
use crate::shell::shell_word;

/// The effect of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Power {
    /// Credentials and records are sent to this base URL.
    Host(String),
    /// Records are sent to the company that the credentials in the file belong to.
    Credentials,
    /// This file, or the files that match this pattern, are read.
    Read(PathBuf),
    /// Files are written at this path.
    Write(PathBuf),
    /// This command is run.
    Run(Vec<String>),
    /// This database or object store is read; without a password.
    Connect(String),
}

impl fmt::Display for Power {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(url) => write!(formatter, "send credentials and records to {url}"),
            Self::Credentials => {
                formatter.write_str("send records to the company of the credentials in it")
            }
            Self::Read(path) => write!(formatter, "read {}", path.display()),
            Self::Write(path) => write!(formatter, "write {}", path.display()),
            Self::Run(words) => write!(formatter, "run {}", command_line(words)),
            Self::Connect(url) => write!(formatter, "connect to {url}"),
        }
    }
}

/// A command as a shell would be given it.
fn command_line(words: &[String]) -> String {
    let quoted = words.iter().map(|word| shell_word(word));
    quoted.collect::<Vec<_>>().join(" ")
}

/// The effect of a setting, and its position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Guard {
    /// From 1.
    pub(crate) line: usize,
    /// The key, such as `base-url` or `sources.DEAL`.
    pub(crate) setting: String,
    pub(crate) powers: Vec<Power>,
}

/// A setting that only a trusted file may make. It has no powers if any file may make it.
#[derive(Debug, Clone)]
pub(crate) struct Guarded<T> {
    value: T,
    guard: Guard,
}

impl<T> Guarded<T> {
    pub(crate) fn new(
        line: usize,
        setting: impl Into<String>,
        powers: impl IntoIterator<Item = Power>,
        value: T,
    ) -> Self {
        let guard = Guard {
            line,
            setting: setting.into(),
            powers: powers.into_iter().collect(),
        };
        Self { value, guard }
    }

    pub(crate) fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Whether the setting is of a kind that matters to a command; its value stays inside.
    pub(crate) fn is(&self, kind: impl FnOnce(&T) -> bool) -> bool {
        kind(&self.value)
    }

    /// The setting, if its file may make it.
    pub(crate) fn allowed_by(self, origin: &Origin) -> Result<Entry<T>, CliError> {
        match self.guard.powers.first() {
            Some(power) if !origin.trust.is_trusted() => Err(origin.refusal(&self.guard, power)),
            _ => Ok(Entry {
                value: self.value,
                line: self.guard.line,
            }),
        }
    }
}

/// Why a file may make guarded settings, or may not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Trust {
    /// It is named, by this flag or variable.
    Named(&'static str),
    /// It is the user's own configuration.
    Own,
    /// `gong-crm trust` or `gong-crm init` keeps its hash.
    Kept,
    /// It was found, and was trusted with another content.
    Changed,
    /// It was found.
    #[default]
    Unknown,
}

impl Trust {
    pub(crate) fn is_trusted(self) -> bool {
        matches!(self, Self::Named(_) | Self::Own | Self::Kept)
    }
}

impl fmt::Display for Trust {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(by) => write!(formatter, "named by {by}"),
            Self::Own => formatter.write_str("the user's own"),
            Self::Kept => formatter.write_str("found, trusted"),
            Self::Changed => formatter.write_str("found, changed since it was trusted"),
            Self::Unknown => formatter.write_str("found, not trusted"),
        }
    }
}

/// A config file: its path, and why it may make guarded settings or may not. By default there is none.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origin {
    pub(crate) path: PathBuf,
    pub(crate) trust: Trust,
}

impl Origin {
    /// A guarded setting of this file, if the file may make it.
    pub(crate) fn setting<T>(
        &self,
        guarded: Option<Guarded<T>>,
    ) -> Result<Option<Setting<T>>, CliError> {
        let entry = guarded.map(|guarded| guarded.allowed_by(self));
        Ok(Setting::file(&self.path, entry.transpose()?))
    }

    fn refusal(&self, guard: &Guard, power: &Power) -> CliError {
        let path = self.path.display();
        let state = match self.trust {
            Trust::Changed => "the file changed since it was trusted",
            _ => "the file is not trusted",
        };
        let message = format!(
            "{path}:{}: `{}` would {power}, and {state}",
            guard.line, guard.setting
        );
        let path = shell_word(&self.path.to_string_lossy());
        CliError::new(Exit::Usage, message).with_hint(format!(
            "to see everything that it would do: gong-crm trust --show {path}\nto allow it: \
             gong-crm trust {path}, or for one command --config {path}\nto continue without it: \
             --config /dev/null"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(trust: Trust) -> Origin {
        Origin {
            path: PathBuf::from("gong-crm.toml"),
            trust,
        }
    }

    #[test]
    fn guarded_setting_needs_a_trusted_file() {
        let guarded = |powers: Vec<Power>| Guarded::new(3, "sources.DEAL", powers, "value");
        let run = || {
            vec![Power::Run(vec![
                "sh".into(),
                "-c".into(),
                "rm -r 'x'".into(),
            ])]
        };
        for trust in [Trust::Named("--config"), Trust::Own, Trust::Kept] {
            let entry = guarded(run()).allowed_by(&origin(trust)).unwrap();
            assert_eq!((entry.value, entry.line), ("value", 3));
        }
        let refusal = guarded(run())
            .allowed_by(&origin(Trust::Unknown))
            .unwrap_err();
        assert_eq!(
            refusal.message,
            r"gong-crm.toml:3: `sources.DEAL` would run sh -c 'rm -r '\''x'\''', and the file is not trusted"
        );
        let refusal = guarded(run())
            .allowed_by(&origin(Trust::Changed))
            .unwrap_err();
        assert!(
            refusal.message.ends_with("changed since it was trusted"),
            "{}",
            refusal.message
        );
        assert!(
            guarded(Vec::new())
                .allowed_by(&origin(Trust::Unknown))
                .is_ok()
        );
    }
}
