//! Does a push outlive a clock that is set while it runs?

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use gong_crm::clock::{Clock, SystemClock};
use gong_crm::ledger::JobState;
use gong_crm::push::{Options, Verdict};
use gong_crm::{Client, Credentials};
use gong_sim::{Effect, Fault, Operation, Processing};
use jiff::{SignedDuration, Timestamp};

use crate::support::world::{World, account};

/// The time of day jumps by a year at every look, to and fro; what is measured does not.
#[derive(Debug, Default)]
struct Jumping(AtomicI64);

impl Clock for Jumping {
    fn now(&self) -> Timestamp {
        let looks = self.0.fetch_add(1, Ordering::SeqCst);
        let year = SignedDuration::from_hours(365 * 24);
        if looks % 2 == 0 {
            Timestamp::now() - year
        } else {
            Timestamp::now() + year
        }
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::time::sleep(duration.min(Duration::from_secs(1))))
    }

    fn monotonic(&self) -> Duration {
        SystemClock.monotonic()
    }
}

#[tokio::test]
async fn a_clock_that_jumps_changes_nothing_of_what_arrives() {
    let world = World::new().await;
    world.simulator.set_processing(Processing::Polls(2));
    let lost = Fault::new(Effect::LoseAnswer).on(Operation::UploadEntities);
    world.simulator.add_fault(lost.nth(1));
    let text = account("a-1", "2026-01-15T09:30:00Z", "new")
        + &account("a-1", "2026-01-14T09:30:00Z", "old")
        + &account("a-2", "2026-01-15T09:30:00Z", "B");
    let path = world.write("accounts.ldjson", &text);
    let simulator = &world.simulator;
    let client = Client::builder()
        .base_url(simulator.base_url())
        .credentials(Credentials::access_key(
            simulator.access_key(),
            simulator.access_key_secret(),
        ))
        .ledger(Arc::clone(&world.ledger))
        .clock(Arc::new(Jumping::default()))
        .build()
        .unwrap();
    let options = Options::new([&path]).local().unchecked();
    for is_first in [true, false] {
        let report = client
            .push(world.integration_id, options.clone())
            .await
            .unwrap();
        assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
        assert_eq!(report.files[0].sent, is_first, "{report:#?}");
    }
    assert_eq!(simulator.uploads().len(), 2, "nothing is sent twice");
    assert_eq!(world.states(), [JobState::Done; 2]);
    assert_eq!(simulator.object("ACCOUNT", "a-1").unwrap()["name"], "new");
}
