//! Integrations that are removed in Gong, and their records with them.

use std::sync::Arc;
use std::time::Duration;

use gong_crm::ObjectType::Account;
use gong_crm::push::Verdict;
use gong_crm::source::FilesSource;
use gong_crm::sync::SyncOptions;

use crate::support::{MovedClock, World, account, accounts};

#[tokio::test]
async fn integration_that_was_removed_in_gong_is_noticed_within_a_day() {
    let mut world = World::new().await;
    let clock = Arc::new(MovedClock::default());
    world.use_clock(Arc::clone(&clock));
    let options = world.with_accounts(1..=3).await;
    // Somebody removes it, by other means.
    world.simulator.reset();
    world
        .simulator
        .register_integration("Another CRM", "ada.king@acme.example");
    clock.advance(Duration::from_hours(25));
    let gone = world
        .client
        .sync(world.integration_id, options.clone())
        .await;
    let message = gone.unwrap_err().to_string();
    assert!(message.contains("are no longer in Gong"), "{message}");

    // One with the same id knows nothing of the records.
    world.simulator.reset();
    register_as(&world).await;
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(world.has("ACCOUNT", "acc-1"));
}

#[tokio::test]
async fn integration_that_never_was_is_not_called_removed() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=3));
    let options = world.options(&[Account]);
    let misspelt = gong_crm::IntegrationId::from(78);
    let (client, registered) = (&world.client, world.integration_id);
    for _ in 0..2 {
        let message = client.sync(misspelt, options.clone()).await.unwrap_err();
        let expected = format!(
            "Gong has no integration 78: {registered} is registered now; --integration-id {registered} syncs to it"
        );
        assert!(message.to_string().contains(&expected), "{message}");
    }
    // Records were sent to this one, and nobody has looked at it yet.
    let report = world.push("account.ldjson", &accounts(1..=3)).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    world.simulator.reset();
    let message = client.sync(registered, options).await.unwrap_err();
    let expected = "are no longer in Gong";
    assert!(message.to_string().contains(expected), "{message}");
}

/// Registers an integration in the simulator under the id of the world's.
async fn register_as(world: &World) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let id = world.integration_id;
    let body = format!(
        r#"{{"name":"Acme CRM","ownerEmail":"ada.king@acme.example","integrationId":"{id}"}}"#
    );
    let (host, length) = (world.simulator.address(), body.len());
    let token = world.simulator.admin_token().unwrap();
    let request = format!(
        "POST /_sim/integrations HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
         Authorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 20"), "{response}");
}

#[tokio::test]
async fn integration_that_gong_does_not_know_is_looked_for_at_once() {
    let world = World::new().await;
    let options = world.with_accounts(1..=3).await;
    world.simulator.reset();
    let other = world
        .simulator
        .register_integration("Another CRM", "ada.king@acme.example");
    let report = world
        .push("account.ldjson", &[account("acc-9", "Nine")])
        .await;
    assert_ne!(report.verdict, Verdict::Done);
    world.export("account.ldjson", &accounts(1..=3));
    let client = &world.client;
    let planned = client.plan(world.integration_id, options.clone()).await;
    let synced = client.sync(world.integration_id, options).await;
    for message in [
        planned.unwrap_err().to_string(),
        synced.unwrap_err().to_string(),
    ] {
        assert!(message.contains("are no longer in Gong"), "{message}");
        let way_out = format!("--integration-id {other}");
        assert!(message.contains(&way_out), "{message}");
    }
}

#[tokio::test]
async fn records_of_an_integration_that_came_back_are_not_called_recovered() {
    let world = World::new().await;
    let path = world.export("changes.ldjson", &accounts(1..=3));
    let source = Arc::new(FilesSource::new(path));
    let options = SyncOptions::new("acme").simulator();
    let options = options.source(Account, source);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    world.simulator.reset();
    let ledger = world.client.ledger();
    let looked = ledger.look_again(world.client.base_url(), world.integration_id);
    looked.await.unwrap();
    let gone = world.client.sync(world.integration_id, options.clone());
    gone.await.unwrap_err();
    register_as(&world).await;
    world.export("changes.ldjson", &accounts(1..=1));
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Unknown, "{report:#?}");
    let note = "since the integration was deleted in Gong, it is not known";
    let mut notes = report.notes.iter().chain(&report.plan.notes);
    assert!(notes.any(|of| of.contains(note)), "{report:#?}");
}
