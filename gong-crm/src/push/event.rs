//! What a push tells of its progress.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::plan::PlannedFile;
use super::report::FileReport;
use crate::ledger::LockOwner;
use gong_client::RequestStatus;
use gong_records::check::Finding;
use gong_records::ids::ClientRequestId;

/// A step of a push.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// Another push uses the ledger; this one begins when that one ends.
    Waiting {
        /// Who holds it.
        holder: LockOwner,
    },
    /// The check found a problem of a file.
    Found {
        /// The problem.
        finding: Box<Finding>,
    },
    /// The files are known; nothing is sent yet.
    Planned {
        /// The files in the order in which they will go.
        files: Vec<Arc<PlannedFile>>,
    },
    /// The calls that are left of the day's budget may not be enough.
    Short {
        /// How many calls the push will make, or a few more.
        calls: u64,
        /// How many are left.
        left: u64,
    },
    /// A file, or a part of it, begins to be sent.
    Sending {
        /// The file.
        file: Arc<PlannedFile>,
        /// The id of the upload.
        client_request_id: ClientRequestId,
        /// Which upload of the file it is, from 1.
        piece: u32,
        /// How many there are.
        pieces: u32,
    },
    /// Some bytes of the file have left.
    Sent {
        /// The file.
        file: Arc<PlannedFile>,
        /// The bytes of this upload so far.
        bytes: u64,
    },
    /// Gong has the file and will process it.
    Accepted {
        /// The file.
        file: Arc<PlannedFile>,
        /// Whether this push sent it; otherwise Gong had the same content before.
        sent_now: bool,
    },
    /// Gong was asked how far the file is.
    Polled {
        /// The file.
        file: Arc<PlannedFile>,
        /// What Gong said.
        status: RequestStatus,
    },
    /// A response was lost or refused; the same id is asked about or sent again.
    Retrying {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        error: String,
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
        report: Arc<FileReport>,
    },
}
