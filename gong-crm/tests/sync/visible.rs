//! New accounts are read back before the records that refer to them are sent.

use std::sync::Arc;
use std::time::Duration;

use gong_crm::ObjectType::{Account, Contact};
use gong_crm::push::Verdict;
use gong_crm::sync::SyncReport;
use gong_sim::{Effect, Fault, Operation, Simulator};

use crate::support::{MovedClock, World, accounts, contact};

async fn sync_with_contacts(world: &World) -> SyncReport {
    world.export("account.ldjson", &accounts(1..=2));
    let contacts = [contact("con-1", "acc-1"), contact("con-2", "acc-2")];
    world.export("contact.ldjson", &contacts);
    let mut options = world.options(&[Account, Contact]);
    options.push.account_delay = Duration::from_millis(1);
    options.push.account_visible = Duration::from_millis(20);
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    world.simulator.set_read_lag(Duration::ZERO);
    assert!(world.has("CONTACT", "con-2"));
    report
}

fn said(report: &SyncReport, text: &str) -> bool {
    let mut notes = report.notes.iter().chain(&report.plan.notes);
    notes.any(|note| note.contains(text))
}

#[tokio::test]
async fn accounts_that_could_not_be_looked_for_are_said() {
    let world = World::new().await;
    let fault = Fault::new(Effect::Status(403)).on(Operation::GetObjects);
    world.simulator.add_fault(fault).unwrap();
    let report = sync_with_contacts(&world).await;
    assert!(said(&report, "reading them back failed"), "{report:#?}");
}

#[tokio::test]
async fn accounts_that_gong_does_not_show_in_time_are_said() {
    let lag = Simulator::builder().read_lag(Duration::from_hours(1));
    let world = World::with(lag.start().await.unwrap()).await;
    let report = sync_with_contacts(&world).await;
    assert!(said(&report, "did not show 2 new accounts"), "{report:#?}");
    let seen = sync_with_contacts(&World::new().await).await;
    assert!(!said(&seen, "new account"), "{seen:#?}");
}

#[tokio::test]
async fn time_for_new_accounts_begins_with_their_verdict() {
    let lag = Simulator::builder().read_lag(Duration::from_hours(1));
    let mut world = World::with(lag.start().await.unwrap()).await;
    let clock = Arc::new(MovedClock::default());
    world.use_clock(Arc::clone(&clock));
    world.export("account.ldjson", &accounts(1..=2));
    let report = world.sync(world.options(&[Account])).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");

    // Another process sends the contacts, hours later.
    clock.advance(Duration::from_hours(3));
    let began = clock.offset();
    world.export("contact.ldjson", &[contact("con-1", "acc-1")]);
    let mut options = world.options(&[Contact]);
    options.push.account_delay = Duration::from_mins(1);
    options.push.poll.initial_interval = Duration::from_secs(10);
    options.push.poll.max_interval = Duration::from_secs(10);
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(said(&report, "did not show 2 new accounts"), "{report:#?}");
    let waited = clock.offset() - began;
    assert!(waited < 60, "{waited} s");
}
