//! Why a command did not do what it was asked: one message, one cure, one exit code.

use std::path::Path;

use gong_crm::Error;
use gong_crm::io::discover::FilesError;
use gong_crm::ledger::LedgerError;
use gong_crm::poll::PollError;
use gong_crm::push::PlanError;
use serde::Serialize;

use crate::exit::Exit;

/// A failure, ready to be shown.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) message: String,
    pub(crate) causes: Vec<String>,
    pub(crate) hint: Option<String>,
    /// Everything that is wrong with a file, for programs; people read it in the hint.
    findings: Vec<serde_json::Value>,
    /// What only a failed call knows.
    call: Box<Call>,
}

/// What is known of a failed call.
#[derive(Debug, Default)]
struct Call {
    status: Option<u16>,
    request_id: Option<String>,
    client_request_id: Option<String>,
    retryable: bool,
    user_facing_error: Option<String>,
    fix_url: Option<String>,
    help_url: Option<String>,
}

/// The same as one JSON object.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FailureJson<'a> {
    error: &'a str,
    code: &'static str,
    status: Option<u16>,
    request_id: Option<&'a str>,
    client_request_id: Option<&'a str>,
    retryable: bool,
    hint: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    causes: &'a [String],
    // What only the meetings operations tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_facing_error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help_url: Option<&'a str>,
    #[serde(skip_serializing_if = "<[serde_json::Value]>::is_empty")]
    findings: &'a [serde_json::Value],
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            causes: Vec::new(),
            hint: None,
            findings: Vec::new(),
            call: Box::default(),
        }
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn with_findings(mut self, findings: Vec<serde_json::Value>) -> Self {
        self.findings = findings;
        self
    }

    pub(crate) fn from_error(error: &Error) -> Self {
        let mut causes = Vec::new();
        let mut cause = std::error::Error::source(error);
        while let Some(inner) = cause {
            causes.push(inner.to_string());
            cause = inner.source();
        }
        Self {
            exit: Exit::of_error(error),
            message: error.to_string(),
            causes,
            hint: error.hint(),
            findings: Vec::new(),
            call: Box::new(Call {
                status: error.status(),
                request_id: error.request_id().map(str::to_owned),
                client_request_id: error.client_request_id().map(ToString::to_string),
                retryable: error.is_retryable(),
                user_facing_error: error.user_facing_error().map(str::to_owned),
                fix_url: error.fix_url().map(str::to_owned),
                help_url: error.help_url().map(str::to_owned),
            }),
        }
    }

    pub(crate) fn from_files(error: &FilesError) -> Self {
        let failure = Self::new(Exit::Usage, error.to_string());
        match error {
            FilesError::UnknownType { .. } | FilesError::TypeNeeded => {
                failure.with_hint("name the type: --type ACCOUNT")
            }
            FilesError::NoMapping { path } => failure.with_hint(format!(
                "draft a mapping with gong-crm init --print {} > map.toml, answer its todos, and add \
                 --map map.toml",
                path.display()
            )),
            FilesError::OnlyRejects { path } => {
                let folder = if path.is_dir() { path } else { Path::new("") };
                failure.with_hint(format!(
                    "mend them and name the files: {}",
                    folder.join("*.rejects.ldjson").display()
                ))
            }
            _ => failure,
        }
    }

    pub(crate) fn from_plan(error: &PlanError) -> Self {
        match error {
            PlanError::Files(files) => Self::from_files(files),
            other => Self::new(Exit::of_plan(other), other.to_string()),
        }
    }

    pub(crate) fn from_ledger(error: &LedgerError) -> Self {
        let failure = Self::new(Exit::Unexpected, error.to_string());
        match error {
            LedgerError::Storage { .. } => {
                failure.with_hint("name another file for the ledger: --ledger PATH")
            }
            _ => failure,
        }
    }

    pub(crate) fn to_json(&self) -> String {
        let json = FailureJson {
            error: &self.message,
            code: self.exit.name(),
            status: self.call.status,
            request_id: self.call.request_id.as_deref(),
            client_request_id: self.call.client_request_id.as_deref(),
            retryable: self.call.retryable,
            hint: self.hint.as_deref().filter(|_| self.findings.is_empty()),
            causes: &self.causes,
            user_facing_error: self.call.user_facing_error.as_deref(),
            fix_url: self.call.fix_url.as_deref(),
            help_url: self.call.help_url.as_deref(),
            findings: &self.findings,
        };
        serde_json::to_string(&json).unwrap_or_default()
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::from_error(&error)
    }
}

impl From<PollError> for Failure {
    fn from(error: PollError) -> Self {
        match error {
            PollError::Request(error) => error.into(),
            PollError::TimedOut {
                ref client_request_id,
                ..
            } => {
                let id = client_request_id.clone();
                let mut failure = Self::new(Exit::TimedOut, error.to_string()).with_hint(format!(
                    "it goes on in Gong; ask again: gong-crm status {id} --wait"
                ));
                failure.call.client_request_id = Some(id.to_string());
                failure.call.retryable = true;
                failure
            }
        }
    }
}
