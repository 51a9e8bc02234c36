//! Several pushes at once, one of which is stopped; nothing is lost and nothing is sent twice.
//!
//! ```console
//! $ cargo run -p gong-crm --example concurrent_pushes
//! ```
//!
//! Clones of a client share its ledger and its calls per second, so that pushes of several tasks keep
//! within Gong's limits together. A push that is stopped leaves in the ledger what it did not finish;
//! the same push again goes on from there.
//!
//! In a crate of your own it needs `gong-crm`, `gong-sim`, and `tokio` with `macros` and `rt-
//! multi-thread`.

use std::error::Error;
use std::io::{Write, stdout};

use gong_crm::push::{Options, Records, Report, Verdict};
use gong_crm::rate_limit::RateLimit;
use gong_crm::{Account, Client, Credentials, IntegrationId};
use gong_sim::Simulator;
use tokio::task::JoinSet;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    run(&mut stdout()).await
}

/// A hundred accounts of one region.
fn accounts(region: &str) -> Result<Records, Box<dyn Error + Send + Sync>> {
    let mut records = Records::new();
    for number in 1..=100 {
        let account = Account::builder()
            .object_id(format!("{region}-{number}"))
            .modified_date("2026-03-01T09:30:00Z")
            .name(format!("Customer {number} in {region}"))
            .build()?;
        records.add(&account)?;
    }
    Ok(records)
}

/// Pushes a region; with `stop`, the push is stopped before it can finish.
pub(crate) async fn push(
    client: Client,
    integration_id: IntegrationId,
    region: &'static str,
    stop: bool,
) -> Result<(&'static str, Report), Box<dyn Error + Send + Sync>> {
    let options = Options::default().simulator();
    let push = client.push_records(integration_id, accounts(region)?, options);
    let (handle, work) = push.start();
    // As the signal handler of a service does: `let stop = handle.cancel_handle();`.
    if stop {
        handle.cancel();
    }
    Ok((region, work.await?))
}

pub(crate) async fn run(out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let gong = Simulator::start().await?;
    let client = Client::builder()
        .base_url(gong.base_url())
        .credentials(Credentials::access_key(
            gong.access_key(),
            gong.access_key_secret(),
        ))
        .rate_limit(RateLimit::unlimited())
        .build()?;
    let integration_id = client
        .register_integration("Acme CRM", "admin@acme.example")
        .await?;

    for round in 1..=2 {
        let mut pushes = JoinSet::new();
        for region in ["americas", "apac", "emea"] {
            let stop = round == 1 && region == "apac";
            pushes.spawn(push(client.clone(), integration_id, region, stop));
        }
        let mut reports: Vec<(&str, Report)> = Vec::new();
        while let Some(pushed) = pushes.join_next().await {
            reports.push(pushed?.map_err(|error| error.to_string())?);
        }
        reports.sort_by_key(|(region, _)| *region);
        for (region, report) in &reports {
            writeln!(
                out,
                "round {round}, {region}: {}, {} accepted, {} unchanged",
                report.verdict,
                report.accepted(),
                report.unchanged()
            )?;
        }
        if reports
            .iter()
            .all(|(_, report)| report.verdict == Verdict::Done)
        {
            break;
        }
    }
    writeln!(out, "Gong holds {} accounts", gong.objects("ACCOUNT").len())?;
    Ok(())
}
