//! Whether one version of a record is in Gong, whatever became of the push that should have sent it.

use gong_crm::Account;
use gong_crm::ledger::{InGong, TryOutcome};
use gong_crm::push::{Options, Records, Wait};
use gong_sim::{Effect, Processing, Simulator};

use crate::support::Harness;

fn account(name: &str, day: u8) -> Account {
    Account::builder()
        .object_id("acme")
        .modified_date(format!("2026-03-{day:02}T09:30:00Z"))
        .name(name)
        .build()
        .unwrap()
}

fn options() -> Options {
    Options::default().simulator()
}

async fn push(harness: &Harness, account: &Account, options: Options) -> Result<(), String> {
    let mut records = Records::new();
    records.add(account).unwrap();
    let push = harness
        .client
        .push_records(harness.integration_id, records, options);
    let report = push.await.map_err(|error| error.to_string())?;
    let done = report.into_result().map_err(|error| error.to_string())?;
    assert_eq!(done.records(), 1);
    Ok(())
}

async fn in_gong(harness: &Harness, account: &Account) -> InGong {
    let version = harness.client.version(harness.integration_id, account);
    version.await.unwrap().in_gong
}

#[tokio::test]
async fn changed_record_is_not_in_gong_after_a_refused_push() {
    let harness = Harness::new().await;
    let (old, new) = (account("Acme", 1), account("Acme Ltd", 2));
    assert_eq!(in_gong(&harness, &old).await, InGong::No);
    push(&harness, &old, options()).await.unwrap();
    assert_eq!(in_gong(&harness, &old).await, InGong::Yes);
    let later = account("Acme", 9);
    assert_eq!(in_gong(&harness, &later).await, InGong::Yes, "a date alone");

    harness.fault_of_uploads(Effect::Status(401), 1);
    push(&harness, &new, options()).await.unwrap_err();
    assert_eq!(in_gong(&harness, &new).await, InGong::OtherVersion);
    assert_eq!(
        in_gong(&harness, &old).await,
        InGong::Yes,
        "Gong still has it"
    );
    harness.simulator.clear_faults();
    push(&harness, &new, options()).await.unwrap();
    assert_eq!(in_gong(&harness, &new).await, InGong::Yes);
    assert_eq!(in_gong(&harness, &old).await, InGong::OtherVersion);
}

#[tokio::test]
async fn version_without_a_verdict_is_unknown() {
    let simulator = Simulator::builder().processing(Processing::Never);
    let harness = Harness::with(simulator.start().await.unwrap()).await;
    let acme = account("Acme", 1);
    push(&harness, &acme, options().wait(Wait::UntilSent))
        .await
        .unwrap_err();
    assert_eq!(in_gong(&harness, &acme).await, InGong::Unknown);
}

#[tokio::test]
async fn rejected_version_has_its_reason_and_another_has_not() {
    let harness = Harness::new().await;
    harness.fault_of_uploads(Effect::FailFile("an outage".to_owned()), 1);
    let acme = account("Acme", 1);
    push(&harness, &acme, options()).await.unwrap_err();
    let versions = [acme, account("Acme Ltd", 2)];
    let client = &harness.client;
    let states = client.versions(harness.integration_id, &versions);
    let states = states.await.unwrap();
    assert_eq!(
        states[0].last_try.as_ref().unwrap().outcome,
        TryOutcome::NotAccepted
    );
    assert_eq!(states[1].last_try, None);
    assert_eq!(states[1].in_gong, InGong::No);
}

#[tokio::test]
async fn accepted_deletion_is_in_gong_and_the_record_is_not() {
    let harness = Harness::new().await;
    let acme = account("Acme", 1);
    push(&harness, &acme, options()).await.unwrap();
    let deletion = Account::deletion("acme", "2026-03-02T09:30:00Z").unwrap();
    assert_eq!(in_gong(&harness, &deletion).await, InGong::OtherVersion);
    push(&harness, &deletion, options()).await.unwrap();
    assert_eq!(in_gong(&harness, &deletion).await, InGong::Yes);
    assert_eq!(in_gong(&harness, &acme).await, InGong::No);
}
