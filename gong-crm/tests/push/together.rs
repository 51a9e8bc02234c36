//! Several uploads of one push beside a server that takes its time to answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use gong_crm::ledger::Ledger;
use gong_crm::push::Verdict;
use gong_crm::rate_limit::RateLimit;
use gong_crm::{Client, Credentials};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Barrier;

use crate::support::{Harness, accounts};

/// How many uploads the test sends.
const UPLOADS: usize = 3;

/// Passes everything on to a simulator, but gives no answer to an upload before all of them came.
async fn answers_together(simulator: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let all = Arc::new(Barrier::new(UPLOADS));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(pass_on(stream, simulator, Arc::clone(&all)));
        }
    });
    address
}

async fn pass_on(
    client: TcpStream,
    simulator: SocketAddr,
    all: Arc<Barrier>,
) -> std::io::Result<()> {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut answers, mut requests) = TcpStream::connect(simulator).await?.into_split();
    let is_upload = Arc::new(AtomicBool::new(false));
    let begun = Arc::clone(&is_upload);
    tokio::spawn(async move {
        let mut bytes = vec![0; 64 * 1024];
        loop {
            let read = from_client.read(&mut bytes).await?;
            if read == 0 {
                return requests.shutdown().await;
            }
            if bytes.starts_with(b"POST /v2/crm/entities") {
                begun.store(true, Ordering::SeqCst);
            }
            requests.write_all(&bytes[..read]).await?;
        }
    });
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let read = answers.read(&mut bytes).await?;
        if read == 0 {
            return to_client.shutdown().await;
        }
        if is_upload.swap(false, Ordering::SeqCst) {
            all.wait().await;
        }
        to_client.write_all(&bytes[..read]).await?;
    }
}

#[tokio::test]
async fn next_upload_does_not_wait_for_the_answer_to_the_one_before() {
    let harness = Harness::new().await;
    let base_url = harness.simulator.base_url();
    let simulator = base_url.trim_start_matches("http://").parse().unwrap();
    let proxy = answers_together(simulator).await;
    let of_simulator = &harness.simulator;
    let credentials =
        Credentials::access_key(of_simulator.access_key(), of_simulator.access_key_secret());
    let client = Client::builder()
        .base_url(format!("http://{proxy}"))
        .credentials(credentials)
        .rate_limit(RateLimit::unlimited())
        .ledger(Ledger::memory());
    let client = client.build().unwrap();
    let path = harness.write_text("accounts.ldjson", &accounts(UPLOADS));
    let mut options = harness.options(&path);
    // A record in each.
    options.max_upload_bytes = 1;
    let push = client.push(harness.integration_id, options);
    let report = tokio::time::timeout(Duration::from_mins(1), push).await;
    let report = report.expect("it waits for an answer").unwrap();
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(harness.posts(), UPLOADS);
}
