//! A clock with which tests wait without sleeping.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gong_crm::clock::Clock;
use jiff::Timestamp;

use super::script::Log;

/// A clock that only advances with the requested pauses, and records them.
#[derive(Debug)]
pub(crate) struct RecordingClock {
    now: Mutex<Timestamp>,
    pauses: Mutex<Vec<Duration>>,
    /// Pauses with a fixed length; all others have jitter, which snapshots cannot contain.
    exact: Vec<Duration>,
    log: Log,
}

impl RecordingClock {
    pub(crate) fn new(exact: Vec<Duration>, log: Log) -> Arc<Self> {
        Arc::new(Self {
            now: Mutex::new(Timestamp::UNIX_EPOCH),
            pauses: Mutex::default(),
            exact,
            log,
        })
    }

    /// Every pause so far, in order.
    pub(crate) fn pauses(&self) -> Vec<Duration> {
        self.pauses.lock().unwrap().clone()
    }
}

impl Clock for RecordingClock {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        *self.now.lock().unwrap() += duration;
        self.pauses.lock().unwrap().push(duration);
        self.log.add(if self.exact.contains(&duration) {
            format!("pause of {} s", duration.as_secs())
        } else {
            "pause".to_owned()
        });
        Box::pin(async {})
    }
}
