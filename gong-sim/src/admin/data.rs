//! The endpoints that read and change the data of the simulator.

use std::collections::HashMap;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::api::{Answered, Path, Query, Rejected, object_type, ok, read};
use crate::object_type::ObjectType;
use crate::shared::SharedRef;
use crate::store::{
    FileReader, Integration, IntegrationData, ShownObject, State as SimState, Upload, UploadKind,
    Uploads, key_of,
};
use crate::validate::{Line, text_of};

/// How many items a list has unless the query says otherwise.
const LISTED: usize = 1_000;

pub(super) async fn reset(State(shared): State<SharedRef>) -> Response {
    let mut state = shared.state();
    state.forget_data();
    state.faults.clear();
    drop(state);
    shared.log().forget();
    ok(&json!({}))
}

fn shown_integration(integration: &Integration) -> Value {
    json!({
        "integrationId": integration.integration_id.to_string(),
        "name": integration.name,
        "ownerEmail": integration.owner_email,
        "isBeingDeleted": integration.is_being_deleted,
    })
}

pub(super) async fn integrations(State(shared): State<SharedRef>) -> Response {
    let state = shared.state();
    let integrations: Vec<_> = state
        .integrations
        .iter()
        .map(|integration| shown_integration(&integration.shown()))
        .collect();
    ok(&json!({ "integrations": integrations }))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Registration {
    name: String,
    owner_email: String,
    #[serde(default, deserialize_with = "read_id")]
    integration_id: Option<i64>,
}

/// An id as text or as a number.
fn read_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let id = match Value::deserialize(deserializer)? {
        Value::Null => return Ok(None),
        Value::String(text) => text.parse().ok(),
        number => number.as_i64(),
    };
    let wanted = "integrationId must be an integer of 64 bits, best as text";
    id.map(Some).ok_or_else(|| serde::de::Error::custom(wanted))
}

pub(super) async fn register(State(shared): State<SharedRef>, body: Body) -> Answered {
    let Registration {
        name,
        owner_email,
        integration_id,
    } = read(body).await?;
    let mut state = shared.state();
    let id = integration_id.unwrap_or_else(|| state.new_wide_id());
    if state.integration(id).is_some() {
        return Err(Rejected::new(
            StatusCode::CONFLICT,
            "there is an integration of this id",
        ));
    }
    state.register_as(id, &name, &owner_email);
    Ok(ok(&state.integration(id).map(|integration| {
        shown_integration(&integration.shown())
    })))
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
    let object_type = object_type(name)?;
    let (integration_id, check) = {
        let mut state = shared.state();
        let id = state.integration_for_seed();
        (id, state.record_check(id, object_type))
    };
    let mut reader = FileReader::new(check);
    let mut body = body.into_data_stream();
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(Rejected::bad_request)?;
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
        None => Err(Rejected::new(
            StatusCode::CONFLICT,
            "the integration was removed meanwhile",
        )),
    }
}

pub(super) async fn dump(State(shared): State<SharedRef>) -> Answered {
    let mut text = Vec::new();
    let written = shared.state().write_dump(&mut text);
    written
        .map_err(|error| Rejected::new(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()))?;
    Ok(([(CONTENT_TYPE, "application/x-ndjson")], text).into_response())
}

pub(super) async fn restore(State(shared): State<SharedRef>, body: Body) -> Answered {
    let text = axum::body::to_bytes(body, usize::MAX)
        .await
        .map_err(Rejected::bad_request)?;
    if text.trim_ascii().is_empty() {
        let reason = "the dump is empty; POST /_sim/reset forgets everything";
        return Err(Rejected::bad_request(reason));
    }
    let restored = shared.state().read_dump(&*text);
    restored.map_err(Rejected::bad_request)?;
    Ok(ok(&json!({})))
}

pub(super) async fn requests(State(shared): State<SharedRef>) -> Response {
    let log = shared.log();
    let requests: Vec<_> = log.iter().collect();
    ok(&json!({ "total": log.total(), "requests": requests }))
}

/// One request with its whole body.
pub(super) async fn request(
    State(shared): State<SharedRef>,
    Path(sequence): Path<u64>,
) -> Answered {
    let log = shared.log();
    let request = log.iter().find(|request| request.sequence == sequence);
    let Some(request) = request else {
        return Err(Rejected::not_found("this request is not kept"));
    };
    let mut shown = serde_json::to_value(request).map_err(Rejected::bad_request)?;
    shown["body"] = request.body_text().into();
    Ok(ok(&shown))
}

pub(super) async fn forget_requests(State(shared): State<SharedRef>) -> Response {
    shared.log().forget();
    ok(&json!({}))
}

pub(super) async fn object_counts(State(shared): State<SharedRef>) -> Response {
    let state = shared.state();
    let counts: serde_json::Map<String, Value> = ObjectType::ALL
        .into_iter()
        .map(|object_type| {
            let integration = state.current();
            let count = integration.map_or(0, |integration| integration.table(object_type).len());
            (object_type.as_str().to_owned(), count.into())
        })
        .collect();
    ok(&json!({ "counts": counts }))
}

/// How objects are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Form {
    /// As Gong shows them.
    #[default]
    Shown,
    /// As they were uploaded.
    Uploaded,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ObjectQuery {
    #[serde(default)]
    form: Form,
    #[serde(default)]
    after: String,
    limit: Option<usize>,
}

/// Objects of one type, written from their stored text, so that no number is rounded.
struct Page<'state> {
    state: &'state SimState,
    integration: &'state IntegrationData,
    object_type: ObjectType,
    query: &'state ObjectQuery,
}

impl Serialize for Page<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let table = self.integration.table(self.object_type);
        let after = &*self.query.after;
        let listed = table
            .iter()
            .skip_while(|(key, _)| !after.is_empty() && *key <= after)
            .take(self.query.limit.unwrap_or(LISTED));
        for (key, bytes) in listed {
            match self.query.form {
                Form::Uploaded => {
                    let text: &RawValue =
                        serde_json::from_slice(bytes).map_err(serde::ser::Error::custom)?;
                    map.serialize_entry(key, text)?;
                }
                Form::Shown => {
                    let line = Line::parse(bytes).map_err(serde::ser::Error::custom)?;
                    let id = line.get("objectId").and_then(text_of).unwrap_or_default();
                    map.serialize_entry(
                        key,
                        &ShownObject {
                            integration: self.integration,
                            object_type: self.object_type,
                            rules: self.state.rules,
                            id: &id,
                            line,
                        },
                    )?;
                }
            }
        }
        map.end()
    }
}

/// The objects of one type by their ids.
pub(super) async fn objects(
    State(shared): State<SharedRef>,
    Path(name): Path<String>,
    Query(query): Query<ObjectQuery>,
) -> Answered {
    let object_type = object_type(&name)?;
    let state = shared.state();
    let Some(integration) = state.current() else {
        return Ok(ok(&json!({ "total": 0, "objects": {} })));
    };
    let page = Page {
        state: &state,
        integration,
        object_type,
        query: &query,
    };
    let objects = serde_json::value::to_raw_value(&page).map_err(Rejected::bad_request)?;
    let total = Value::from(integration.table(object_type).len());
    let total = serde_json::value::to_raw_value(&total).map_err(Rejected::bad_request)?;
    let answer: HashMap<_, _> = [("total", total), ("objects", objects)].into();
    Ok(ok(&answer))
}

/// One object as it was uploaded, and the older versions that were filed.
pub(super) async fn object(
    State(shared): State<SharedRef>,
    Path((name, object_id)): Path<(String, String)>,
) -> Answered {
    let object_type = object_type(&name)?;
    let state = shared.state();
    let key = key_of(&object_id, state.rules);
    let raw = |bytes: &[u8]| serde_json::from_slice::<Box<RawValue>>(bytes).ok();
    let table = state
        .current()
        .map(|integration| integration.table(object_type));
    let object = table.and_then(|table| table.get(&key)).and_then(raw);
    let filed: Vec<_> = table
        .into_iter()
        .flat_map(|table| table.filed(&key))
        .filter_map(raw)
        .collect();
    if object.is_none() && filed.is_empty() {
        return Err(Rejected::not_found("there is no such object"));
    }
    let to_raw = |value: &dyn erased::Json| value.to_raw().map_err(Rejected::bad_request);
    let answer: HashMap<_, _> = [
        ("object", to_raw(&object)?),
        ("filedVersions", to_raw(&filed)?),
    ]
    .into();
    Ok(ok(&answer))
}

/// JSON text of values of different types.
mod erased {
    use serde::Serialize;
    use serde_json::value::{RawValue, to_raw_value};

    pub(super) trait Json {
        fn to_raw(&self) -> serde_json::Result<Box<RawValue>>;
    }

    impl<Item: Serialize> Json for Item {
        fn to_raw(&self) -> serde_json::Result<Box<RawValue>> {
            to_raw_value(self)
        }
    }
}

/// The entity schemas by type.
pub(super) async fn schemas(State(shared): State<SharedRef>) -> Response {
    let state = shared.state();
    let schemas: serde_json::Map<String, Value> = ObjectType::WITH_SCHEMA
        .into_iter()
        .map(|object_type| {
            let schema = state
                .current()
                .map(|integration| integration.schema(object_type));
            let fields = schema.and_then(|schema| serde_json::to_value(&*schema).ok());
            let fields = fields.unwrap_or_else(|| json!([]));
            (object_type.as_str().to_owned(), fields)
        })
        .collect();
    ok(&json!({ "schemas": schemas }))
}

pub(super) async fn meetings(State(shared): State<SharedRef>) -> Response {
    let state = shared.state();
    let meetings: Vec<Value> = state
        .meetings
        .all()
        .map(crate::store::Meeting::shown)
        .collect();
    ok(&json!({ "meetings": meetings }))
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Order {
    #[default]
    NewestFirst,
    OldestFirst,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct UploadQuery {
    #[serde(default)]
    order: Order,
    limit: Option<usize>,
}

pub(super) async fn uploads(
    State(shared): State<SharedRef>,
    Query(query): Query<UploadQuery>,
) -> Response {
    let state = shared.state();
    let now = state.now();
    let limit = query.limit.unwrap_or(LISTED);
    let newest = state.uploads.newest_first().take(limit);
    let show =
        |(id, name, upload): (i64, &str, &_)| shown_upload(&Uploads::show(id, name, upload, now));
    let uploads: Vec<Value> = match query.order {
        Order::NewestFirst => newest.map(show).collect(),
        Order::OldestFirst => state.uploads.oldest_first().take(limit).map(show).collect(),
    };
    ok(&json!({ "total": state.uploads.len(), "uploads": uploads }))
}

/// The uploads of one client request id, with their files.
pub(super) async fn upload(State(shared): State<SharedRef>, Path(name): Path<String>) -> Answered {
    let state = shared.state();
    let now = state.now();
    let mut uploads = Vec::new();
    for (id, known, upload) in state.uploads.newest_first() {
        if known == name {
            let upload = Uploads::show(id, known, upload, now);
            let mut shown = shown_upload(&upload);
            shown["file"] = upload.file_text().into();
            uploads.push(shown);
        }
    }
    if uploads.is_empty() {
        return Err(Rejected::not_found("there is no such upload"));
    }
    Ok(ok(&json!({ "uploads": uploads })))
}

fn shown_upload(upload: &Upload) -> Value {
    let accepted_at = jiff::Timestamp::try_from(upload.accepted_at).map(|time| time.to_string());
    json!({
        "integrationId": upload.integration_id.to_string(),
        "clientRequestId": upload.client_request_id,
        "objectType": match upload.kind {
            UploadKind::Records(object_type) => Some(object_type),
            UploadKind::IntegrationDeletion => None,
        },
        "acceptedAt": accepted_at.ok(),
        "status": upload.status.as_str(),
        "totalErrorCount": upload.total_error_count,
        "totalSuccessCount": upload.total_success_count,
        "fileSize": upload.file_size,
        "fileIsKept": upload.file().is_some(),
        "polls": upload.polls,
        "errors": upload.errors,
    })
}
