//! Two records, one push, Gong's verdict.
//!
//! ```console
//! $ cargo run -p gong-crm --example quickstart
//! ```
//!
//! It runs against the simulator. For the real Gong, take your own base URL and access key, and leave
//! out `rate_limit` and `simulator`.
//!
//! In a crate of your own it needs `gong-crm`, `gong-sim`, and `tokio` with `macros` and
//! `rt-multi-thread`.

use std::error::Error;
use std::io::{Write, stdout};

use gong_crm::integration::EnsureOutcome;
use gong_crm::push::{Options, Records};
use gong_crm::rate_limit::RateLimit;
use gong_crm::{Account, Client, Credentials, Deal};
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
    let integration_id = match client
        .ensure_integration("Acme CRM", "admin@acme.example")
        .await?
    {
        EnsureOutcome::Created(integration) | EnsureOutcome::Unchanged(integration) => {
            integration.integration_id
        }
        // Somebody else's CRM: its records are not ours to change.
        other => {
            return Err(format!(
                "another integration is registered: {:?}",
                other.integration().name
            )
            .into());
        }
    };

    let mut records = Records::new();
    records.add(
        &Account::builder()
            .object_id("acme")
            .modified_date("2026-03-01T09:30:00+01:00")
            .name("Acme")
            .domains(["acme.example"])
            .build()?,
    )?;
    records.add(
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

    let report = client
        .push_records(integration_id, records, Options::default().simulator())
        .await?;
    for file in &report.files {
        writeln!(
            out,
            "{}: {} of {} accepted",
            file.object_type, file.accepted, file.records
        )?;
    }
    // An error unless Gong has every record as it was given.
    let report = report.into_result()?;
    writeln!(out, "verdict: {}", report.verdict)?;
    writeln!(
        out,
        "Gong now has: {}",
        gong.object("DEAL", "8608553").unwrap_or_default()
    )?;
    Ok(())
}
