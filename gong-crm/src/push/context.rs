//! What does every part of a push need?

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::sync::Semaphore;

use super::Options;
use super::event::Event;
use super::journal::Journal;
use crate::client::Client;
use crate::ledger::LedgerError;
use gong_client::{Error, ErrorKind};
use gong_records::ids::{ClientRequestId, IntegrationId};

/// Who is told of the steps.
pub(super) struct Events(Mutex<Option<Listener>>);

pub(super) type Listener = Box<dyn FnMut(&Event) + Send>;

impl Events {
    pub(super) fn new(listener: Option<Listener>) -> Self {
        Self(Mutex::new(listener))
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "an event is made to be told once"
    )]
    pub(super) fn emit(&self, event: Event) {
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

/// Whether content that failed before is sent anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// It is, under the next id.
    Push,
    /// What is known stands; only what is open is finished.
    Resume,
}

/// One push on its way.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) client: Client,
    pub(super) integration_id: IntegrationId,
    pub(super) options: Options,
    pub(super) mode: Mode,
    pub(super) journal: Journal,
    pub(super) events: Arc<Events>,
    /// One upload at a time has the line.
    pub(super) line: Semaphore,
    gates: Mutex<HashMap<ClientRequestId, Gate>>,
    /// Why nothing more is sent.
    hopeless: OnceLock<String>,
}

/// Lets one delivery of an id through at a time, and knows whether there was one.
pub(super) type Gate = Arc<tokio::sync::Mutex<bool>>;

impl Context {
    pub(super) fn new(
        client: Client,
        integration_id: IntegrationId,
        options: Options,
        mode: Mode,
        journal: Journal,
        events: Arc<Events>,
    ) -> Self {
        Self {
            client,
            integration_id,
            options,
            mode,
            journal,
            events,
            line: Semaphore::new(1),
            gates: Mutex::default(),
            hopeless: OnceLock::new(),
        }
    }

    /// Why no later call can succeed either, if it is known.
    pub(super) fn hopeless(&self) -> Option<&str> {
        self.hopeless.get().map(String::as_str)
    }

    /// Notes an error after which no later call can succeed either, if it is one.
    pub(super) fn note(&self, error: &Error) {
        let is_hopeless = matches!(
            error.kind(),
            ErrorKind::Unauthorized
                | ErrorKind::MissingScope
                | ErrorKind::Forbidden
                | ErrorKind::Redirected
                | ErrorKind::RateLimited
                | ErrorKind::Transport
                | ErrorKind::Timeout
                | ErrorKind::UnexpectedResponse
        );
        if is_hopeless {
            let _ = self
                .hopeless
                .get_or_init(|| format!("no call can succeed any more: {error}"));
        }
    }

    /// Notes that the ledger takes nothing more: what is not written down is not sent, and what came
    /// first could not be told from what came after.
    pub(super) fn note_ledger(&self, error: &LedgerError) {
        let _ = self.hopeless.get_or_init(|| error.to_string());
    }

    /// The gate of an id: two files of the same content make one upload.
    pub(super) fn gate(&self, id: &ClientRequestId) -> Gate {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(gates.entry(id.clone()).or_default())
    }
}
