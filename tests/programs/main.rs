//! The examples of the library as processes, which a test can kill: `example_job NAME FOLDER`.
//!
//! Each keeps its ledger, and its data if it has any, in the folder. The server, the key and the
//! integration come from the environment, as [`gong_sim::Simulator::environment`] names them.

use std::error::Error;
use std::io::{Write, stdin, stdout};
use std::path::Path;
use std::sync::Arc;

use gong_crm::client::ClientBuilder;
use gong_crm::push::Verdict;
use gong_crm::rate_limit::RateLimit;
use gong_crm::retry::RetryLimits;
use gong_crm::schema::SchemaField;
use gong_crm::{Client, IntegrationId, Ledger};

#[macro_use]
#[path = "../example_modules.rs"]
mod example_modules;

examples! {
    axum_service = "../../gong-crm/examples/axum_service.rs";
    concurrent_pushes = "../../gong-crm/examples/concurrent_pushes.rs";
    custom_schema = "../../gong-crm/examples/custom_schema.rs";
    from_database = "../../gong-crm/examples/from_database.rs";
    status_write_back = "../../gong-crm/examples/status_write_back.rs";
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().ok_or("name an example")?;
    let folder = arguments.next().ok_or("name a folder")?;
    let folder = Path::new(&folder);
    let integration_id = std::env::var("GONG_INTEGRATION_ID")?.parse()?;
    match name.as_str() {
        "axum_service" => serve(integration_id, folder).await,
        "concurrent_pushes" => push_regions(integration_id, folder).await,
        "custom_schema" => declare(integration_id, folder).await,
        "from_database" => {
            let database = from_database::crm(ROWS / 2)?;
            database.execute("UPDATE people SET mail = 'a@b.example' WHERE id = 17", [])?;
            let client = client(folder).await?;
            from_database::job(&client, integration_id, &database, &mut stdout()).await
        }
        "status_write_back" => {
            let database = status_write_back::crm(&folder.join("crm.sqlite"))?;
            let client = client(folder).await?;
            let pushed = status_write_back::push(&client, integration_id, &database).await;
            status_write_back::write_back(&client, integration_id, &database).await?;
            as_done(&pushed?)
        }
        other => Err(format!("no example is called {other}").into()),
    }
}

/// Rows of the nightly job.
const ROWS: u32 = 4_000;

fn builder() -> ClientBuilder {
    ClientBuilder::from_env()
        .rate_limit(RateLimit::unlimited())
        .retry_limits(RetryLimits::SIMULATOR)
}

async fn client(folder: &Path) -> Result<Client, Box<dyn Error>> {
    let ledger = Ledger::open(folder.join("ledger.sqlite")).await?;
    Ok(builder().ledger(ledger).build()?)
}

fn as_done(verdict: &str) -> Result<(), Box<dyn Error>> {
    match verdict {
        "done" => Ok(()),
        other => Err(other.into()),
    }
}

/// Says where the service is, and serves until standard input ends.
async fn serve(integration_id: IntegrationId, folder: &Path) -> Result<(), Box<dyn Error>> {
    let service = axum_service::Service::open(builder(), integration_id, folder)
        .await
        .map_err(|error| error.to_string())?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    writeln!(stdout(), "http://{}", listener.local_addr()?)?;
    stdout().flush()?;
    let stop = async {
        let end = tokio::task::spawn_blocking(|| std::io::read_to_string(stdin()));
        // However it ends, the service stops.
        drop(end.await);
    };
    let report = axum_service::serve(Arc::new(service), listener, stop)
        .await
        .map_err(|error| error.to_string())?;
    as_done(&report.verdict.to_string())
}

async fn push_regions(integration_id: IntegrationId, folder: &Path) -> Result<(), Box<dyn Error>> {
    let client = client(folder).await?;
    let [americas, apac, emea] = ["americas", "apac", "emea"]
        .map(|region| concurrent_pushes::push(client.clone(), integration_id, region, false));
    let (americas, apac, emea) = tokio::join!(americas, apac, emea);
    for pushed in [americas, apac, emea] {
        let (region, report) = pushed.map_err(|error| error.to_string())?;
        if report.verdict != Verdict::Done {
            return Err(format!("{region}: {}", report.verdict).into());
        }
    }
    Ok(())
}

async fn declare(integration_id: IntegrationId, folder: &Path) -> Result<(), Box<dyn Error>> {
    let client = client(folder).await?;
    let region = SchemaField::new("region", "Region", "PICKLIST").with_values(["EMEA", "APAC"]);
    custom_schema::declare(&client, integration_id, &[region], &mut stdout()).await
}
