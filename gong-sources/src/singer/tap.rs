//! A tap that is run from here.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command};
use std::sync::Arc;

use serde_json::Value;

use super::error::TargetError;
use super::running::{Hears, Running};
use crate::environment::own_variables;

/// A tap: a program that writes Singer messages to its standard output.
///
/// ```
/// use gong_sources::singer::Tap;
///
/// let tap = Tap::parse("tap-pipedrive --config 'my tap.json'")?;
/// assert_eq!(tap.command(), ["tap-pipedrive", "--config", "my tap.json"]);
/// assert!(Tap::parse("tap --config 'open").is_err());
/// # Ok::<(), gong_sources::singer::TargetError>(())
/// ```
#[derive(Clone)]
pub struct Tap {
    command: Vec<String>,
    directory: Option<PathBuf>,
    state: Option<PathBuf>,
    without: Vec<String>,
    hears: Option<Hears>,
}

impl fmt::Debug for Tap {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Arguments can hold passwords.
        formatter
            .debug_struct("Tap")
            .field("program", &self.program())
            .field("directory", &self.directory)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// How taps are given a state.
const STATE_OPTIONS: [&str; 2] = ["--state", "-s"];

/// What was given to a tap of its own state.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct GivenState(Value);

impl Tap {
    /// A program with its arguments.
    ///
    /// # Errors
    ///
    /// [`TargetError::Settings`] when no program is named.
    pub fn new(command: impl IntoIterator<Item = impl Into<String>>) -> Result<Self, TargetError> {
        let command: Vec<String> = command.into_iter().map(Into::into).collect();
        if command.first().is_none_or(String::is_empty) {
            return Err(TargetError::Settings {
                message: "the tap's command is empty".to_owned(),
                hint: "write it as in a terminal: --tap 'tap-pipedrive --config tap.json'"
                    .to_owned(),
            });
        }
        Ok(Self {
            command,
            directory: None,
            state: None,
            without: Vec::new(),
            hears: None,
        })
    }

    /// A command line, with quotes as a shell has them; no shell runs it.
    ///
    /// # Errors
    ///
    /// [`TargetError::Settings`] when it is empty or a quote is open.
    pub fn parse(command: &str) -> Result<Self, TargetError> {
        let words = shlex::split(command).ok_or_else(|| TargetError::Settings {
            message: "the tap's command has a quote that is not closed".to_owned(),
            hint: "close it".to_owned(),
        })?;
        Self::new(words)
    }

    /// The same, run in this directory.
    #[must_use]
    pub fn in_directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// The same with a file that holds the state of the last run: if it is there, the tap is given it
    /// as `--state`.
    #[must_use]
    pub fn with_state(mut self, state: impl Into<PathBuf>) -> Self {
        self.state = Some(state.into());
        self
    }

    /// The same, whose lines on standard error are given to this function. Otherwise they go to the
    /// standard error of this process as they are.
    #[must_use]
    pub fn on_message(mut self, hears: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.hears = Some(Arc::new(hears));
        self
    }

    /// The same, without these environment variables, such as those that hold secrets of others. Those
    /// that begin with `GONG_` or `TARGET_GONG_CRM_` are never in its environment.
    #[must_use]
    pub fn without_variables(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.without.extend(names.into_iter().map(Into::into));
        self
    }

    /// The program and its arguments.
    pub fn command(&self) -> &[String] {
        &self.command
    }

    /// The file that holds the state of the last run.
    pub fn state(&self) -> Option<&Path> {
        self.state.as_deref()
    }

    pub(super) fn program(&self) -> &str {
        self.command.first().map_or("", String::as_str)
    }

    fn at(&self, path: &str) -> PathBuf {
        match &self.directory {
            Some(directory) => directory.join(path),
            None => path.into(),
        }
    }

    /// The value of an option in the command.
    fn option(&self, names: &[&str]) -> Option<&str> {
        let mut words = self.command.iter().map(String::as_str);
        while let Some(word) = words.next() {
            if names.contains(&word) {
                return words.next();
            }
            let value = names
                .iter()
                .filter(|name| name.starts_with("--"))
                .find_map(|name| word.strip_prefix(name)?.strip_prefix('='));
            if value.is_some() {
                return value;
            }
        }
        None
    }

    /// The state that the tap is given.
    pub(super) fn given_state(&self) -> GivenState {
        let named = self.option(&STATE_OPTIONS).map(|path| self.at(path));
        let path = named.or_else(|| self.state.clone());
        let Some(path) = path.filter(|path| path.exists()) else {
            return GivenState::default();
        };
        let read = std::fs::read(&path);
        let state = read
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok());
        // What can't be read may say anything.
        GivenState(state.unwrap_or_else(|| Value::String("unreadable".to_owned())))
    }

    /// All that decides which records come: the command, and the start date of its configuration.
    pub(super) fn definition(&self) -> String {
        let start = self.option(&["--config", "-c"]).and_then(|path| {
            let config = std::fs::read(self.at(path)).ok()?;
            let config: Value = serde_json::from_slice(&config).ok()?;
            config.get("start_date").map(ToString::to_string)
        });
        format!("tap {:?} {}", self.command, start.unwrap_or_default())
    }

    /// Starts it.
    pub(super) fn start(&self) -> Result<(Running, ChildStdout), TargetError> {
        let mut command = Command::new(self.program());
        command.args(&self.command[1..]);
        if let Some(directory) = &self.directory
            && directory != Path::new("")
        {
            command.current_dir(directory);
        }
        let state = self.state.as_ref().filter(|path| path.exists());
        if let Some(state) = state.filter(|_| self.option(&STATE_OPTIONS).is_none()) {
            command.arg("--state").arg(state);
        }
        for name in own_variables() {
            command.env_remove(name);
        }
        for name in &self.without {
            command.env_remove(name);
        }
        Running::start(command, self.hears.clone()).map_err(|source| TargetError::Tap {
            command: self.program().to_owned(),
            source,
        })
    }
}

impl GivenState {
    /// Whether the tap was given none.
    pub(super) fn is_none(&self) -> bool {
        self.0.is_null()
    }

    /// Whether a tap that was given this state and ended well wrote all records of a stream. `known`
    /// are the streams that it named.
    pub(super) fn lets_all_through(&self, stream: &str, known: &BTreeSet<&str>) -> bool {
        let Some(state) = self.0.as_object() else {
            return self.0.is_null();
        };
        if state.values().all(is_empty) {
            return true;
        }
        let Some(bookmarks) = state.get("bookmarks").and_then(Value::as_object) else {
            return false;
        };
        // Streams under other names than in the state: nobody can say which they are.
        let mut named = bookmarks.iter().filter(|(_, value)| !is_empty(value));
        named.all(|(name, _)| name != stream && known.contains(name.as_str()))
    }
}

/// Whether a value of a state says nothing.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(fields) => fields.values().all(is_empty),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_says_which_streams_are_read_in_part() {
        let known = BTreeSet::from(["deals", "users"]);
        for (state, stream, expected) in [
            ("null", "deals", true),
            ("{}", "deals", true),
            (r#"{"bookmarks":{}}"#, "deals", true),
            (
                r#"{"bookmarks":{"deals":{"update_time":null}},"currently_syncing":null}"#,
                "deals",
                true,
            ),
            (
                r#"{"bookmarks":{"deals":{"update_time":"2026"}}}"#,
                "deals",
                false,
            ),
            (
                r#"{"bookmarks":{"deals":{"update_time":"2026"}}}"#,
                "users",
                true,
            ),
            // An alias: the stream that has the bookmark may be any.
            (
                r#"{"bookmarks":{"crm-deals":{"replication_key_value":1}}}"#,
                "deals",
                false,
            ),
            (r#"{"contacts_1":"2026-10-05"}"#, "deals", false),
            (r#""unreadable""#, "deals", false),
        ] {
            let given = GivenState(serde_json::from_str(state).unwrap());
            assert_eq!(given.lets_all_through(stream, &known), expected, "{state}");
        }
    }

    #[test]
    fn state_of_the_command_or_of_the_tap_is_found() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(
            folder.path().join("s.json"),
            r#"{"bookmarks":{"a":{"b":1}}}"#,
        )
        .unwrap();
        std::fs::write(
            folder.path().join("c.json"),
            r#"{"start_date":"2020-01-01"}"#,
        )
        .unwrap();
        for command in [
            "tap -s s.json --config=c.json",
            "tap --state=s.json -c c.json",
            "tap --state s.json --config c.json",
        ] {
            let tap = Tap::parse(command).unwrap().in_directory(folder.path());
            let given = tap.given_state();
            assert!(
                !given.lets_all_through("a", &BTreeSet::from(["a"])),
                "{command}"
            );
            assert!(tap.definition().contains("2020-01-01"), "{command}");
        }
        let tap = Tap::parse("tap")
            .unwrap()
            .with_state(folder.path().join("s.json"));
        assert!(
            !tap.given_state()
                .lets_all_through("a", &BTreeSet::from(["a"]))
        );
        let tap = tap.with_state(folder.path().join("none.json"));
        assert!(tap.given_state().lets_all_through("a", &BTreeSet::new()));
    }
}
