//! Exit codes: scripts depend on them, so a code never changes its meaning.

use std::io;
use std::process::ExitCode;

use gong_crm::mapping::ConvertError;
use gong_crm::push::{Report, Verdict};
use gong_crm::sync::SyncReport;
use gong_crm::{Error, ErrorKind};

/// How the command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Everything is as asked.
    Ok = 0,
    /// Something unexpected.
    Unexpected = 1,
    /// The command line, the settings or an input can't be used.
    Usage = 2,
    /// The check found errors; nothing was sent.
    CheckFailed = 3,
    /// Credentials or a scope.
    Credentials = 4,
    /// Some records are rejected or held back by a finding; all others are in Gong.
    Rejected = 5,
    /// Something was not sent, or failed as a whole.
    Failed = 6,
    /// Not finished in time.
    TimedOut = 7,
    /// Rate limit or quota.
    RateLimited = 8,
    /// Whether Gong has something is not known.
    OutcomeUnknown = 9,
    /// The terminal was closed (SIGHUP).
    HungUp = 129,
    /// Ctrl-C (SIGINT).
    Interrupted = 130,
    /// SIGTERM.
    Terminated = 143,
    /// Gong differs from the sources (plan --exit-code).
    Changes = 10,
    /// Something is held back by a limit; all else is done or rejected.
    HeldBack = 11,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl Exit {
    /// The code's name in the JSON of an error.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unexpected => "unexpected",
            Self::Usage => "usage",
            Self::CheckFailed => "check-failed",
            Self::Credentials => "credentials",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::TimedOut => "timed-out",
            Self::RateLimited => "rate-limited",
            Self::OutcomeUnknown => "outcome-unknown",
            Self::Changes => "changes",
            Self::HeldBack => "held-back",
            Self::HungUp => "hung-up",
            Self::Interrupted => "interrupted",
            Self::Terminated => "terminated",
        }
    }

    /// Whether a signal ended the command.
    pub(crate) fn is_signal(self) -> bool {
        matches!(self, Self::HungUp | Self::Interrupted | Self::Terminated)
    }

    /// For a failed call.
    pub(crate) fn of_error(error: &Error) -> Self {
        match error.kind() {
            ErrorKind::Unauthorized | ErrorKind::MissingScope | ErrorKind::Forbidden => {
                Self::Credentials
            }
            ErrorKind::RateLimited => Self::RateLimited,
            ErrorKind::Configuration => Self::Usage,
            _ if error.is_outcome_unknown() && error.client_request_id().is_some() => {
                Self::OutcomeUnknown
            }
            _ => Self::Unexpected,
        }
    }

    /// For a CSV file that could not be converted.
    pub(crate) fn of_convert(error: &ConvertError) -> Self {
        match error {
            ConvertError::Mapping(_) | ConvertError::Empty => Self::Usage,
            ConvertError::File { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                Self::Usage
            }
            _ => Self::Unexpected,
        }
    }

    /// For a push with a report. If several codes apply, the first of 4, 8, 9, 7, 6, 11, 5 wins; 3
    /// only if nothing was sent.
    pub(crate) fn of_report(report: &Report) -> Self {
        Self::of_verdict(report.verdict, report.cause.as_deref())
    }

    /// For a sync with a report.
    pub(crate) fn of_sync(report: &SyncReport) -> Self {
        Self::of_verdict(report.verdict, report.cause.as_deref())
    }

    /// For a verdict, and the failure that stopped everything.
    pub(crate) fn of_verdict(verdict: Verdict, cause: Option<&Error>) -> Self {
        match (verdict, cause.map(Self::of_error)) {
            (Verdict::Canceled, _) => Self::Interrupted,
            (_, Some(cause @ (Self::Credentials | Self::RateLimited))) => cause,
            (Verdict::Done, _) => Self::Ok,
            (Verdict::Partial, _) => Self::Rejected,
            (Verdict::HeldBack, _) => Self::HeldBack,
            (Verdict::Failed, _) => Self::Failed,
            (Verdict::Invalid, _) => Self::CheckFailed,
            (Verdict::TimedOut, _) => Self::TimedOut,
            (Verdict::Unknown, _) => Self::OutcomeUnknown,
            _ => Self::Unexpected,
        }
    }
}
