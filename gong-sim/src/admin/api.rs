//! The doors that speak JSON.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::ObjectType;
use crate::faults::Fault;
use crate::limits::RateLimit;
use crate::rules::{RULES, RuleSet};
use crate::shared::SharedRef;
use crate::store::{FileReader, GongUser, StoredUpload, Upload, UploadKind, Uploads};
use crate::time::{Processing, milliseconds};

type Answered = Result<Response, Refused>;

/// The most that a JSON body of a door may hold; files and dumps have no limit.
const JSON_LIMIT: usize = 10_000_000;

/// A request that a door turns away.
#[derive(Debug)]
pub(super) struct Refused {
    status: StatusCode,
    message: String,
}

impl Refused {
    pub(super) fn new(status: StatusCode, message: &str) -> Self {
        Self {
            status,
            message: message.to_owned(),
        }
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "taken as `map_err` hands it over"
    )]
    fn bad_request(reason: impl ToString) -> Self {
        Self::new(StatusCode::BAD_REQUEST, &reason.to_string())
    }
}

impl IntoResponse for Refused {
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

fn ok(body: &impl Serialize) -> Response {
    answer(StatusCode::OK, body)
}

async fn read<Wanted: DeserializeOwned>(body: Body) -> Result<Wanted, Refused> {
    let bytes = axum::body::to_bytes(body, JSON_LIMIT)
        .await
        .map_err(Refused::bad_request)?;
    serde_json::from_slice(&bytes).map_err(Refused::bad_request)
}

pub(super) async fn unknown() -> Refused {
    Refused::new(
        StatusCode::NOT_FOUND,
        "there is no such door; GET /_sim/ shows what there is",
    )
}

pub(super) async fn wrong_method() -> Refused {
    Refused::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "this door takes another method",
    )
}

pub(super) async fn reset(State(shared): State<SharedRef>) -> Response {
    let mut state = shared.state();
    state.forget_data();
    state.faults.clear();
    drop(state);
    shared.log().forget();
    ok(&json!({}))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Registration {
    name: String,
    owner_email: String,
}

pub(super) async fn register(State(shared): State<SharedRef>, body: Body) -> Answered {
    let registration: Registration = read(body).await?;
    let id = shared
        .state()
        .register(&registration.name, &registration.owner_email);
    Ok(ok(&json!({ "integrationId": id })))
}

/// Takes the lines of one type, `POST /_sim/seed?objectType=ACCOUNT`.
pub(super) async fn seed(
    State(shared): State<SharedRef>,
    Query(query): Query<HashMap<String, String>>,
    body: Body,
) -> Answered {
    let name = query
        .get("objectType")
        .map(String::as_str)
        .unwrap_or_default();
    let Some(object_type) = ObjectType::from_name(name) else {
        let names = ObjectType::ALL.map(ObjectType::as_str).join(", ");
        return Err(Refused::bad_request(format!(
            "objectType must be one of {names}"
        )));
    };
    let (integration_id, check) = {
        let mut state = shared.state();
        let id = state.integration_for_seed();
        (id, state.record_check(id, object_type))
    };
    let mut reader = FileReader::new(check);
    let mut body = body.into_data_stream();
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(Refused::bad_request)?;
        reader.push(&chunk);
    }
    let mut state = shared.state();
    let client_request_id = state.seed_file(integration_id, object_type, name, reader);
    let now = state.now();
    match state.uploads.get(integration_id, &client_request_id) {
        Some(upload) => {
            let upload = Uploads::show(integration_id, &client_request_id, upload, now);
            Ok(ok(&shown_upload(&upload)))
        }
        None => Err(Refused::new(
            StatusCode::CONFLICT,
            "the integration was removed meanwhile",
        )),
    }
}

pub(super) async fn dump(State(shared): State<SharedRef>) -> Answered {
    let mut text = Vec::new();
    let written = shared.state().write_dump(&mut text);
    written.map_err(|error| Refused::new(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()))?;
    Ok(([(CONTENT_TYPE, "application/x-ndjson")], text).into_response())
}

pub(super) async fn restore(State(shared): State<SharedRef>, body: Body) -> Answered {
    let text = axum::body::to_bytes(body, usize::MAX)
        .await
        .map_err(Refused::bad_request)?;
    let restored = shared.state().read_dump(&*text);
    restored.map_err(Refused::bad_request)?;
    Ok(ok(&json!({})))
}

pub(super) async fn requests(State(shared): State<SharedRef>) -> Response {
    let log = shared.log();
    let requests: Vec<_> = log.iter().collect();
    ok(&json!({ "total": log.total(), "requests": requests }))
}

pub(super) async fn forget_requests(State(shared): State<SharedRef>) -> Response {
    shared.log().forget();
    ok(&json!({}))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Advance {
    #[serde(default)]
    advance_seconds: u64,
    #[serde(default)]
    advance_milliseconds: u64,
}

pub(super) async fn clock(State(shared): State<SharedRef>) -> Response {
    let state = shared.state();
    ok(&json!({ "now": state.now().to_string(), "isVirtual": state.clock.stands() }))
}

pub(super) async fn advance(shared: State<SharedRef>, body: Body) -> Answered {
    let Advance {
        advance_seconds,
        advance_milliseconds,
    } = read(body).await?;
    let by = Duration::from_secs(advance_seconds)
        .saturating_add(Duration::from_millis(advance_milliseconds));
    shared.state().advance(by);
    Ok(clock(shared).await)
}

pub(super) async fn faults(State(shared): State<SharedRef>) -> Response {
    let state = shared.state();
    let faults: Vec<Value> = state
        .faults
        .iter()
        .map(|(fault, injections)| {
            let mut shown = serde_json::to_value(fault).unwrap_or_default();
            shown["injections"] = injections.into();
            shown
        })
        .collect();
    ok(&json!({ "faults": faults }))
}

/// One item, or an array of them. An untagged enumeration would lose the reason of a mismatch.
async fn read_items<Item: DeserializeOwned>(body: Body) -> Result<Vec<Item>, Refused> {
    let items = match read(body).await? {
        Value::Array(items) => items,
        item => vec![item],
    };
    let items: Result<_, _> = items.into_iter().map(serde_json::from_value).collect();
    items.map_err(Refused::bad_request)
}

pub(super) async fn add_faults(shared: State<SharedRef>, body: Body) -> Answered {
    let added: Vec<Fault> = read_items(body).await?;
    for fault in added {
        shared.state().add_fault(fault);
    }
    Ok(faults(shared).await)
}

pub(super) async fn clear_faults(State(shared): State<SharedRef>) -> Response {
    shared.state().faults.clear();
    ok(&json!({}))
}

pub(super) async fn rules(State(shared): State<SharedRef>) -> Response {
    let set = shared.state().rules;
    let rules: Vec<Value> = RULES
        .iter()
        .enumerate()
        .map(|(index, rule)| {
            json!({
                "name": rule.name,
                "tag": rule.evidence.as_str(),
                "on": set.is_on_at(index),
                "onByDefault": rule.on_by_default,
                "means": rule.statement,
                "whenOff": rule.otherwise,
                "source": rule.source,
                "date": rule.date,
            })
        })
        .collect();
    ok(&json!({ "rules": rules }))
}

pub(super) async fn set_rules(shared: State<SharedRef>, body: Body) -> Answered {
    let switches: BTreeMap<String, bool> = read(body).await?;
    let mut set = shared.state().rules;
    for (name, on) in &switches {
        set.set(name, *on).map_err(Refused::bad_request)?;
    }
    shared.state().set_rules(set);
    Ok(rules(shared).await)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Settings {
    /// Sets all rules at once; single ones can be set after it.
    rules: Option<Strictness>,
    processing: Option<Processing>,
    deletion: Option<Processing>,
    read_lag_milliseconds: Option<u64>,
    account_delay_milliseconds: Option<u64>,
    kept_body_bytes: Option<usize>,
    body_limit_bytes: Option<u64>,
    rate_limit: Option<RateLimit>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Strictness {
    Standard,
    Strict,
    Lenient,
}

pub(super) async fn settings(State(shared): State<SharedRef>) -> Response {
    let state = shared.state();
    ok(&json!({
        "processing": state.processing,
        "deletion": state.deletion.unwrap_or(state.processing),
        "readLagMilliseconds": milliseconds::of(state.read_lag),
        "accountDelayMilliseconds": milliseconds::of(state.account_delay),
        "keptBodyBytes": state.kept_body_bytes,
        "bodyLimitBytes": state.body_limit,
        "rateLimit": state.rate_limit,
    }))
}

pub(super) async fn set_settings(shared: State<SharedRef>, body: Body) -> Answered {
    let body: Value = read(body).await?;
    // Absent leaves the limit as it is, null takes it away.
    let is_unlimited = body.get("rateLimit").is_some_and(Value::is_null);
    let wanted: Settings = serde_json::from_value(body).map_err(Refused::bad_request)?;
    {
        let mut state = shared.state();
        match wanted.rules {
            Some(Strictness::Standard) => state.set_rules(RuleSet::standard()),
            Some(Strictness::Strict) => state.set_rules(RuleSet::strict()),
            Some(Strictness::Lenient) => state.set_rules(RuleSet::lenient()),
            None => {}
        }
        state.processing = wanted.processing.unwrap_or(state.processing);
        state.deletion = wanted.deletion.or(state.deletion);
        state.read_lag = wanted
            .read_lag_milliseconds
            .map_or(state.read_lag, Duration::from_millis);
        state.account_delay = wanted
            .account_delay_milliseconds
            .map_or(state.account_delay, Duration::from_millis);
        state.kept_body_bytes = wanted.kept_body_bytes.unwrap_or(state.kept_body_bytes);
        state.body_limit = wanted.body_limit_bytes.unwrap_or(state.body_limit);
        if is_unlimited || wanted.rate_limit.is_some() {
            state.rate_limit = wanted.rate_limit;
        }
    }
    if let Some(bytes) = wanted.kept_body_bytes {
        shared.log().set_kept_body_bytes(bytes);
    }
    Ok(settings(shared).await)
}

pub(super) async fn users(State(shared): State<SharedRef>) -> Response {
    let state = shared.state();
    let users: Vec<_> = state.meetings.users().collect();
    ok(&json!({ "users": users }))
}

pub(super) async fn add_users(shared: State<SharedRef>, body: Body) -> Answered {
    let added: Vec<GongUser> = read_items(body).await?;
    for user in added {
        shared.state().add_user(user);
    }
    Ok(users(shared).await)
}

pub(super) async fn uploads(State(shared): State<SharedRef>) -> Response {
    let state = shared.state();
    let now = state.now();
    let uploads: Vec<Value> = state
        .uploads
        .newest_first()
        .take(1_000)
        .map(|(id, name, upload): (i64, &str, &StoredUpload)| {
            shown_upload(&Uploads::show(id, name, upload, now))
        })
        .collect();
    ok(&json!({ "total": state.uploads.len(), "uploads": uploads }))
}

fn shown_upload(upload: &Upload) -> Value {
    json!({
        "integrationId": upload.integration_id,
        "clientRequestId": upload.client_request_id,
        "objectType": match upload.kind {
            UploadKind::Records(object_type) => Some(object_type),
            UploadKind::IntegrationDeletion => None,
        },
        "status": upload.status.as_str(),
        "totalErrorCount": upload.total_error_count,
        "totalSuccessCount": upload.total_success_count,
        "fileSize": upload.file_size,
        "polls": upload.polls,
        "errors": upload.errors,
    })
}
