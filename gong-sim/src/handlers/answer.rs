//! A response: a status, JSON of the documented format, and the headers that Gong sends.

use axum::body::Body;
use http::header::{ALLOW, CONTENT_TYPE, HeaderValue, LOCATION, RETRY_AFTER};
use http::{HeaderName, Response, StatusCode};
use serde_json::{Map, Value, json};

use crate::rules::{RuleId, RuleSet};

/// A response before it has a request id and bytes.
///
/// It is in a box because operations return it as their error too.
#[derive(Debug, Clone)]
pub(crate) struct Answer(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    status: StatusCode,
    properties: Map<String, Value>,
    /// A property whose JSON text is ready.
    raw: Option<(&'static str, String)>,
    has_request_id: bool,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Answer {
    pub(crate) fn new(status: StatusCode, properties: Value) -> Self {
        let properties = match properties {
            Value::Object(properties) => properties,
            _ => Map::new(),
        };
        let parts = Parts {
            status,
            properties,
            raw: None,
            has_request_id: true,
            headers: Vec::new(),
        };
        Self(Box::new(parts))
    }

    pub(crate) fn ok(properties: Value) -> Self {
        Self::new(StatusCode::OK, properties)
    }

    pub(crate) fn created(properties: Value) -> Self {
        Self::new(StatusCode::CREATED, properties)
    }

    /// One property that is JSON text already.
    pub(crate) fn ok_raw(name: &'static str, text: String) -> Self {
        let mut answer = Self::ok(json!({}));
        answer.0.raw = Some((name, text));
        answer
    }

    /// The response to the deletion of a meeting is declared with the schema of the request, which
    /// has no `requestId`.
    pub(crate) fn ok_without_request_id(properties: Value) -> Self {
        let mut answer = Self::ok(properties);
        answer.0.has_request_id = false;
        answer
    }

    /// The format of every response from 400 upwards.
    pub(crate) fn error(status: StatusCode, message: impl Into<String>) -> Self {
        Self::new(status, json!({ "errors": [message.into()] }))
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::error(StatusCode::BAD_REQUEST, message)
    }

    pub(crate) fn method_not_allowed(allowed: &'static str) -> Self {
        Self::error(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
            .header(ALLOW, HeaderValue::from_static(allowed))
    }

    pub(crate) fn redirect(location: &str) -> Self {
        let answer = Self::error(
            StatusCode::TEMPORARY_REDIRECT,
            "This company's data is on another host",
        );
        match HeaderValue::from_str(location) {
            Ok(location) => answer.header(LOCATION, location),
            Err(_) => answer,
        }
    }

    pub(crate) fn too_many_requests(retry_after: Option<&str>) -> Self {
        let answer = Self::error(StatusCode::TOO_MANY_REQUESTS, "API request limit exceeded");
        match retry_after.and_then(|value| HeaderValue::from_str(value).ok()) {
            Some(value) => answer.header(RETRY_AFTER, value),
            None => answer,
        }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.0.properties.insert(name.to_owned(), value.into());
        self
    }

    fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// The response as it is sent.
    pub(crate) fn render(self, request_id: &str, rules: RuleSet) -> Rendered {
        let Parts {
            status,
            properties: own,
            raw,
            has_request_id,
            mut headers,
        } = *self.0;
        let mut properties = Map::new();
        if has_request_id {
            properties.insert("requestId".to_owned(), request_id.into());
        }
        properties.extend(own);
        let mut body = Value::Object(properties).to_string();
        if let Some((name, text)) = raw {
            // The object above is never empty here: raw responses have a request id.
            body.truncate(body.len() - 1);
            body.push_str(",\"");
            body.push_str(name);
            body.push_str("\":");
            body.push_str(&text);
            body.push('}');
        }
        let content_type = if rules.is_on(RuleId::CharsetInContentType) {
            "application/json;charset=UTF-8"
        } else {
            "application/json"
        };
        headers.push((CONTENT_TYPE, HeaderValue::from_static(content_type)));
        if rules.is_on(RuleId::TraceId)
            && let Ok(trace_id) = HeaderValue::from_str(request_id)
        {
            headers.push((HeaderName::from_static("x-traceid"), trace_id));
            headers.push((
                HeaderName::from_static("x-gong-service-version"),
                HeaderValue::from_static(concat!("gong-sim:", env!("CARGO_PKG_VERSION"))),
            ));
        }
        Rendered {
            status,
            headers,
            body: body.into_bytes(),
        }
    }
}

/// A response with its bytes, which a fault may still change.
#[derive(Debug)]
pub(crate) struct Rendered {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Vec<u8>,
}

impl Rendered {
    pub(crate) fn set_header(&mut self, name: HeaderName, value: HeaderValue) {
        self.headers.retain(|(existing, _)| *existing != name);
        self.headers.push((name, value));
    }

    pub(crate) fn into_response(mut self) -> Response<Body> {
        let body = Body::from(std::mem::take(&mut self.body));
        self.into_response_with(body)
    }

    /// The same status and headers with a body of another kind.
    pub(crate) fn into_response_with(self, body: Body) -> Response<Body> {
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        response.headers_mut().extend(self.headers);
        response
    }
}
