//! Reading a response into a value or an [`Error`]: the one place that maps statuses.

use std::fmt::Write as _;
use std::time::Duration;

use gong_api_gen::{Exchange, ResponseValue, types};
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, LOCATION, RETRY_AFTER};

use crate::error::{Error, ErrorKind, Inner};
use crate::lenient;
use crate::operation::Operation;

/// How much of a body that is not Gong's JSON is kept.
const KEPT_BODY: usize = 4096;

/// How many characters of Gong's text an error contains.
const MAX_TEXT: usize = 4096;

/// The content of an error response.
#[derive(Debug, Default)]
pub(crate) struct ErrorFields {
    request_id: Option<String>,
    errors: Vec<String>,
    user_facing_error: Option<String>,
    fix_url: Option<String>,
    help_url: Option<String>,
}

/// The generated types of error responses.
pub(crate) trait ErrorBody: serde::de::DeserializeOwned {
    fn fields(self) -> ErrorFields;
}

impl ErrorBody for types::ErrorResponse {
    fn fields(self) -> ErrorFields {
        ErrorFields {
            request_id: self.request_id,
            errors: self.errors.unwrap_or_default(),
            ..ErrorFields::default()
        }
    }
}

impl ErrorBody for types::MeetingErrorResponse {
    fn fields(self) -> ErrorFields {
        // Gong sends empty strings instead of leaving a property out.
        let said = |text: Option<String>| text.filter(|text| !text.is_empty());
        ErrorFields {
            request_id: self.request_id,
            errors: self.errors.unwrap_or_default(),
            user_facing_error: said(self.user_facing_error),
            fix_url: said(self.fix_url),
            help_url: said(self.help_url),
        }
    }
}

/// The value of a successful response, or the error.
pub(crate) async fn read<T, E>(
    operation: Operation,
    exchange: &Exchange,
    answer: Result<ResponseValue<T>, gong_api_gen::Error<E>>,
) -> Result<T, Error>
where
    T: serde::de::DeserializeOwned,
    E: ErrorBody,
{
    use gong_api_gen::Error as Raw;
    let body = match answer {
        Ok(value) => return Ok(value.into_inner()),
        Err(Raw::ErrorResponse(value)) => {
            let (status, headers) = (value.status(), value.headers().clone());
            return Err(rejected(
                operation,
                status,
                &headers,
                Ok(value.into_inner().fields()),
            ));
        }
        Err(Raw::InvalidResponsePayload(body, _)) => body,
        Err(Raw::UnexpectedResponse(response)) => match response.bytes().await {
            Ok(body) => body,
            Err(error) => return Err(transport(operation, error)),
        },
        Err(
            Raw::CommunicationError(error)
            | Raw::InvalidUpgrade(error)
            | Raw::ResponseBodyError(error),
        ) => {
            return Err(transport(operation, error));
        }
        Err(Raw::InvalidRequest(message)) => {
            return Err(not_sent(operation, ErrorKind::InvalidRequest, message));
        }
        // The hooks fail only if credentials are missing.
        Err(Raw::Custom(message)) => {
            return Err(not_sent(operation, ErrorKind::Unauthorized, message));
        }
    };
    let status = exchange.status().unwrap_or(StatusCode::OK);
    if status.is_success() {
        // Gong declares 201 and was seen to respond with 200: any success counts.
        let json = if body.is_empty() { b"null" } else { &*body };
        if let Ok(value) = serde_json::from_slice(json) {
            return Ok(value);
        }
        let repaired = lenient::repaired(operation, &body);
        if let Some(value) = repaired.and_then(|body| serde_json::from_value(body).ok()) {
            return Ok(value);
        }
    }
    let fields = serde_json::from_slice::<E>(&body).map(ErrorBody::fields);
    Err(rejected(
        operation,
        status,
        &exchange.headers(),
        fields.map_err(|_| body.as_ref()),
    ))
}

/// The error of a call that was not sent.
fn not_sent(operation: Operation, kind: ErrorKind, message: String) -> Error {
    Error::from_inner(Inner {
        kind: Some(kind),
        message,
        operation: Some(operation),
        ..Inner::default()
    })
}

/// The error for a response: with Gong's messages, or with a body that is not its JSON.
fn rejected(
    operation: Operation,
    status: StatusCode,
    headers: &HeaderMap,
    body: Result<ErrorFields, &[u8]>,
) -> Error {
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(one_line)
    };
    let (mut fields, foreign) = match body {
        Ok(fields) => (fields, None),
        Err(body) => (ErrorFields::default(), Some(excerpt(body))),
    };
    for text in fields.errors.iter_mut().chain(&mut fields.request_id) {
        *text = one_line(text);
    }
    let scope = fields
        .errors
        .iter()
        .find_map(|message| missing_scope(message));
    let location = header(LOCATION.as_str()).filter(|_| status.is_redirection());
    let mut message = format!("Gong answered {status}");
    if let Some(location) = &location {
        let _ = write!(message, ", a redirect to {location}");
    } else if !fields.errors.is_empty() {
        message.push_str(": ");
        message.push_str(&one_line(&fields.errors.join("; ")));
    } else if foreign.as_deref() == Some("") {
        // A redirect needs none.
        if !status.is_redirection() {
            message.push_str(", without a body");
        }
    } else if foreign.is_some() {
        let kind = header("content-type").unwrap_or_else(|| "no content type".to_owned());
        let _ = write!(message, ", and the body is not Gong's JSON ({kind})");
    }
    Error::from_inner(Inner {
        kind: Some(kind(status, scope.is_some())),
        message,
        operation: Some(operation),
        status: Some(status.as_u16()),
        request_id: fields.request_id.or_else(|| header("x-traceid")),
        retry_after: header(RETRY_AFTER.as_str()).and_then(|text| retry_after(&text)),
        scope,
        location,
        body: foreign,
        user_facing_error: fields.user_facing_error,
        fix_url: fields.fix_url,
        help_url: fields.help_url,
        // A 5xx can follow work that was done, and an unreadable success most likely does.
        outcome_unknown: (kind(status, false) == ErrorKind::Unavailable || status.is_success())
            && changes_something(operation),
        ..Inner::default()
    })
}

/// The one mapping of statuses to kinds.
fn kind(status: StatusCode, scope_is_missing: bool) -> ErrorKind {
    match status.as_u16() {
        401 if scope_is_missing => ErrorKind::MissingScope,
        401 => ErrorKind::Unauthorized,
        403 => ErrorKind::Forbidden,
        404 => ErrorKind::NotFound,
        409 => ErrorKind::Conflict,
        429 => ErrorKind::RateLimited,
        300..=399 => ErrorKind::Redirected,
        // 408 and 425 pass, as a 503 does: a time limit of the server, and a replay that came too early.
        408 | 425 | 500..=599 => ErrorKind::Unavailable,
        400..=499 => ErrorKind::InvalidRequest,
        _ => ErrorKind::UnexpectedResponse,
    }
}

/// The scope in `You don't have permission to use 'api:crm:schema' in your app.`, Gong's message for
/// a token that lacks one (recorded 2026-06; the status is 401).
fn missing_scope(message: &str) -> Option<String> {
    let start = message.find("'api:")? + 1;
    let length = message[start..].find('\'')?;
    Some(message[start..start + length].to_owned())
}

/// The value of `Retry-After`: seconds, as Gong documents, or an HTTP date, as proxies send.
fn retry_after(text: &str) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let then = DateTimeParser::new().parse_timestamp(text).ok()?;
    let wait = then.duration_since(jiff::Timestamp::now());
    Some(Duration::try_from(wait).unwrap_or_default())
}

/// Foreign text as one line of limited length, without control characters that would change a
/// terminal.
fn one_line(text: &str) -> String {
    let mut characters = text.chars();
    let mut line: String = characters
        .by_ref()
        .take(MAX_TEXT)
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .collect();
    if characters.next().is_some() {
        line.push('…');
    }
    line
}

fn excerpt(body: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(&body[..body.len().min(KEPT_BODY)]).into_owned();
    if body.len() > KEPT_BODY {
        text.push('…');
    }
    text
}

/// The error for a connection that could not be established, or broke.
pub(crate) fn transport(operation: Operation, error: reqwest::Error) -> Error {
    let never_sent = error.is_connect() || error.is_builder();
    let (kind, message) = if error.is_timeout() {
        (ErrorKind::Timeout, "connecting timed out")
    } else if error.is_connect() {
        (ErrorKind::Transport, "no connection to Gong")
    } else if error.is_builder() {
        (ErrorKind::InvalidRequest, "the request is invalid")
    } else {
        (
            ErrorKind::Transport,
            "the connection to Gong broke before the response was complete",
        )
    };
    Error::from_inner(Inner {
        kind: Some(kind),
        message: message.to_owned(),
        operation: Some(operation),
        outcome_unknown: !never_sent && changes_something(operation),
        // Without the URL, whose query contains the integration's id.
        source: Some(Box::new(error.without_url())),
        ..Inner::default()
    })
}

/// The error for a response that did not arrive in time.
pub(crate) fn timed_out(operation: Operation, after: Duration) -> Error {
    Error::from_inner(Inner {
        kind: Some(ErrorKind::Timeout),
        message: format!("no response within {} s", after.as_secs_f64()),
        operation: Some(operation),
        outcome_unknown: changes_something(operation),
        ..Inner::default()
    })
}

/// Whether the operation changes anything in Gong.
fn changes_something(operation: Operation) -> bool {
    operation.method() != "GET" && operation != Operation::IntegrationStatus
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_scope_is_read_from_gongs_words() {
        let recorded = "You don't have permission to use 'api:crm:integrations:read' in your app.";
        assert_eq!(
            missing_scope(recorded).as_deref(),
            Some("api:crm:integrations:read")
        );
        assert_eq!(missing_scope("Company is inactive"), None);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(retry_after(" 7 "), Some(Duration::from_secs(7)));
        assert_eq!(
            retry_after("Sun, 06 Nov 1994 08:49:37 GMT"),
            Some(Duration::ZERO)
        );
        assert_eq!(retry_after("soon"), None);
    }
}
