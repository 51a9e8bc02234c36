//! Every few minutes, what has changed: the job that a timer starts.
//!
//! ```console
//! $ cargo run -p gong-crm --features sqlite --example incremental_push
//! ```
//!
//! Two things are kept between the rounds. The ledger knows what was sent, so that a round that was
//! killed is finished by the next. The mark is the `modifiedDate` of the newest record that Gong has;
//! it moves only after the verdict.
//!
//! In a crate of your own it needs `gong-crm` with `sqlite`, `gong-sim`, `tempfile`, and `tokio`
//! with `macros` and `rt-multi-thread`.

use std::error::Error;
use std::fs;
use std::io::{Write, stdout};
use std::path::Path;
use std::sync::Arc;

use gong_crm::push::{Options, Verdict};
use gong_crm::rate_limit::RateLimit;
use gong_crm::value::Timestamp;
use gong_crm::{Account, Client, Credentials, EntityFile, IntegrationId, SqliteLedger};
use gong_sim::Simulator;

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

/// One round; a program of its own in real life.
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
        .ledger(Arc::new(SqliteLedger::open(state.join("ledger.sqlite"))?))
        .rate_limit(RateLimit::unlimited())
        .build()?;

    // First what an earlier round has left behind; most of the time, nothing.
    let left = client
        .resume([], Options::new([state.join("out")]).local())
        .await?;
    if !left.files.is_empty() {
        writeln!(
            out,
            "finished {} files of an earlier round",
            left.files.len()
        )?;
    }

    let mark = state.join("mark");
    let since: Timestamp = match fs::read_to_string(&mark) {
        Ok(text) => text.parse()?,
        Err(_) => "1970-01-01T00:00:00Z".parse()?,
    };
    let path = state.join("accounts.ldjson");
    let mut file = EntityFile::rolling(&path)?;
    let mut newest = since;
    for customer in customers {
        let account = Account::builder()
            .object_id(customer.id)
            .modified_date(customer.changed)
            .name(customer.name)
            .build()?;
        // Records of the very second of the mark go once more: another of that second may
        // have come since, and an update that changes nothing does no harm.
        if *account.modified_date() >= since {
            newest = newest.max(*account.modified_date());
            file.write(&account)?;
        }
    }
    let written = file.finish()?;
    if written.records() == 0 {
        writeln!(out, "nothing has changed since {since}")?;
        return Ok(());
    }
    let paths = written.files.iter().map(|file| file.path().to_path_buf());
    let report = client
        .push(integration_id, Options::new(paths).local())
        .await?;
    writeln!(
        out,
        "{} of {} records since {since} taken: {:?}",
        report.succeeded(),
        report.records(),
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

    customers[0].name = "Acme Corporation";
    customers[0].changed = "2026-03-03T08:15:00Z";
    round(&gong, integration_id, state.path(), &customers, out).await?;

    let acme = gong.object("ACCOUNT", "acme").unwrap_or_default();
    writeln!(out, "Gong calls it {}", acme["name"])?;
    Ok(())
}
