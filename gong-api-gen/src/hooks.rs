//! What happens around every call: a tracing span, a bound on the answer, and a record of the
//! answer's status and headers.
//!
//! The hooks stand in this crate because Rust lets only the crate of a type implement a foreign
//! trait for it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use http_body_util::{BodyExt as _, Limited};
use progenitor_client::{ClientHooks, ClientInfo as _, Error, OperationInfo};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
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

/// The header `Authorization` of calls.
///
/// ```
/// use gong_api_gen::Authorization;
/// use reqwest::header::HeaderValue;
///
/// let fixed = Authorization::fixed(HeaderValue::from_static("Bearer a-token"));
/// assert_eq!(format!("{fixed:?}"), "Authorization(..)");
/// ```
#[derive(Clone, Default)]
pub struct Authorization(Way);

#[derive(Clone, Default)]
enum Way {
    #[default]
    None,
    Fixed(HeaderValue),
    Asked(Arc<dyn Fn() -> HeaderFuture + Send + Sync>),
}

/// A header that is on its way, or the reason why there is none.
pub type HeaderFuture = Pin<Box<dyn Future<Output = Result<HeaderValue, String>> + Send>>;

impl Authorization {
    /// No header, or one that the HTTP client adds itself.
    pub fn none() -> Self {
        Self::default()
    }

    /// The same header for every call.
    pub fn fixed(header: HeaderValue) -> Self {
        Self(Way::Fixed(header))
    }

    /// A header that is asked for before each call.
    pub fn from_fn(header: impl Fn() -> HeaderFuture + Send + Sync + 'static) -> Self {
        Self(Way::Asked(Arc::new(header)))
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Authorization(..)")
    }
}

impl ClientHooks<Authorization> for Client {
    async fn pre<E>(&self, request: &mut Request, _: &OperationInfo) -> Result<(), Error<E>> {
        let header = match &self.inner().0 {
            Way::None => return Ok(()),
            Way::Fixed(header) => header.clone(),
            Way::Asked(header) => header().await.map_err(Error::Custom)?,
        };
        request.headers_mut().insert(AUTHORIZATION, header);
        Ok(())
    }

    async fn exec(&self, request: Request, info: &OperationInfo) -> reqwest::Result<Response> {
        // The names are those of OpenTelemetry, where it has some.
        let span = tracing::debug_span!(
            "gong.call",
            gong.operation = info.operation_id,
            http.request.method = %request.method(),
            url.path = request.url().path(),
            http.response.status_code = tracing::field::Empty,
            gong.request_id = tracing::field::Empty,
        );
        async {
            let response = execute(&self.client, request).await.inspect_err(|error| {
                // Without its URL: the query names the company's integration.
                debug!(
                    timeout = error.is_timeout(),
                    connect = error.is_connect(),
                    "no response"
                );
            })?;
            let span = tracing::Span::current();
            span.record("http.response.status_code", response.status().as_u16());
            if let Some(id) = response
                .headers()
                .get("x-traceid")
                .and_then(|id| id.to_str().ok())
            {
                span.record("gong.request_id", id);
            }
            debug!("response");
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
