//! Every call returns what the response says, for any response.
//!
//! The first bytes choose the call and the status; then come two lines, `Retry-After` and one more
//! header, and the body. No good value comes of a refusal, no error hides its status or an outcome
//! that is unknown, nothing is waited for longer than the limits say, and what Gong may add to an
//! answer changes nothing.

#![no_main]

use std::cell::{Cell, LazyCell};
use std::fmt::Debug;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use gong_crm::raw::fuzzing::answered;
use gong_crm::raw::http::{Body, Response};
use gong_crm::retry::RetryLimits;
use gong_crm::clock::Clock;
use gong_crm::ids::MeetingId;
use gong_crm::meeting::Meeting;
use gong_crm::poll::{PollPolicy, PollError};
use gong_crm::rate_limit::RateLimit;
use gong_crm::schema::EntitySchema;
use gong_crm::upload::Upload;
use gong_crm::value::ObjectId;
use gong_crm::{Client, ClientRequestId, Credentials, Error, ErrorKind, IntegrationId, ObjectType};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tokio::runtime::Runtime;

const SECRET: &str = "h4nter2-h4nter2";
const STATUSES: [u16; 24] = [
    200, 201, 202, 204, 206, 299, 301, 304, 307, 400, 401, 403, 404, 405, 409, 413, 415, 429, 451,
    500, 502, 503, 504, 999,
];

/// A clock that only sleeping moves.
#[derive(Debug, Default)]
struct Slept(AtomicU64);

impl Slept {
    fn seconds(&self) -> u64 {
        self.0.load(Ordering::Relaxed) / 1_000
    }
}

impl Clock for Slept {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_second(1_772_355_600).expect("a moment of 2026")
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let milliseconds = u64::try_from(duration.as_millis()).expect("a pause that ends");
        self.0.fetch_add(milliseconds, Ordering::Relaxed);
        Box::pin(std::future::ready(()))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }
}

struct Caller {
    runtime: Runtime,
    client: Client,
    clock: Arc<Slept>,
    file: PathBuf,
}

thread_local! {
    static CALLER: LazyCell<Caller> = const { LazyCell::new(start) };
}

fn start() -> Caller {
    let clock = Arc::new(Slept::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let client = Client::builder()
        .base_url("http://127.0.0.1:9")
        .credentials(Credentials::access_key("key", SECRET))
        .clock(Arc::clone(&clock) as Arc<dyn Clock>)
        .rate_limit(RateLimit::unlimited())
        .build();
    let file = std::env::temp_dir().join(format!("fuzz-answers-{}.ldjson", std::process::id()));
    std::fs::write(&file, "{\"objectId\":\"a\",\"name\":\"A\"}\n").expect("a file to upload");
    Caller {
        runtime: runtime.expect("a runtime"),
        client: client.expect("a client"),
        clock,
        file,
    }
}

/// The answer to every question.
#[derive(Clone)]
struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn response(&self) -> Response {
        let mut response = http::Response::builder().status(self.status);
        for (name, value) in &self.headers {
            if let Ok(value) = http::HeaderValue::from_str(value) {
                response = response.header(*name, value);
            }
        }
        let response = response.body(Body::from(self.body.clone()));
        Response::from(response.expect("a response"))
    }
}

/// What a call came to, in a form that can be compared.
type Told = Result<String, Error>;

fn reported<T: Debug>(outcome: Result<T, Error>) -> Told {
    outcome.map(|value| format!("{value:?}"))
}

const CALLS: u8 = 13;
/// Asks for the status until it is final.
const WAIT: u8 = 12;

/// Whether a call changes something that can't be said twice.
fn changes(call: u8) -> bool {
    matches!(call, 1 | 2 | 6 | 8 | 10)
}

async fn make(call: u8, caller: &Caller) -> Told {
    let client = &caller.client;
    let integration = IntegrationId::from(5_517_027_188_234_205_706);
    let id: ClientRequestId = "f-1".parse().expect("an id");
    let meeting: MeetingId = "17".parse().expect("a meeting's id");
    let moment = || "2026-03-02T14:00:00Z".parse().expect("a moment");
    let details = Meeting::new("ada@acme.example", moment(), moment());
    match call {
        0 => reported(client.integrations().await),
        1 => reported(client.register_integration("Acme", "ada@acme.example").await),
        2 => reported(client.delete_integration(integration, &id).await),
        3 | 4 => {
            let object_type = Some(ObjectType::Deal).filter(|_| call == 3);
            let schema = client.entity_schema(integration, object_type).await?;
            // What is pulled into a file can be read from it.
            let pulled = schema.custom_only();
            let file = serde_json::to_string(&pulled).expect("a file");
            assert_eq!(EntitySchema::from_json(&file).expect("a schema file"), pulled);
            Ok(serde_json::to_string(&schema).expect("a schema"))
        }
        5 => reported(client.upload_entity_schema(integration, ObjectType::Deal, &[]).await),
        6 => {
            let upload = Upload::new(integration, ObjectType::Stage, id, &caller.file);
            reported(client.upload(&upload, |_| {}).await)
        }
        7 => {
            let ids: [ObjectId; 2] = ["a", "b"].map(|id| id.parse().expect("an id"));
            reported(client.objects(integration, ObjectType::Account, &ids).await)
        }
        8 => reported(client.add_meeting(&details).await),
        9 => reported(client.update_meeting(&meeting, &details).await),
        10 => reported(client.delete_meeting(&meeting, None).await),
        11 => {
            let emails = ["ada@acme.example".to_owned()];
            reported(client.meeting_readiness(&emails).await)
        }
        _ => {
            let patience = PollPolicy::UPLOAD;
            match client.wait(integration, &id, patience, |_| {}).await {
                Ok(status) => reported(Ok((status.unlisted_errors(), status))),
                Err(PollError::Request(error)) => Err(error),
                Err(_) => reported(Ok("time is up")),
            }
        }
    }
}

/// Makes a call, and says how often it was made.
fn run(call: u8, answer: Answer) -> (Told, u32) {
    CALLER.with(|caller| {
        let calls = Rc::new(Cell::new(0));
        let counted = Rc::clone(&calls);
        caller.clock.0.store(0, Ordering::Relaxed);
        let server = move |_: &_| {
            counted.set(counted.get() + 1);
            // A wait begins with a good answer, so that some time has passed.
            if call == WAIT && counted.get() < 3 {
                let body = b"{\"status\":\"IN_PROGRESS\"}".to_vec();
                return Answer { status: 200, headers: Vec::new(), body }.response();
            }
            answer.response()
        };
        let outcome = caller.runtime.block_on(answered(server, make(call, caller)));
        let most = if call == WAIT { PollPolicy::UPLOAD.timeout } else { RetryLimits::CALL.max_elapsed };
        assert!(caller.clock.seconds() <= most.as_secs(), "waited {} s", caller.clock.seconds());
        (outcome, calls.get())
    })
}

fn judge_error(error: &Error, call: u8, answer: &Answer, calls: u32) {
    let (said, kind) = (error.to_string(), error.kind());
    assert!(!said.chars().any(char::is_control), "{said:?}");
    assert!(said.chars().count() < 10_000 && error.body().unwrap_or_default().len() < 20_000);
    assert!(!format!("{error:?} {error:#}").contains(SECRET));
    // A good response that lacks a property is not a rejection.
    let is_hollow = error.status().is_none() && (200..300).contains(&answer.status);
    assert!(error.status() == Some(answer.status) || is_hollow, "{said}");
    let is_question = !changes(call) && call != 5 && call != 9;
    match answer.status {
        200..300 => {
            assert_eq!(kind, ErrorKind::UnexpectedResponse);
            assert!(is_question || error.is_outcome_unknown(), "{said}");
        }
        500..600 => assert!(is_question || error.is_outcome_unknown(), "{said}"),
        _ => assert!(!error.is_outcome_unknown(), "{said}"),
    }
    let given_up = matches!(
        kind,
        ErrorKind::Unauthorized | ErrorKind::MissingScope | ErrorKind::Forbidden | ErrorKind::Redirected
    );
    if call == WAIT {
        return;
    }
    // All types at once, and then one by one.
    let most = RetryLimits::CALL.max_attempts + u32::from(call == 4);
    assert!(calls <= most && (calls == 1 || !given_up), "{said}: {calls} calls");
    if changes(call) && calls > 1 {
        assert_eq!(answer.status, 429, "{said}: {calls} calls");
    }
}

fuzz_target!(|bytes: &[u8]| {
    let [call, status, rest @ ..] = bytes else { return };
    let call = call % CALLS;
    let mut lines = rest.splitn(3, |byte| *byte == b'\n');
    let mut line = || String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
    let (retry_after, other) = (line(), line());
    let name = ["x-traceid", "location", "content-type"][usize::from(*status / 64) % 3];
    let answer = Answer {
        status: STATUSES[usize::from(status % 24)],
        headers: vec![("retry-after", retry_after), (name, other)],
        body: lines.next().unwrap_or_default().to_vec(),
    };
    let (outcome, calls) = run(call, answer.clone());
    let value = match outcome {
        Err(error) => return judge_error(&error, call, &answer, calls),
        Ok(value) => value,
    };
    let is_none = answer.status == 404 && call == 0;
    let is_waiting = call == WAIT && value.contains("time is up");
    assert!((200..300).contains(&answer.status) || is_none || is_waiting, "{value}");
    // Gong may add to its answers at any time.
    let Ok(Value::Object(properties)) = serde_json::from_slice(&answer.body) else {
        return;
    };
    if properties.contains_key("zz") {
        return;
    }
    let brace = answer.body.iter().position(|byte| *byte == b'{').expect("an object");
    let added: &[u8] = if properties.is_empty() { b"\"zz\":[{}]" } else { b"\"zz\":[{}]," };
    let (before, after) = answer.body.split_at(brace + 1);
    let body = [before, added, after].concat();
    let (again, _) = run(call, Answer { body, ..answer });
    assert_eq!(again.expect("what is added breaks nothing"), value);
});
