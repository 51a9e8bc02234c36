//! The state that connections and the handle of the simulator share.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::credentials::AccessKey;
use crate::received::RequestLog;
use crate::store::State;
use crate::store::file::StateFile;

/// The parts that a builder passes to a new simulator.
pub(crate) struct SimulatorConfig {
    /// The access key that the handle shows.
    pub(crate) access_key: AccessKey,
    /// The token of `/_sim/`; without one, nothing is served there.
    pub(crate) admin_token: Option<String>,
    pub(crate) allowed_hosts: Vec<String>,
    pub(crate) state: State,
    pub(crate) state_file: Option<StateFile>,
    pub(crate) kept_requests: usize,
}

/// The state that connections and the handle of the simulator share.
pub(crate) struct Shared {
    pub(crate) base_url: String,
    pub(crate) address: SocketAddr,
    pub(crate) access_key: AccessKey,
    pub(crate) admin_token: Option<String>,
    pub(crate) allowed_hosts: Vec<String>,
    pub(crate) state_file: Option<StateFile>,
    state: Mutex<State>,
    log: Mutex<RequestLog>,
}

// The token is a secret.
impl fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Shared")
            .field("address", &self.address)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

pub(crate) type SharedRef = Arc<Shared>;

impl Shared {
    pub(crate) fn new(address: SocketAddr, launch: SimulatorConfig) -> Self {
        let base_url = base_url(address);
        let SimulatorConfig {
            access_key,
            admin_token,
            allowed_hosts,
            state,
            state_file,
            kept_requests,
        } = launch;
        let log = RequestLog::new(kept_requests, state.kept_body_bytes);
        let (state, log) = (Mutex::new(state), Mutex::new(log));
        Self {
            base_url,
            address,
            access_key,
            admin_token,
            allowed_hosts,
            state_file,
            state,
            log,
        }
    }

    /// The state, with everything done that is due by now.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves the state as usable as it was: each change is made in one go.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.process_due();
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
