//! What a push tells of its progress.

use std::path::Path;
use std::time::Duration;

use super::plan::PlannedFile;
use super::report::FileReport;
use crate::id::ClientRequestId;
use crate::status::RequestStatus;

/// A step of a push.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The files are known; nothing is sent yet.
    Planned {
        /// The files in the order in which they will go.
        files: &'a [PlannedFile],
    },
    /// A file begins to be sent.
    Sending {
        /// The file.
        file: &'a PlannedFile,
        /// The id of the upload.
        client_request_id: &'a ClientRequestId,
    },
    /// Some bytes of the file have left.
    Sent {
        /// The file.
        file: &'a PlannedFile,
        /// The bytes so far.
        bytes: u64,
    },
    /// Gong has the file and will process it.
    Accepted {
        /// The file.
        file: &'a PlannedFile,
        /// Whether this push sent it; otherwise Gong had the same content before.
        sent_now: bool,
    },
    /// Gong was asked how far the file is.
    Polled {
        /// The file.
        file: &'a PlannedFile,
        /// What Gong said.
        status: &'a RequestStatus,
    },
    /// A response was lost or refused; the same id is asked about or sent again.
    Retrying {
        /// The file.
        path: &'a Path,
        /// What went wrong.
        error: &'a crate::Error,
        /// How long is waited first.
        pause: Duration,
    },
    /// Gong is given time to store accounts, to which the next files refer.
    Settling {
        /// How long.
        pause: Duration,
    },
    /// A file has come to its end.
    Finished {
        /// What became of it.
        report: &'a FileReport,
    },
}
