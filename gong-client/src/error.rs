//! The error of a call: what happened, where, and what to do next.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use crate::operation::Operation;
use gong_records::ids::ClientRequestId;

/// What went wrong, by what the caller can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Gong rejected the request as malformed (400, 415), or it is invalid and was not sent.
    InvalidRequest,
    /// The credentials are missing, wrong, expired, or not allowed from this address (401).
    Unauthorized,
    /// The bearer token lacks a scope, which [`Error::scope`] names (401).
    MissingScope,
    /// Gong forbids the call (403): the wrong host, or an operation in limited release.
    Forbidden,
    /// The object in the request does not exist (404).
    NotFound,
    /// The request conflicts with the current state (409).
    Conflict,
    /// Too many calls per second or per day (429); [`Error::retry_after`] says how long to wait.
    RateLimited,
    /// The base URL leads elsewhere (3xx); redirects are never followed.
    Redirected,
    /// Gong failed (5xx).
    Unavailable,
    /// The response is not one that Gong documents, or cannot be read.
    UnexpectedResponse,
    /// No response in time.
    Timeout,
    /// The connection could not be established, or broke.
    Transport,
    /// A file could not be read.
    File,
    /// The client cannot be built with these settings.
    Configuration,
}

/// A failed call, with everything needed to fix it or to report it to Gong.
///
/// It never contains credentials or records. `{}` says what happened in one line; [`Error::hint`]
/// says what to do; [`std::error::Error::source`] leads to the cause.
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use gong_client::{Client, Credentials, ErrorKind};
///
/// # let sim = gong_sim::Simulator::start().await?;
/// let client = Client::builder()
///     .base_url(sim.base_url())
///     .credentials(Credentials::access_key("wrong", "pair"))
///     .build()?;
/// let error = client.integrations().await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Unauthorized);
/// assert_eq!(error.status(), Some(401));
/// assert!(error.request_id().is_some());
/// assert!(!error.is_retryable() && !error.is_outcome_unknown());
/// assert!(error.hint().unwrap().starts_with("check the access key"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Error(Box<Inner>);

#[derive(Default)]
pub(crate) struct Inner {
    pub(crate) kind: Option<ErrorKind>,
    pub(crate) message: String,
    pub(crate) operation: Option<Operation>,
    pub(crate) status: Option<u16>,
    pub(crate) request_id: Option<String>,
    pub(crate) client_request_id: Option<ClientRequestId>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) scope: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) body: Option<String>,
    pub(crate) user_facing_error: Option<String>,
    pub(crate) fix_url: Option<String>,
    pub(crate) help_url: Option<String>,
    pub(crate) outcome_unknown: bool,
    pub(crate) source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    #[doc(hidden)]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self::from_inner(Inner {
            kind: Some(kind),
            message: message.into(),
            ..Inner::default()
        })
    }

    pub(crate) fn from_inner(inner: Inner) -> Self {
        Self(Box::new(inner))
    }

    #[doc(hidden)]
    #[must_use]
    pub fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.0.source = Some(Box::new(source));
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub fn with_client_request_id(mut self, id: &ClientRequestId) -> Self {
        self.0.client_request_id = Some(id.clone());
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub fn with_outcome_unknown(mut self) -> Self {
        self.0.outcome_unknown = true;
        self
    }

    /// What went wrong, by what the caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind.unwrap_or(ErrorKind::UnexpectedResponse)
    }

    /// The operation that was called.
    pub fn operation(&self) -> Option<Operation> {
        self.0.operation
    }

    /// The HTTP status, if there was a response.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// Gong's reference of the request, from the body or the header `x-traceid`; its support asks
    /// for it.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The upload or deletion that the call was about.
    pub fn client_request_id(&self) -> Option<&ClientRequestId> {
        self.0.client_request_id.as_ref()
    }

    /// How long Gong asks to wait, from the header `Retry-After`.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The scope that the bearer token lacks, as Gong names it.
    pub fn scope(&self) -> Option<&str> {
        self.0.scope.as_deref()
    }

    /// Where a redirect leads.
    pub fn location(&self) -> Option<&str> {
        self.0.location.as_deref()
    }

    /// The response's body if it is not Gong's JSON, such as a proxy's page; at most 4 KiB.
    pub fn body(&self) -> Option<&str> {
        self.0.body.as_deref()
    }

    /// The message that Gong suggests to show to the user; meetings only.
    pub fn user_facing_error(&self) -> Option<&str> {
        self.0.user_facing_error.as_deref()
    }

    /// A link to fix the cause; meetings only.
    pub fn fix_url(&self) -> Option<&str> {
        self.0.fix_url.as_deref()
    }

    /// A link that explains the cause; meetings only.
    pub fn help_url(&self) -> Option<&str> {
        self.0.help_url.as_deref()
    }

    /// Whether Gong may have processed the request although no valid response arrived.
    ///
    /// Check the status of the same [`ClientRequestId`] before you send anything again. Never true for
    /// a read, which changes nothing.
    pub fn is_outcome_unknown(&self) -> bool {
        self.0.outcome_unknown
    }

    /// Whether the same call may succeed later: rate limit, server failure, lost connection.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::RateLimited
                | ErrorKind::Unavailable
                | ErrorKind::Timeout
                | ErrorKind::Transport
        )
    }

    /// What to do about the error.
    pub fn hint(&self) -> Option<String> {
        let text = match self.kind() {
            ErrorKind::Unauthorized => {
                "check the access key and its secret (or the bearer token); a key can also have \
                 expired, be limited to other IP addresses, or belong to another host than the \
                 base URL"
            }
            ErrorKind::MissingScope => {
                let scope = self.scope().unwrap_or("that Gong's response names");
                return Some(format!(
                    "add the scope {scope} to the app and have it approved again"
                ));
            }
            ErrorKind::Forbidden if self.operation().is_some_and(about_meetings) => {
                "the meetings operations are in limited release: ask your customer success manager \
                 at Gong; if other calls fail too, check the base URL"
            }
            ErrorKind::Forbidden => {
                "a wrong base URL answers like this: look up yours at \
                 https://app.gong.io/company/api-authentication"
            }
            ErrorKind::Redirected => {
                let fix = match self.location() {
                    Some(target) => {
                        format!(
                            "set the base URL to the host it leads to: {}",
                            origin(target)
                        )
                    }
                    None => "check the base URL".to_owned(),
                };
                return Some(format!(
                    "redirects are never followed, because they would lose the credentials; {fix}"
                ));
            }
            ErrorKind::RateLimited => {
                "Gong allows a company 3 calls per second and 10,000 per day, for all integrations together"
            }
            ErrorKind::InvalidRequest
                if self.status() == Some(415)
                    && self.operation() == Some(Operation::GetCrmObjects) =>
            {
                "a proxy on the way may have dropped the body of the GET request"
            }
            ErrorKind::NotFound if self.0.body.is_some() => {
                "check the base URL; it is the host alone, such as https://api.gong.io"
            }
            ErrorKind::UnexpectedResponse => {
                "the base URL may lead to a proxy or a web page instead of Gong's API; look it up \
                 at https://app.gong.io/company/api-authentication"
            }
            ErrorKind::Transport | ErrorKind::Timeout
                if self.is_outcome_unknown() && self.client_request_id().is_some() =>
            {
                "Gong may have accepted the request: check the status of the same id before you \
                 send anything again"
            }
            ErrorKind::Transport | ErrorKind::Timeout if self.is_outcome_unknown() => {
                "Gong may have processed the request: check before you try again"
            }
            ErrorKind::Transport | ErrorKind::Timeout => {
                "check the base URL and the network, then run the same command again"
            }
            ErrorKind::Unavailable => "Gong has a problem; try again later",
            ErrorKind::Conflict
            | ErrorKind::InvalidRequest
            | ErrorKind::NotFound
            | ErrorKind::File
            | ErrorKind::Configuration => return None,
        };
        Some(text.to_owned())
    }
}

/// The scheme and host of a URL, or the whole text if it has none.
fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |index| index + 3);
    match url[host..].find(['/', '?', '#']) {
        Some(length) if host > 0 => &url[..host + length],
        _ => url,
    }
}

fn about_meetings(operation: Operation) -> bool {
    operation.path().starts_with("/v2/meetings")
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = self.operation() {
            write!(formatter, "{operation}: ")?;
        }
        formatter.write_str(&self.0.message)?;
        let mut details = Vec::new();
        details.extend(self.request_id().map(|id| format!("requestId {id}")));
        details.extend(
            self.client_request_id()
                .map(|id| format!("clientRequestId {id}")),
        );
        if let Some(wait) = self.retry_after() {
            details.push(format!("retry after {} s", wait.as_secs()));
        }
        if !details.is_empty() {
            write!(formatter, " ({})", details.join(", "))?;
        }
        if formatter.alternate() {
            let mut cause = self.source();
            while let Some(error) = cause {
                write!(formatter, ": {error}")?;
                cause = error.source();
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Error")
            .field("kind", &self.kind())
            .field("message", &self.to_string())
            .field("status", &self.status())
            .field("outcome_unknown", &self.is_outcome_unknown())
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_can_be_carried_everywhere() {
        fn everywhere<T: Send + Sync + 'static>() {}
        everywhere::<Error>();
    }

    #[test]
    fn an_error_reads_as_one_line_with_its_references() {
        let error = Error::from_inner(Inner {
            kind: Some(ErrorKind::RateLimited),
            message: "Gong answered 429 Too Many Requests".to_owned(),
            operation: Some(Operation::UploadCrmData),
            request_id: Some("4al018gzaztcr8nbukw".to_owned()),
            retry_after: Some(Duration::from_secs(7)),
            ..Inner::default()
        });
        assert_eq!(
            error.to_string(),
            "POST /v2/crm/entities: Gong answered 429 Too Many Requests (requestId \
             4al018gzaztcr8nbukw, retry after 7 s)"
        );
    }
}
