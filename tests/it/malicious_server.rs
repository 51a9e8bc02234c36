//! A hostile or broken server can only cause one clear error, soon and in bounded memory, and never
//! gets the credentials of another server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use gong_crm::client::Timeouts;
use gong_crm::push::{Options, Verdict};
use gong_crm::rate_limit::RateLimit;
use gong_crm::{Client, Credentials, ErrorKind};
use gong_sim::{Effect, Fault, Operation, RetryAfter, Simulator};
use std::io::Write as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{KEY, SECRET, calls, refused};

/// The time limit for a response in these tests.
const PATIENCE: Duration = Duration::from_millis(300);

/// Far below what a user would notice as hanging, far above what a busy machine takes.
const SOON: Duration = Duration::from_secs(20);

/// A client with a short time limit and no retries.
fn client(base_url: &str, patience: Duration) -> Client {
    let mut timeouts = Timeouts::default();
    timeouts.response = patience;
    timeouts.write_stall = patience;
    Client::builder()
        .base_url(base_url)
        .credentials(Credentials::access_key(KEY, SECRET))
        .timeouts(timeouts)
        .rate_limit(RateLimit::unlimited())
        .retry_limits(gong_crm::retry::RetryLimits::NONE)
        .build()
        .unwrap()
}

/// A server that reads the head of a request and then does this with the connection.
async fn server<F>(answer: impl Fn(TcpStream) -> F + Send + 'static) -> String
where
    F: Future<Output = std::io::Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            if stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                // The client closes the connection, which is not a failure of the test.
                drop(tokio::spawn(answer(stream)));
            }
        }
    });
    format!("http://{address}")
}

/// Writes the same chunk repeatedly, until nobody reads any more or so many were written.
async fn write_on(stream: &mut TcpStream, chunk: &[u8], times: usize) -> std::io::Result<usize> {
    for _ in 0..times {
        stream.write_all(chunk).await?;
    }
    Ok(chunk.len() * times)
}

#[tokio::test]
async fn endless_body_is_cut_off_with_any_status() {
    /// Twice the maximum that is read of a response.
    const CHUNKS: usize = 2 * 64 * 16;
    for status in ["200 OK", "400 Bad Request", "418 Odd"] {
        let written = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&written);
        let base_url = server(move |mut stream| {
            let count = Arc::clone(&count);
            async move {
                let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\n\r\n[");
                stream.write_all(head.as_bytes()).await?;
                for _ in 0..CHUNKS {
                    stream.write_all(&vec![b' '; 64 * 1024]).await?;
                    count.fetch_add(1, Ordering::Relaxed);
                }
                Ok(())
            }
        })
        .await;
        let started = Instant::now();
        let error = refused(client(&base_url, SOON).integrations().await);
        assert!(started.elapsed() < SOON, "{status}");
        assert_eq!(error.kind(), ErrorKind::Transport, "{status}: {error}");
        assert!(
            written.load(Ordering::Relaxed) < CHUNKS * 3 / 4,
            "{status}: it was read to its end"
        );
    }
}

#[tokio::test]
async fn endless_headers_are_cut_off() {
    let base_url = server(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\n").await?;
        write_on(&mut stream, b"x-more: and more and more\r\n", 10_000_000).await?;
        Ok(())
    })
    .await;
    let started = Instant::now();
    let error = refused(client(&base_url, SOON).integrations().await);
    assert!(started.elapsed() < SOON);
    assert_eq!(error.kind(), ErrorKind::Transport, "{error}");
}

#[tokio::test]
async fn a_server_that_dribbles_is_not_waited_for() {
    for (status, body) in [
        ("200 OK", true),
        ("400 Bad Request", true),
        ("418 Odd", true),
        ("200 OK", false),
    ] {
        let base_url = server(move |mut stream| async move {
            stream
                .write_all(format!("HTTP/1.1 {status}\r\n").as_bytes())
                .await?;
            if body {
                stream.write_all(b"content-length: 1000000\r\n\r\n").await?;
            }
            loop {
                stream.write_all(b"x").await?;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
        let started = Instant::now();
        let client = client(&base_url, PATIENCE);
        let error = refused(client.integrations().await);
        assert_eq!(error.kind(), ErrorKind::Timeout, "{status} {body}: {error}");
        let error = refused(calls::upload_of(&client, calls::LINES.as_bytes()).await);
        assert_eq!(error.kind(), ErrorKind::Timeout, "{status} {body}: {error}");
        assert!(error.is_outcome_unknown(), "{status} {body}");
        assert!(started.elapsed() < SOON, "{status} {body}");
    }
}

#[tokio::test]
async fn a_compressed_bomb_is_never_unpacked() {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..1024 {
        packed.write_all(&vec![b' '; 1 << 20]).unwrap();
    }
    let bomb = packed.finish().unwrap();
    assert!(bomb.len() < 2 << 20);
    let answer = ResponseTemplate::new(200)
        .insert_header("content-encoding", "gzip")
        .set_body_raw(bomb, "application/json");
    let server = crate::support::server(answer).await;
    let started = Instant::now();
    let error = refused(client(&server.uri(), SOON).integrations().await);
    assert_eq!(error.kind(), ErrorKind::UnexpectedResponse, "{error}");
    assert!(started.elapsed() < SOON);
}

#[tokio::test]
async fn credentials_never_follow_a_redirect() {
    let elsewhere = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200))
        .mount(&elsewhere)
        .await;
    for status in [301, 302, 303, 307, 308] {
        let answer = ResponseTemplate::new(status).insert_header(
            "location",
            format!("{}/v2/crm/integrations", elsewhere.uri()),
        );
        let server = crate::support::server(answer).await;
        let client = client(&server.uri(), SOON);
        let error = refused(client.integrations().await);
        assert_eq!(error.kind(), ErrorKind::Redirected, "{status}: {error}");
        let error = refused(calls::upload_of(&client, calls::LINES.as_bytes()).await);
        assert_eq!(error.kind(), ErrorKind::Redirected, "{status}: {error}");
    }
    assert_eq!(elsewhere.received_requests().await.unwrap().len(), 0);
}

#[tokio::test]
async fn huge_retry_after_does_not_delay_a_push() {
    for retry_after in [
        RetryAfter::Seconds(u64::MAX),
        RetryAfter::Seconds(86_400 * 365),
    ] {
        let simulator = Simulator::start().await.unwrap();
        let integration_id = simulator.register_integration("Acme CRM", "ada.king@acme.example");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts.ldjson");
        std::fs::write(&path, calls::LINES).unwrap();
        let fault = Fault::new(Effect::TooManyRequests(retry_after)).on(Operation::UploadEntities);
        simulator.add_fault(fault.nth(1)).unwrap();
        let client = Client::builder()
            .base_url(simulator.base_url())
            .credentials(Credentials::access_key(
                simulator.access_key(),
                simulator.access_key_secret(),
            ))
            .rate_limit(RateLimit::unlimited())
            .build()
            .unwrap();
        let started = Instant::now();
        let options = Options::new([path]).simulator().unchecked();
        let report = client.push(integration_id.into(), options).await.unwrap();
        assert!(started.elapsed() < SOON);
        assert!(
            matches!(report.verdict, Verdict::Done | Verdict::Failed),
            "{report:?}"
        );
    }
}
