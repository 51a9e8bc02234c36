//! Every few minutes, what has changed: the job that a timer starts.
//!
//! ```console
//! $ cargo run -p gong-crm --features sqlite --example incremental_push
//! ```
//!
//! Two things are kept between the rounds. The ledger knows what Gong has, so that records that are
//! read again are not sent again, and a round that was killed is finished by the next. The mark, the
//! `modifiedDate` of the newest record, only keeps the query small. It moves when Gong has every
//! record, so that nothing is lost whatever a round ends with.
//!
//! In a crate of your own it needs `gong-crm` with `sqlite`, `gong-sim`, `tempfile`, and `tokio`
//! with `macros` and `rt-multi-thread`.

use std::error::Error;
use std::fs;
use std::io::{Write, stdout};
use std::path::Path;

use gong_crm::ledger::Ledger;
use gong_crm::push::{Options, Records, Verdict};
use gong_crm::rate_limit::RateLimit;
use gong_crm::value::Timestamp;
use gong_crm::{Account, Client, Credentials, IntegrationId};
use gong_sim::{Effect, Fault, Operation, Simulator};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    run(&mut stdout()).await
}

/// A customer in the CRM.
struct Customer {
    id: &'static str,
    name: &'static str,
    changed: &'static str,
}

/// One round; a separate program in reality.
async fn round(
    gong: &Simulator,
    integration_id: IntegrationId,
    state: &Path,
    customers: &[Customer],
    out: &mut dyn Write,
) -> Result<(), Box<dyn Error>> {
    let client = Client::builder()
        .base_url(gong.base_url())
        .credentials(Credentials::access_key(
            gong.access_key(),
            gong.access_key_secret(),
        ))
        .ledger(Ledger::open(state.join("ledger.sqlite")).await?)
        .rate_limit(RateLimit::unlimited())
        .build()?;

    // First what an earlier round has left behind; most of the time, nothing.
    let left = client.resume([], Options::default().simulator()).await?;
    if !left.files.is_empty() {
        writeln!(out, "uploads of an earlier round: {}", left.verdict)?;
    }

    let mark = state.join("mark");
    let since: Timestamp = match fs::read_to_string(&mark) {
        Ok(text) => text.parse()?,
        Err(_) => "1970-01-01T00:00:00Z".parse()?,
    };
    let mut records = Records::new();
    let mut newest = since;
    for customer in customers {
        let account = Account::builder()
            .object_id(customer.id)
            .modified_date(customer.changed)
            .name(customer.name)
            .build()?;
        // Records of the very second of the mark are read again: another of that second may have
        // come since. The ledger knows which of them Gong has.
        if *account.modified_date() >= since {
            newest = newest.max(*account.modified_date());
            records.add(&account)?;
        }
    }
    let report = client
        .push_records(integration_id, records, Options::default().simulator())
        .await?;
    writeln!(
        out,
        "{} since {since}: {} accepted, {} unchanged: {}",
        report.records(),
        report.accepted(),
        report.unchanged(),
        report.verdict
    )?;
    if report.verdict == Verdict::Done {
        fs::write(mark, newest.to_string())?;
    }
    Ok(())
}

pub(crate) async fn run(out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let gong = Simulator::start().await?;
    let integration_id = gong
        .register_integration("Acme CRM", "admin@acme.example")
        .into();
    let state = tempfile::tempdir()?;
    let mut customers = vec![
        Customer {
            id: "acme",
            name: "Acme",
            changed: "2026-03-01T09:30:00Z",
        },
        Customer {
            id: "globex",
            name: "Globex",
            changed: "2026-03-02T14:00:00Z",
        },
    ];
    round(&gong, integration_id, state.path(), &customers, out).await?;

    // Nobody has changed anything since.
    round(&gong, integration_id, state.path(), &customers, out).await?;

    // A change, and a Gong that does not let us in: the next round brings it.
    customers[0].name = "Acme Corporation";
    customers[0].changed = "2026-03-03T08:15:00Z";
    gong.add_fault(Fault::new(Effect::Status(401)).on(Operation::UploadEntities))?;
    round(&gong, integration_id, state.path(), &customers, out).await?;
    gong.clear_faults();
    round(&gong, integration_id, state.path(), &customers, out).await?;

    let acme = gong.object("ACCOUNT", "acme").unwrap_or_default();
    writeln!(out, "Gong calls it {}", acme["name"])?;
    Ok(())
}
