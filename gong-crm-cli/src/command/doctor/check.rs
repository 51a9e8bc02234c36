//! One check of `gong-crm doctor`: its result, and how the results are printed.

use gong_crm::coverage::Coverage;
use serde::Serialize;

use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::output::table::hanging;

/// The result of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum State {
    Ok,
    Warning,
    Failed,
    Skipped,
}

impl State {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "FAILED",
            Self::Skipped => "skipped",
        }
    }
}

/// One check.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Check {
    pub(super) name: String,
    pub(super) state: State,
    /// The result; for a failure, its cause.
    pub(super) message: String,
    pub(super) hint: Option<String>,
    /// The deals by their owners, of the check that counts them.
    pub(super) coverage: Option<Coverage>,
    /// More lines for a person.
    #[serde(skip)]
    pub(super) details: Vec<String>,
    #[serde(skip)]
    pub(super) exit: Exit,
}

impl Check {
    pub(super) fn new(name: impl Into<String>, state: State, message: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            state,
            message: message.into(),
            hint: None,
            coverage: None,
            details: Vec::new(),
            exit: Exit::Unexpected,
        }
    }

    pub(super) fn ok(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(name, State::Ok, message)
    }

    pub(super) fn skipped(name: impl Into<String>, why: impl Into<String>) -> Self {
        Self::new(name, State::Skipped, why)
    }

    pub(super) fn failed(name: impl Into<String>, failure: &CliError) -> Self {
        let mut message = failure.message.clone();
        for cause in &failure.causes {
            message = format!("{message}: {cause}");
        }
        Self {
            hint: Some(match &failure.hint {
                Some(hint) => hint.replace('\n', "; "),
                None => "if it persists, give the requestId to Gong support".to_owned(),
            }),
            exit: failure.exit,
            ..Self::new(name, State::Failed, message)
        }
    }

    pub(super) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

pub(super) fn exit(checks: &[Check]) -> Exit {
    let failed = || checks.iter().filter(|check| check.state == State::Failed);
    if failed().any(|check| check.exit == Exit::Credentials) {
        Exit::Credentials
    } else if failed().any(|check| check.exit == Exit::RateLimited) {
        Exit::RateLimited
    } else if failed().next().is_some() {
        Exit::Unexpected
    } else {
        Exit::Ok
    }
}

pub(super) fn print(checks: &[Check], output: Output) {
    let width = checks
        .iter()
        .map(|check| check.name.chars().count())
        .max()
        .unwrap_or_default();
    let window = output.width().unwrap_or(usize::MAX);
    // If a column for the names would leave little room, they are printed above.
    let is_narrow = window < 100;
    for check in checks {
        let (word, name) = (check.state.word(), &check.name);
        let mut lines = if is_narrow {
            let mut lines = vec![format!("{word:<9}  {name}")];
            lines.extend(hanging(&" ".repeat(11), &check.message, window));
            lines
        } else {
            hanging(
                &format!("{word:<9}  {name:<width$}  "),
                &check.message,
                window,
            )
        };
        let indent = if is_narrow { 11 } else { width + 13 };
        for detail in &check.details {
            lines.extend(hanging(
                &format!("{}- ", " ".repeat(indent)),
                detail,
                window,
            ));
        }
        if let Some(hint) = &check.hint {
            lines.extend(hanging(&format!("{}→ ", " ".repeat(indent)), hint, window));
        }
        for line in lines {
            output.stdout(&line);
        }
    }
}
