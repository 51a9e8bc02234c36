//! A push does not depend on a clock that is set while it runs, or was wrong before.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use gong_crm::clock::{Clock, SystemClock};
use gong_crm::ledger::{Ledger, UploadState};
use gong_crm::push::Verdict;
use gong_crm::rate_limit::RateLimit;
use gong_sim::{Effect, Processing};
use jiff::{SignedDuration, Timestamp};

use crate::support::{Harness, NEW, OLD, ShiftedClock, account, client_with};

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
async fn clock_that_jumps_changes_nothing_of_what_arrives() {
    let harness = Harness::new().await;
    harness.simulator.set_processing(Processing::Polls(2));
    harness.fault_of_uploads(Effect::LoseAnswer, 1);
    let text = account("a-1", NEW, "new") + &account("a-1", OLD, "old") + &account("a-2", NEW, "B");
    let path = harness.write_text("accounts.ldjson", &text);
    let client = client_with(
        &harness.simulator,
        Ledger::memory(),
        RateLimit::unlimited(),
        Some(Arc::new(Jumping::default())),
    );
    for is_first in [true, false] {
        let options = harness.options(&path);
        let report = client.push(harness.integration_id, options).await.unwrap();
        assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
        assert_eq!(report.accepted() > 0, is_first, "{report:#?}");
    }
    assert_eq!(
        harness.simulator.uploads().len(),
        1,
        "nothing is sent twice"
    );
    let uploads = client.ledger().uploads(10).await.unwrap();
    assert_eq!(uploads[0].state, UploadState::Done);
    assert_eq!(harness.name("a-1").as_deref(), Some("new"));
}

#[tokio::test]
async fn push_after_a_clock_was_set_back_is_not_older() {
    let harness = Harness::new().await;
    let ledger = Ledger::memory();
    for (hours, name) in [(24, "first"), (0, "second"), (-24, "third")] {
        let clock = Arc::new(ShiftedClock(SignedDuration::from_hours(hours)));
        let client = client_with(
            &harness.simulator,
            ledger.clone(),
            RateLimit::unlimited(),
            Some(clock),
        );
        // The same date, as a stage or a mapped file without dates has it.
        let path = harness.write_text("accounts.ldjson", &account("a", OLD, name));
        let options = harness.options(&path);
        let report = client.push(harness.integration_id, options).await.unwrap();
        assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
        assert_eq!(harness.name("a").as_deref(), Some(name));
    }
}
