//! Injecting a fault into the connection, the body, or the response.

use std::io::Write as _;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::{StreamExt as _, stream};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use serde_json::Value;

use super::body::CountedBody;
use crate::faults::Effect;
use crate::handlers::{Answer, Rendered};

/// How to continue after a fault on the way in.
pub(crate) enum Entry {
    /// The call is processed.
    Proceed,
    /// The call is not processed, and this is the response.
    Answered(Answer),
    /// The connection is to be reset.
    Reset,
    /// The call is not processed, and the response is an HTML page.
    Page(StatusCode),
}

/// Injects the effects before the call is processed.
pub(crate) async fn on_entry(
    effect: &Effect,
    body: &mut CountedBody,
    now: jiff::Timestamp,
    path_and_query: &str,
) -> Entry {
    match effect {
        Effect::ResetBeforeBody => Entry::Reset,
        Effect::ResetAfterBody => {
            body.drain().await;
            Entry::Reset
        }
        Effect::ReadSlowly(bytes_per_second) => {
            body.slow_down(*bytes_per_second);
            Entry::Proceed
        }
        Effect::StopReading(duration) => {
            tokio::time::sleep(*duration).await;
            Entry::Reset
        }
        Effect::Status(status) => Entry::Answered(Answer::error(known(*status), phrase(*status))),
        Effect::HtmlPage(status) => Entry::Page(known(*status)),
        Effect::TooManyRequests(retry_after) => {
            Entry::Answered(Answer::too_many_requests(retry_after.value(now).as_deref()))
        }
        Effect::Redirect(origin) => Entry::Answered(Answer::redirect(&format!(
            "{}{path_and_query}",
            origin.trim_end_matches('/')
        ))),
        Effect::LoseAnswer
        | Effect::Delay(_)
        | Effect::DribbleBody { .. }
        | Effect::TruncateBody
        | Effect::WrongContentType
        | Effect::UnknownFields
        | Effect::NewEnumValue
        | Effect::Gzip
        | Effect::FailFile(_)
        | Effect::LoseUpload
        | Effect::UnknownFor(_)
        | Effect::Processing(_)
        | Effect::Verdict(_) => Entry::Proceed,
    }
}

/// The response after the fault.
pub(crate) async fn on_exit(effect: Option<&Effect>, mut answer: Rendered) -> Response<Body> {
    match effect {
        Some(Effect::Delay(duration)) => tokio::time::sleep(*duration).await,
        Some(Effect::DribbleBody { bytes, pause }) => {
            let body = dribble(&std::mem::take(&mut answer.body), *bytes, *pause);
            return answer.into_response_with(body);
        }
        Some(Effect::TruncateBody) => {
            let body = std::mem::take(&mut answer.body);
            answer.set_header(CONTENT_LENGTH, HeaderValue::from(body.len()));
            return answer.into_response_with(break_off(body));
        }
        Some(Effect::WrongContentType) => {
            answer.set_header(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        }
        Some(Effect::UnknownFields) => change_json(&mut answer, &add_unknown_fields),
        Some(Effect::NewEnumValue) => change_json(&mut answer, &set_new_enum_value),
        Some(Effect::Gzip) => {
            if let Some(compressed) = gzip(&answer.body) {
                answer.body = compressed;
                answer.set_header(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            }
        }
        _ => {}
    }
    answer.into_response()
}

/// An HTML page as proxies send it.
pub(crate) fn page(status: StatusCode) -> Rendered {
    let title = format!(
        "{} {}",
        status.as_u16(),
        status.canonical_reason().unwrap_or("Unknown")
    );
    let body = format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    );
    let headers = vec![(CONTENT_TYPE, HeaderValue::from_static("text/html"))];
    Rendered {
        status,
        headers,
        body: body.into_bytes(),
    }
}

fn known(status: u16) -> StatusCode {
    // Below 200 there is no final response, and hyper does not send one.
    StatusCode::from_u16(status)
        .ok()
        .filter(|status| !status.is_informational())
        .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn phrase(status: u16) -> String {
    match status {
        // Recorded live on 2026-06-12, exact text, on another group of operations.
        500 => "Internal server error occurred".to_owned(),
        _ => known(status)
            .canonical_reason()
            .unwrap_or("An error has occurred")
            .to_owned(),
    }
}

fn dribble(body: &[u8], bytes: usize, pause: Duration) -> Body {
    let pieces: Vec<Bytes> = body
        .chunks(bytes.max(1))
        .map(Bytes::copy_from_slice)
        .collect();
    Body::from_stream(stream::iter(pieces).then(move |piece| async move {
        tokio::time::sleep(pause).await;
        Ok::<_, std::io::Error>(piece)
    }))
}

fn break_off(mut body: Vec<u8>) -> Body {
    body.truncate(body.len() / 2);
    let broken = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
    // The first half leaves on its own, so that the client sees it before the end.
    let halves = stream::iter([Ok(Bytes::from(body))]).chain(stream::once(async move {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err(broken)
    }));
    Body::from_stream(halves)
}

fn gzip(body: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}

fn change_json(answer: &mut Rendered, change: &dyn Fn(&mut Value)) {
    if let Ok(mut json) = serde_json::from_slice(&answer.body) {
        change(&mut json);
        answer.body = json.to_string().into_bytes();
    }
}

fn add_unknown_fields(json: &mut Value) {
    match json {
        Value::Object(properties) => {
            // Maps from ids to objects are left alone: there a new key would be a new object.
            properties
                .values_mut()
                .filter(|value| value.is_array())
                .for_each(add_unknown_fields);
            properties.insert(
                "futureField".to_owned(),
                serde_json::json!({ "of": ["another", "year"] }),
            );
        }
        Value::Array(items) => items
            .iter_mut()
            .filter(|item| item.is_object())
            .for_each(add_unknown_fields),
        _ => {}
    }
}

fn set_new_enum_value(json: &mut Value) {
    if let Some(status) = json.get_mut("status") {
        *status = "ARCHIVED".into();
    }
    let Some(Value::Object(types)) = json.get_mut("objectTypeToSelectedFields") else {
        return;
    };
    for field in types.values_mut().filter_map(Value::as_array_mut).flatten() {
        field["type"] = "GEOLOCATION".into();
    }
}
