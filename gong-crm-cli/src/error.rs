//! Why a command failed: one message, one hint, one exit code.

use std::io;

use gong_crm::Error;
use gong_crm::check::CheckError;
use gong_crm::io::discover::FilesError;
use gong_crm::ledger::LedgerError;
use gong_crm::poll::PollError;
use gong_crm::push::PushError;
use serde::Serialize;
use serde_json::Value;

use crate::exit::Exit;

/// An error, ready to be shown.
#[derive(Debug, Clone)]
pub(crate) struct CliError {
    pub(crate) exit: Exit,
    pub(crate) message: String,
    pub(crate) causes: Vec<String>,
    pub(crate) hint: Option<String>,
    /// Everything that is wrong with a file, for programs; people read it in the hint.
    findings: Vec<Value>,
    /// What only a failed call knows.
    call: Box<Call>,
}

/// The facts about a failed call.
#[derive(Debug, Clone, Default)]
struct Call {
    status: Option<u16>,
    request_id: Option<String>,
    client_request_id: Option<String>,
    retryable: bool,
    user_facing_error: Option<String>,
    fix_url: Option<String>,
    help_url: Option<String>,
}

/// The same as one JSON object; every key is always there.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CliErrorJson<'a> {
    error: &'a str,
    code: &'static str,
    status: Option<u16>,
    request_id: Option<&'a str>,
    client_request_id: Option<&'a str>,
    retryable: bool,
    hint: Option<&'a str>,
    causes: &'a [String],
    user_facing_error: Option<&'a str>,
    fix_url: Option<&'a str>,
    help_url: Option<&'a str>,
    findings: &'a [Value],
}

impl CliError {
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

    pub(crate) fn with_findings(mut self, findings: Vec<Value>) -> Self {
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
        let shown = Self::new(Exit::Usage, error.to_string());
        match error {
            FilesError::UnknownType { .. } | FilesError::TypeNeeded => {
                shown.with_hint("give the type: --type ACCOUNT")
            }
            FilesError::NoMapping { path } => shown.with_hint(format!(
                "draft a mapping with `gong-crm init --print {} > map.toml`, answer its todos, and \
                 add --map map.toml",
                path.display()
            )),
            FilesError::OnlyRejects { .. } => shown.with_hint(
                "to push rejected records again, fix them and name their files: \
                 NAME.rejects.ldjson",
            ),
            _ => shown,
        }
    }

    pub(crate) fn from_ledger(error: &LedgerError) -> Self {
        let shown = Self::new(Exit::Unexpected, error.to_string());
        match error {
            LedgerError::Storage { source, .. } if is_full(source.downcast_ref()) => {
                shown.with_hint("free some space, or keep the ledger elsewhere: --ledger FILE")
            }
            LedgerError::Storage { source, .. } if is_read_only(source.downcast_ref()) => shown
                .with_hint(
                    "make it and its folder writable, or move it with the files beside it, and name it there: \
                     --ledger FILE; another ledger would not know what Gong has",
                ),
            LedgerError::Storage { .. } | LedgerError::Untrusted { .. } => {
                shown.with_hint("use another file for the ledger: --ledger FILE")
            }
            LedgerError::Older { .. }
            | LedgerError::Replaced { .. }
            | LedgerError::Copied { .. } => Self::new(Exit::OutcomeUnknown, error.to_string()),
            LedgerError::NotEmpty => Self::new(Exit::Usage, error.to_string()),
            _ => shown,
        }
    }

    /// For files that could not be checked.
    pub(crate) fn from_check(error: &CheckError) -> Self {
        match error {
            CheckError::Files(files) => Self::from_files(files),
            CheckError::Convert { source, .. } => {
                let exit = source
                    .downcast_ref()
                    .map_or(Exit::Unexpected, Exit::of_convert);
                Self::new(exit, error.to_string())
            }
            other => Self::new(Exit::Unexpected, other.to_string()),
        }
    }

    /// For a push without a report.
    pub(crate) fn from_push(error: PushError) -> Self {
        match error {
            PushError::Request(error) => error.into(),
            PushError::Files(error) => Self::from_files(&error),
            PushError::Check(error) => Self::from_check(&error),
            PushError::Ledger(error) => Self::from_ledger(&error),
            PushError::OneIdForMany { .. } => Self::new(Exit::Usage, error.to_string())
                .with_hint("leave --request-id out: every upload then gets an id of its own"),
            PushError::IdUsed { .. } => Self::new(Exit::Usage, error.to_string()),
            PushError::Spool(ref source) => {
                let advice = if is_full(Some(source)) {
                    "free some space"
                } else {
                    "move away what is there"
                };
                let hint = format!("{advice}, or keep the ledger elsewhere: --ledger FILE");
                Self::new(Exit::Unexpected, error.to_string()).with_hint(hint)
            }
            other => Self::new(Exit::Unexpected, other.to_string()),
        }
    }

    pub(crate) fn to_json(&self) -> impl Serialize {
        CliErrorJson {
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
        }
    }
}

/// Whether a file may only be read.
fn is_read_only(error: Option<&io::Error>) -> bool {
    let kind = error.map(io::Error::kind);
    matches!(
        kind,
        Some(io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
    )
}

/// Whether the disk has no room left.
fn is_full(error: Option<&io::Error>) -> bool {
    let kind = error.map(io::Error::kind);
    matches!(
        kind,
        Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
    )
}

impl From<Error> for CliError {
    fn from(error: Error) -> Self {
        Self::from_error(&error)
    }
}

impl From<PollError> for CliError {
    fn from(error: PollError) -> Self {
        match error {
            PollError::Request(error) => error.into(),
            PollError::TimedOut {
                ref client_request_id,
                ..
            } => {
                let id = client_request_id.clone();
                let hint = format!(
                    "Gong is still processing it; wait for it: gong-crm status {id} --wait"
                );
                let mut shown = Self::new(Exit::TimedOut, error.to_string()).with_hint(hint);
                shown.call.client_request_id = Some(id.to_string());
                shown.call.retryable = true;
                shown
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_disk_is_named_as_what_it_is() {
        let hint = |kind| {
            let error = LedgerError::storage("ledger.sqlite", io::Error::from(kind));
            CliError::from_ledger(&error).hint.unwrap_or_default()
        };
        assert!(hint(io::ErrorKind::StorageFull).starts_with("free some space"));
        for read_only in [
            io::ErrorKind::ReadOnlyFilesystem,
            io::ErrorKind::PermissionDenied,
        ] {
            let hint = hint(read_only);
            assert!(
                hint.starts_with("make it and its folder writable"),
                "{hint}"
            );
            // That needs a ledger that can be written, too.
            assert!(!hint.contains("ledger export"), "{hint}");
        }
        assert!(hint(io::ErrorKind::InvalidData).starts_with("use another file"));
    }
}
