//! Exit codes: frozen, because scripts decide by them.

use std::process::ExitCode;

use gong_crm::push::{FileStatus, PlanError, Report, Verdict};
use gong_crm::{Error, ErrorKind};

/// How the command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Ok = 0,
    Unexpected = 1,
    Usage = 2,
    CheckFailed = 3,
    Credentials = 4,
    SomeRejected = 5,
    JobFailed = 6,
    TimedOut = 7,
    RateLimited = 8,
    OutcomeUnknown = 9,
    Interrupted = 130,
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
            Self::SomeRejected => "some-rejected",
            Self::JobFailed => "job-failed",
            Self::TimedOut => "timed-out",
            Self::RateLimited => "rate-limited",
            Self::OutcomeUnknown => "outcome-unknown",
            Self::Interrupted => "interrupted",
        }
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

    /// For files that could not be pushed as they are.
    pub(crate) fn of_plan(error: &PlanError) -> Self {
        match error {
            PlanError::Empty { .. } => Self::CheckFailed,
            _ => Self::Usage,
        }
    }

    /// For a finished push.
    pub(crate) fn of_report(report: &Report) -> Self {
        match report.verdict {
            Verdict::Done => Self::Ok,
            Verdict::TimedOut => Self::TimedOut,
            Verdict::Unknown => Self::OutcomeUnknown,
            Verdict::Invalid => Self::CheckFailed,
            Verdict::Partial | Verdict::Failed => {
                // A file that was not sent says why in its cause; else Gong refused records.
                let refused = |status| matches!(status, FileStatus::Partial | FileStatus::Failed);
                match report.cause() {
                    Some(error) => Self::of_error(error),
                    None if report.succeeded() > 0 => Self::SomeRejected,
                    None if report.files.iter().any(|file| refused(file.status)) => Self::JobFailed,
                    None => Self::Unexpected,
                }
            }
            _ => Self::Unexpected,
        }
    }
}
