//! A clock whose pauses take no time, and which drives the simulator's.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gong_crm::clock::Clock;
use gong_crm::ledger::Ledger;
use gong_crm::rate_limit::RateLimit;
use gong_crm::{Client, Credentials};
use gong_sim::Simulator;
use jiff::Timestamp;

/// How often a push looks whether another has ended: real time passes meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(crate) struct VirtualClock {
    now: Mutex<Timestamp>,
    simulator: Arc<Simulator>,
}

impl VirtualClock {
    pub(crate) fn new(simulator: Arc<Simulator>) -> Arc<Self> {
        let now = Timestamp::try_from(simulator.now()).unwrap();
        Arc::new(Self {
            now: Mutex::new(now),
            simulator,
        })
    }

    /// A client that has this clock, of the clock's simulator.
    pub(crate) fn client(self: &Arc<Self>, ledger: Ledger) -> Client {
        Client::builder()
            .base_url(self.simulator.base_url())
            .credentials(Credentials::access_key(
                self.simulator.access_key(),
                self.simulator.access_key_secret(),
            ))
            .rate_limit(RateLimit::unlimited())
            .clock(Arc::clone(self) as Arc<dyn Clock>)
            .ledger(ledger)
            .build()
            .unwrap()
    }

    pub(crate) fn advance(&self, by: Duration) {
        *self.now.lock().unwrap() += by;
        self.simulator.advance(by);
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            if duration == LOOK_EVERY {
                tokio::time::sleep(Duration::from_millis(1)).await;
            } else {
                self.advance(duration);
                tokio::task::yield_now().await;
            }
        })
    }
}
