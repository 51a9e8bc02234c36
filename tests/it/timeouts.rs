//! Messages for missing and incomplete responses.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use gong_crm::ErrorKind;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request};

use crate::support::failure::pin;
use crate::support::snapshot::snapshot;
use crate::support::{calls, client, impatient_client, refused};

/// Long enough for a loopback call, short enough not to be noticed.
const MOMENT: Duration = Duration::from_millis(50);

#[tokio::test]
async fn lost_connection_is_reported_with_its_progress() {
    let nobody = {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        listener.local_addr().unwrap()
    };
    let closing = MockServer::start().await;
    Mock::given(any())
        .respond_with_err(|_: &Request| io::Error::from(io::ErrorKind::ConnectionReset))
        .mount(&closing)
        .await;
    let breaking = answers_half().await;
    let lost = calls::upload_of(&client(&closing.uri()), calls::LINES.as_bytes()).await;
    let never_sent = calls::upload_of(&client(&url(nobody)), calls::LINES.as_bytes()).await;
    let errors = [
        (
            "nobody listens",
            refused(client(&url(nobody)).integrations().await),
        ),
        ("nobody takes the upload", refused(never_sent)),
        (
            "closed without an answer",
            refused(client(&closing.uri()).integrations().await),
        ),
        ("closed after the upload", refused(lost)),
        (
            "broken in the answer",
            refused(client(&url(breaking)).integrations().await),
        ),
    ];
    let unknown = errors
        .each_ref()
        .map(|(_, error)| error.is_outcome_unknown());
    // Only what changes something can leave its outcome open.
    assert_eq!(unknown, [false, false, false, true, false]);
    for (title, error) in &errors {
        assert_eq!(error.kind(), ErrorKind::Transport, "{title}");
        let text = format!("{error:#}");
        assert!(text.contains(": "), "{title} has a cause: {text}");
        assert!(
            !text.contains("http://"),
            "{title} names no address: {text}"
        );
    }
    let texts: Vec<String> = errors
        .iter()
        .map(|(title, error)| format!("{title}: {error}\n  hint: {}", error.hint().unwrap()))
        .collect();
    // Without the causes, whose texts come from the underlying libraries.
    snapshot(
        "timeouts__transport",
        "No answer, or half of one.",
        &texts.join("\n"),
    );
}

#[tokio::test]
async fn response_that_never_comes_times_out() {
    // The system accepts the connection and the request, but nobody reads them.
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let client = impatient_client(&url(listener.local_addr().unwrap()), MOMENT);
    let list = refused(client.integrations().await);
    let booked = refused(client.add_meeting(&calls::meeting()).await);
    let small = refused(calls::upload_of(&client, calls::LINES.as_bytes()).await);
    let stalled = refused(calls::upload_of(&client, &vec![b' '; 16 << 20]).await);
    assert_eq!(stalled.kind(), ErrorKind::Timeout);
    assert!(stalled.is_outcome_unknown());
    assert!(
        stalled.to_string().contains("of the file are left"),
        "{stalled}"
    );
    let errors = [
        ("a list", list),
        ("a meeting", booked),
        ("an upload, sent whole", small),
    ];
    pin("timeouts__timeout", "No response in time.", &errors);
}

/// A server that breaks off in the middle of its response.
async fn answers_half() -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        // Read first; otherwise the system resets the connection and drops the partial response.
        assert!(stream.read(&mut request).await.unwrap() > 0);
        let half =
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
        stream.write_all(half.as_bytes()).await.unwrap();
    });
    address
}

fn url(address: SocketAddr) -> String {
    format!("http://{address}")
}
