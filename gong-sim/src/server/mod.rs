//! How requests come in over HTTP and answers go out.

mod accept;
mod answer;
mod body;
mod call;
mod data_file;
mod pipeline;
mod received;
mod strike;

pub(crate) use accept::{Connection, serve};
pub(crate) use answer::Answer;
pub(crate) use call::{Call, JsonObject};
pub(crate) use data_file::DataFile;
pub use received::ReceivedRequest;
pub(crate) use received::RequestLog;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::credentials::Credentials;
use crate::saving::StateFile;
use crate::simulator::Launch;
use crate::state::State;

/// What all connections and the handle of the simulator have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) base_url: String,
    pub(crate) credentials: Credentials,
    pub(crate) state_file: Option<StateFile>,
    state: Mutex<State>,
    log: Mutex<RequestLog>,
}

pub(crate) type SharedRef = Arc<Shared>;

impl Shared {
    pub(crate) fn new(base_url: String, launch: Launch) -> Self {
        let Launch {
            credentials,
            state,
            state_file,
            kept_requests,
        } = launch;
        let (state, log) = (
            Mutex::new(state),
            Mutex::new(RequestLog::new(kept_requests)),
        );
        Self {
            base_url,
            credentials,
            state_file,
            state,
            log,
        }
    }

    /// The state, with everything done that is due by now.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves the state as usable as it was: each change is made in one go.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.settle();
        state
    }

    pub(crate) fn log(&self) -> MutexGuard<'_, RequestLog> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
