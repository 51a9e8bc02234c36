//! What happens around every call: a tracing span, a bound on the answer, and a record of the
//! answer's status and headers.
//!
//! The hooks stand in this crate because Rust lets only the crate of a type implement a foreign
//! trait for it.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use http_body_util::{BodyExt as _, Limited};
use progenitor_client::{ClientHooks, OperationInfo};
use reqwest::header::HeaderMap;
use reqwest::{Body, Request, Response, StatusCode};
use tracing::{Instrument as _, debug};

use crate::Client;
#[cfg(fuzzing)]
use crate::fuzzing::execute;

/// The most bytes of an answer that are read: far beyond 100 objects, and a bound for a hostile
/// or broken server. The bytes are counted after decompression.
pub const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

tokio::task_local! {
    static CURRENT: Exchange;
}

/// The status and headers of the last answer inside [`Exchange::observe`].
///
/// The generated errors lose them when the body is not the JSON it should be, which is just when
/// they are needed most: a proxy's HTML page still has a status.
///
/// ```
/// # use gong_api_gen::{Client, Exchange};
/// # async fn example(client: &Client) {
/// let exchange = Exchange::default();
/// let answer = exchange.observe(client.list_generic_crm_integration()).await;
/// let status = exchange.status();
/// # let _ = (answer, status);
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Exchange(Arc<Mutex<Option<(StatusCode, HeaderMap)>>>);

impl Exchange {
    /// Runs a call and remembers the status and headers of its answer.
    pub async fn observe<F: Future>(&self, call: F) -> F::Output {
        CURRENT.scope(self.clone(), call).await
    }

    /// The answer's status, if one came.
    pub fn status(&self) -> Option<StatusCode> {
        self.lock().as_ref().map(|(status, _)| *status)
    }

    /// The answer's headers; empty if none came.
    pub fn headers(&self) -> HeaderMap {
        self.lock()
            .as_ref()
            .map(|(_, headers)| headers.clone())
            .unwrap_or_default()
    }

    fn record(&self, response: &Response) {
        *self.lock() = Some((response.status(), response.headers().clone()));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<(StatusCode, HeaderMap)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientHooks for Client {
    async fn exec(&self, request: Request, info: &OperationInfo) -> reqwest::Result<Response> {
        let span = tracing::debug_span!(
            "gong",
            operation = info.operation_id,
            method = %request.method(),
            path = request.url().path(),
            status = tracing::field::Empty,
            request_id = tracing::field::Empty,
        );
        async {
            let response = execute(&self.client, request).await.inspect_err(|error| {
                // Without its URL: the query names the company's integration.
                debug!(
                    timeout = error.is_timeout(),
                    connect = error.is_connect(),
                    "no answer"
                );
            })?;
            let span = tracing::Span::current();
            span.record("status", response.status().as_u16());
            if let Some(id) = response
                .headers()
                .get("x-traceid")
                .and_then(|id| id.to_str().ok())
            {
                span.record("request_id", id);
            }
            debug!("answered");
            let _ = CURRENT.try_with(|exchange| exchange.record(&response));
            Ok(bounded(response))
        }
        .instrument(span)
        .await
    }
}

#[cfg(not(fuzzing))]
async fn execute(client: &reqwest::Client, request: Request) -> reqwest::Result<Response> {
    client.execute(request).await
}

/// The same answer, whose body fails once it grows past the bound.
fn bounded(response: Response) -> Response {
    let (parts, body) = http::Response::from(response).into_parts();
    let body = Limited::new(body, MAX_ANSWER_BYTES).map_err(std::io::Error::other);
    Response::from(http::Response::from_parts(parts, Body::wrap(body)))
}
