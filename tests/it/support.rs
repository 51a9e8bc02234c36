//! Support for several tests.

pub(crate) mod calls;
pub(crate) mod clock;
pub(crate) mod contract;
pub(crate) mod failure;
pub(crate) mod script;
pub(crate) mod snapshot;
pub(crate) mod transcript;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use gong_crm::client::Timeouts;
use gong_crm::clock::Clock;
use gong_crm::rate_limit::RateLimit;
use gong_crm::retry::RetryLimits;
use gong_crm::{Client, Credentials, Error};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

/// The two halves of the key that every test's client has.
pub(crate) const KEY: &str = "ABCDEFGHIJ";
pub(crate) const SECRET: &str = "eyJ0b3Atc2VjcmV0In0";

/// A folder or file of the workspace.
pub(crate) fn workspace(path: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(path)
}

/// A client of a server with an access key, which makes no call twice.
pub(crate) fn client(base_url: &str) -> Client {
    Client::builder()
        .base_url(base_url)
        .credentials(Credentials::access_key(KEY, SECRET))
        .retry_limits(RetryLimits::NONE)
        .build()
        .unwrap()
}

/// The same, which does not wait longer than this for anything.
pub(crate) fn impatient_client(base_url: &str, patience: Duration) -> Client {
    let mut timeouts = Timeouts::default();
    timeouts.response = patience;
    timeouts.write_stall = patience;
    Client::builder()
        .base_url(base_url)
        .credentials(Credentials::access_key(KEY, SECRET))
        .timeouts(timeouts)
        .retry_limits(RetryLimits::NONE)
        .build()
        .unwrap()
}

/// A client whose waiting takes no time.
pub(crate) fn timeless_client(base_url: &str, clock: Arc<dyn Clock>) -> Client {
    Client::builder()
        .base_url(base_url)
        .credentials(Credentials::access_key(KEY, SECRET))
        .clock(clock)
        .rate_limit(RateLimit::unlimited())
        .build()
        .unwrap()
}

/// A server with the same response for everything.
pub(crate) async fn server(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

/// The error of a call that must not go well.
#[track_caller]
pub(crate) fn refused<T: std::fmt::Debug>(outcome: Result<T, Error>) -> Error {
    outcome.unwrap_err()
}
