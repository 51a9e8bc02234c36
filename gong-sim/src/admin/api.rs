//! The common parts of the JSON endpoints: reading bodies, responses, errors.

use axum::body::Body;
use axum::extract::{self, FromRequestParts};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_json::{Value, json};

use crate::object_type::ObjectType;

pub(super) type Answered = Result<Response, Rejected>;

/// The largest JSON body of an endpoint in bytes; files and dumps have no limit.
const JSON_LIMIT: usize = 10_000_000;

/// A request that an endpoint rejects.
#[derive(Debug)]
pub(super) struct Rejected {
    status: StatusCode,
    message: String,
}

impl Rejected {
    pub(super) fn new(status: StatusCode, message: &str) -> Self {
        Self {
            status,
            message: message.to_owned(),
        }
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "`map_err` passes it by value"
    )]
    pub(super) fn bad_request(reason: impl ToString) -> Self {
        Self::new(StatusCode::BAD_REQUEST, &reason.to_string())
    }

    pub(super) fn not_found(message: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }
}

impl IntoResponse for Rejected {
    /// The same shape as Gong's errors.
    fn into_response(self) -> Response {
        answer(self.status, &json!({ "errors": [self.message] }))
    }
}

fn answer(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => (status, [(CONTENT_TYPE, "application/json")], bytes).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

pub(super) fn ok(body: &impl Serialize) -> Response {
    answer(StatusCode::OK, body)
}

pub(super) async fn read<Wanted: DeserializeOwned>(body: Body) -> Result<Wanted, Rejected> {
    let bytes = axum::body::to_bytes(body, JSON_LIMIT)
        .await
        .map_err(Rejected::bad_request)?;
    serde_json::from_slice(&bytes).map_err(|error| {
        Rejected::bad_request(match error.classify() {
            Category::Syntax | Category::Eof => format!("the body is not JSON: {error}"),
            Category::Data | Category::Io => error.to_string(),
        })
    })
}

/// The query of a request. What is wrong with it is answered as JSON.
#[derive(Debug)]
pub(super) struct Query<Wanted>(pub(super) Wanted);

impl<Wanted: DeserializeOwned, Shared: Send + Sync> FromRequestParts<Shared> for Query<Wanted> {
    type Rejection = Rejected;

    async fn from_request_parts(
        parts: &mut Parts,
        shared: &Shared,
    ) -> Result<Self, Self::Rejection> {
        match extract::Query::from_request_parts(parts, shared).await {
            Ok(extract::Query(query)) => Ok(Self(query)),
            Err(error) => Err(Rejected::bad_request(format!("query: {}", reason(&error)))),
        }
    }
}

/// The variable parts of a request's path. What is wrong with them is answered as JSON.
#[derive(Debug)]
pub(super) struct Path<Wanted>(pub(super) Wanted);

impl<Wanted: DeserializeOwned + Send, Shared: Send + Sync> FromRequestParts<Shared>
    for Path<Wanted>
{
    type Rejection = Rejected;

    async fn from_request_parts(
        parts: &mut Parts,
        shared: &Shared,
    ) -> Result<Self, Self::Rejection> {
        match extract::Path::from_request_parts(parts, shared).await {
            Ok(extract::Path(path)) => Ok(Self(path)),
            Err(error) => Err(Rejected::bad_request(format!("path: {}", reason(&error)))),
        }
    }
}

/// The innermost cause, which says what is wrong; the outer ones say that something is.
fn reason(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// One item, or an array of them. An untagged enumeration would lose the reason of a mismatch.
pub(super) async fn read_items<Item: DeserializeOwned>(body: Body) -> Result<Vec<Item>, Rejected> {
    let items = match read(body).await? {
        Value::Array(items) => items,
        item => vec![item],
    };
    let items: Result<_, _> = items.into_iter().map(serde_json::from_value).collect();
    items.map_err(Rejected::bad_request)
}

/// The type of this name in a query or a path.
pub(super) fn object_type(name: &str) -> Result<ObjectType, Rejected> {
    ObjectType::from_name(name).ok_or_else(|| {
        let names = ObjectType::ALL.map(ObjectType::as_str).join(", ");
        Rejected::bad_request(format!("objectType must be one of {names}"))
    })
}

pub(super) async fn unknown() -> Rejected {
    Rejected::not_found("there is no such endpoint; GET /_sim/endpoints lists them")
}

pub(super) async fn wrong_method() -> Rejected {
    Rejected::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "this endpoint has no such method; GET /_sim/endpoints lists them",
    )
}
