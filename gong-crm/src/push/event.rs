//! The events of a running push.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use gong_client::status::RequestStatus;
use gong_records::check::Finding;
use tracing::{debug, info, warn};

use crate::ledger::LockOwner;
use crate::{ClientRequestId, ObjectType};

/// One step of a push.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// Another push uses the ledger; this one waits for its end.
    Waiting {
        /// The other push.
        owner: LockOwner,
    },
    /// A source is read.
    Reading {
        /// The type of its records.
        object_type: ObjectType,
        /// Its name.
        source: String,
    },
    /// The records of a type are being compared with their versions in Gong.
    Comparing {
        /// Their type.
        object_type: ObjectType,
    },
    /// The check has ended.
    Checked {
        /// The first findings, at most 50.
        findings: Vec<Finding>,
        /// How many errors there are.
        errors: u64,
        /// How many warnings there are.
        warnings: u64,
    },
    /// The plan is complete.
    Planned {
        /// How many records differ from what Gong has.
        records: u64,
        /// How many records Gong has as they are.
        unchanged: u64,
        /// How many uploads they make.
        uploads: usize,
        /// How many bytes those have.
        bytes: u64,
    },
    /// The day's calls may not be enough.
    FewCallsLeft {
        /// About how many are needed.
        needed: u64,
        /// How many are left.
        left: u64,
    },
    /// An upload begins.
    Sending {
        /// Its id.
        client_request_id: ClientRequestId,
        /// The type of its records.
        object_type: ObjectType,
        /// The number of records in it.
        records: u64,
        /// How many bytes it has.
        bytes: u64,
    },
    /// A part of an upload has left.
    Sent {
        /// Its id.
        client_request_id: ClientRequestId,
        /// How many of its bytes have left.
        bytes: u64,
    },
    /// Gong has an upload.
    Accepted {
        /// Its id.
        client_request_id: ClientRequestId,
    },
    /// Gong was asked for a verdict.
    Polled {
        /// The upload's id.
        client_request_id: ClientRequestId,
        /// The status.
        status: RequestStatus,
    },
    /// A request failed and is repeated.
    Retrying {
        /// The upload's id.
        client_request_id: ClientRequestId,
        /// What failed.
        error: String,
        /// When it is repeated.
        pause: Duration,
    },
    /// Gong is given time to store new accounts.
    AccountDelay {
        /// How long.
        pause: Duration,
    },
    /// Gong does not show new accounts yet, and is asked again.
    AccountsNotVisible {
        /// How many of those that it was asked about at once.
        accounts: u64,
        /// When it is asked again.
        pause: Duration,
        /// After which time the records that refer to them are sent nevertheless.
        at_most: Duration,
    },
    /// Rejected records that Gong did not list are searched for.
    Searching {
        /// Their upload's id.
        client_request_id: ClientRequestId,
        /// Among how many records.
        records: u64,
    },
    /// The verdict of an upload is known.
    Finished {
        /// Its id.
        client_request_id: ClientRequestId,
        /// The type of its records.
        object_type: ObjectType,
        /// The number of records in it.
        records: u64,
        /// The number of accepted records.
        accepted: u64,
        /// The number of rejected records.
        rejected: u64,
    },
    /// An upload was not sent, or its verdict was not learned.
    Stopped {
        /// Its id.
        client_request_id: ClientRequestId,
        /// Why.
        reason: String,
    },
}

pub(crate) type Listener = Box<dyn FnMut(&Event) + Send>;

/// Who receives the events.
#[derive(Default)]
pub(crate) struct Events(Mutex<Option<Listener>>);

impl Events {
    pub(crate) fn new(listener: Option<Listener>) -> Self {
        Self(Mutex::new(listener))
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "an event is made to be emitted once"
    )]
    pub(crate) fn emit(&self, event: Event) {
        trace(&event);
        let mut listener = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(listener) = &mut *listener {
            listener(&event);
        }
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Events")
    }
}

/// Emits a tracing event, which the README lists, unless the spans of calls and uploads say the same.
/// No field has a record's contents or id, a path, or the text of an error.
fn trace(event: &Event) {
    match event {
        Event::Waiting { .. } => info!("waiting for the ledger"),
        Event::Reading { object_type, .. } => {
            debug!(gong.object_type = object_type.as_str(), "reading");
        }
        Event::Comparing { object_type } => {
            debug!(gong.object_type = object_type.as_str(), "comparing");
        }
        Event::Planned {
            records,
            unchanged,
            uploads,
            bytes,
        } => info!(records, unchanged, uploads, bytes, "planned"),
        Event::FewCallsLeft { needed, left } => warn!(needed, left, "few calls left"),
        Event::Retrying { pause, .. } => info!(wait_ms = milliseconds(*pause), "retrying"),
        Event::AccountsNotVisible {
            accounts, pause, ..
        } => info!(
            accounts,
            wait_ms = milliseconds(*pause),
            "accounts are not visible yet"
        ),
        Event::AccountDelay { pause } => info!(wait_ms = milliseconds(*pause), "account delay"),
        Event::Searching { records, .. } => info!(records, "searching"),
        Event::Checked { .. }
        | Event::Sending { .. }
        | Event::Sent { .. }
        | Event::Accepted { .. }
        | Event::Polled { .. }
        | Event::Finished { .. }
        | Event::Stopped { .. } => {}
    }
}

fn milliseconds(pause: Duration) -> u64 {
    u64::try_from(pause.as_millis()).unwrap_or(u64::MAX)
}
