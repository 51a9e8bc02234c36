//! Two records, one push, Gong's verdict.
//!
//! ```console
//! $ cargo run -p gong-crm --example quickstart
//! ```
//!
//! It runs against a local Gong. For the real one, take your own base URL and access key, and leave
//! out `rate_budget` and `local`.
//!
//! In a crate of your own it needs `gong-crm`, `gong-sim`, `tempfile`, and `tokio` with `macros`
//! and `rt-multi-thread`.

use std::error::Error;
use std::io::{Write, stdout};

use gong_crm::rate_limit::RateLimit;
use gong_crm::{Account, Client, Credentials, Deal, EntityFile, push};
use gong_sim::Simulator;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    run(&mut stdout()).await
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

    // Once: Gong has to know of the CRM. A company has one such integration.
    let ensured = client
        .ensure_integration("Acme CRM", "admin@acme.example")
        .await?;
    let integration_id = ensured.integration().integration_id;

    // One file for each type; the name says which.
    let folder = tempfile::tempdir()?;
    let mut accounts = EntityFile::create(folder.path().join("accounts.ldjson"))?;
    accounts.write(
        &Account::builder()
            .object_id("acme")
            .modified_date("2026-03-01T09:30:00+01:00")
            .name("Acme")
            .domains(["acme.example"])
            .build()?,
    )?;
    accounts.finish()?;
    let mut deals = EntityFile::create(folder.path().join("deals.ldjson"))?;
    deals.write(
        &Deal::builder()
            .object_id(8_608_553)
            .modified_date("2026-03-01T09:31:00+01:00")
            .account_id("acme")
            .owner_id("ada")
            .name("Acme, first order")
            .close_date("2026-06-30")
            .amount(1250.5)
            .build()?,
    )?;
    deals.finish()?;

    let options = push::Options::new([folder.path()]).local();
    let report = client.push(integration_id, options).await?;
    for file in &report.files {
        writeln!(
            out,
            "{}: {} of {} taken",
            file.object_type, file.succeeded, file.records
        )?;
    }
    writeln!(out, "verdict: {:?}", report.verdict)?;
    writeln!(
        out,
        "Gong now holds: {}",
        gong.object("DEAL", "8608553").unwrap_or_default()
    )?;
    Ok(())
}
