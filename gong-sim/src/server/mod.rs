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
pub(crate) use call::{Call, JsonObject, refuse_bad_address};
pub(crate) use data_file::{BODY_LIMIT, DataFile};
#[cfg(fuzzing)]
pub(crate) use pipeline::answer;
pub use received::ReceivedRequest;
pub(crate) use received::RequestLog;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::credentials::Credentials;
use crate::saving::StateFile;
use crate::simulator::Launch;
use crate::state::State;

/// What all connections and the handle of the simulator have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) base_url: String,
    pub(crate) address: SocketAddr,
    pub(crate) credentials: Credentials,
    pub(crate) state_file: Option<StateFile>,
    pub(crate) read_timeout: Duration,
    state: Mutex<State>,
    log: Mutex<RequestLog>,
}

pub(crate) type SharedRef = Arc<Shared>;

impl Shared {
    pub(crate) fn new(address: SocketAddr, launch: Launch) -> Self {
        let base_url = base_url(address);
        let Launch {
            credentials,
            state,
            state_file,
            kept_requests,
            read_timeout,
        } = launch;
        let (state, log) = (
            Mutex::new(state),
            Mutex::new(RequestLog::new(kept_requests)),
        );
        Self {
            base_url,
            address,
            credentials,
            state_file,
            read_timeout,
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

    /// Whether only this computer can reach the simulator.
    pub(crate) fn listens_on_loopback(&self) -> bool {
        self.address.ip().is_loopback()
    }

    pub(crate) fn log(&self) -> MutexGuard<'_, RequestLog> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn base_url(address: SocketAddr) -> String {
    // A wildcard address cannot be called; the loopback one reaches it from here.
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(ip, address.port()))
}
