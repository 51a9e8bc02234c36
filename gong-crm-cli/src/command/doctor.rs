//! `gong-crm doctor`: why it does not work, with cause and cure.

use gong_crm::{
    Client, ClientRequestId, Error, ErrorKind, IntegrationId, ObjectId, ObjectType, Operation,
};
use serde::Serialize;

use crate::arguments::Global;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Connection;

/// What a look came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum State {
    Ok,
    Warning,
    Failed,
    NotTried,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "FAILED",
            Self::NotTried => "not tried",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Look {
    name: String,
    state: State,
    /// What was seen; of a failure, its cause.
    seen: String,
    cure: Option<String>,
    #[serde(skip)]
    exit: Exit,
}

impl Look {
    fn new(name: impl Into<String>, state: State, seen: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            state,
            seen: seen.into(),
            cure: None,
            exit: Exit::Unexpected,
        }
    }

    fn ok(name: impl Into<String>, seen: impl Into<String>) -> Self {
        Self::new(name, State::Ok, seen)
    }

    fn not_tried(name: impl Into<String>, why: impl Into<String>) -> Self {
        Self::new(name, State::NotTried, why)
    }

    fn failed(name: impl Into<String>, failure: &Failure) -> Self {
        let mut seen = failure.message.clone();
        for cause in &failure.causes {
            seen = format!("{seen}: {cause}");
        }
        Self {
            cure: failure.hint.clone(),
            exit: failure.exit,
            ..Self::new(name, State::Failed, seen)
        }
    }

    fn with_cure(mut self, cure: impl Into<String>) -> Self {
        self.cure = Some(cure.into());
        self
    }
}

pub(crate) async fn run(global: &Global, output: &Output) -> Result<Exit, Failure> {
    let looks = match Connection::open(global).await {
        Ok(connection) => examine(&connection, global).await,
        Err(failure) => {
            let name = match failure.exit {
                Exit::Credentials => "credentials",
                _ => "base URL",
            };
            vec![Look::failed(name, &failure)]
        }
    };
    let exit = exit(&looks);
    if output.is_json() {
        output.json(&serde_json::json!({"isWell": exit == Exit::Ok, "looks": looks}));
    } else {
        print(&looks, *output);
    }
    Ok(exit)
}

fn exit(looks: &[Look]) -> Exit {
    let failed = || looks.iter().filter(|look| look.state == State::Failed);
    if failed().any(|look| look.exit == Exit::Credentials) {
        Exit::Credentials
    } else if failed().next().is_some() {
        Exit::Unexpected
    } else {
        Exit::Ok
    }
}

fn print(looks: &[Look], output: Output) {
    let width = looks
        .iter()
        .map(|look| look.name.chars().count())
        .max()
        .unwrap_or_default();
    for look in looks {
        let (word, name) = (look.state.word(), &look.name);
        output.data(format!("{word:<9}  {name:<width$}  {}", look.seen).trim_end());
        if let Some(cure) = &look.cure {
            output.data(&format!("{:<9}  {:<width$}  → {cure}", "", ""));
        }
    }
}

async fn examine(connection: &Connection, global: &Global) -> Vec<Look> {
    let client = &connection.client;
    let listed = client.integrations().await;
    let mut looks = vec![base_url(client, &listed)];
    if looks[0].state == State::Failed {
        return looks;
    }
    looks.push(credentials(&listed));
    if looks[1].state == State::Failed {
        return looks;
    }
    looks.push(clock(client).await);
    let (integration, id) = integration(&listed, global.integration_id.filter(|_| !global.sim));
    looks.push(integration);
    looks.push(scope(
        Operation::ListGenericCrmIntegration,
        listed.map(drop),
    ));
    looks.extend(probe(client, id).await);
    for operation in [
        Operation::RegisterGenericCrmIntegration,
        Operation::DeleteGenericCrmIntegration,
    ] {
        let why = format!("no call of {operation} is harmless");
        looks.push(Look::not_tried(scope_name(operation), why));
    }
    let nobody = ["nobody@doctor.invalid".to_owned()];
    let asked = client.meeting_readiness(&nobody).await;
    looks.push(meetings(asked.map(drop)));
    looks
}

type Listed = Result<Vec<gong_crm::Integration>, Error>;

fn base_url(client: &Client, listed: &Listed) -> Look {
    let url = client.base_url();
    let name = "base URL";
    match listed {
        Err(error) if is_elsewhere(error) => {
            let look = Look::failed(name, &Failure::from_error(error));
            Look {
                seen: format!("{url}: {}", look.seen),
                ..look
            }
        }
        _ => Look::ok(name, format!("{url} answers as Gong does")),
    }
}

/// Whether what answered is not Gong's interface, or nothing did.
fn is_elsewhere(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Transport
            | ErrorKind::Timeout
            | ErrorKind::Redirected
            | ErrorKind::UnexpectedAnswer
            | ErrorKind::NotFound
    ) || (error.kind() == ErrorKind::Forbidden)
        || error.body().is_some_and(|body| !body.is_empty())
}

fn credentials(listed: &Listed) -> Look {
    let name = "credentials";
    match listed {
        Err(error) if error.kind() == ErrorKind::Unauthorized => {
            Look::failed(name, &Failure::from_error(error))
        }
        _ => Look::ok(name, "taken"),
    }
}

async fn clock(client: &Client) -> Look {
    /// Beyond this, a record's `modifiedDate` taken from the clock is plainly wrong.
    const MUCH: i64 = 60;
    let name = "clock";
    match client.clock_skew().await.map(|skew| skew.as_secs()) {
        None => Look::not_tried(name, "the answer has no date to compare with"),
        Some(seconds) if seconds.abs() <= MUCH => {
            Look::ok(name, format!("within {MUCH} s of the server's"))
        }
        Some(seconds) => {
            let way = if seconds > 0 { "ahead of" } else { "behind" };
            Look::new(
                name,
                State::Warning,
                format!("{} s {way} the server's", seconds.abs()),
            )
            .with_cure("set this machine's clock; records dated by it would be wrong")
        }
    }
}

/// The integration, and its id for the calls that need one.
fn integration(listed: &Listed, named: Option<IntegrationId>) -> (Look, Option<IntegrationId>) {
    let name = "integration";
    let Ok(listed) = listed else {
        let look = match named {
            Some(id) => Look::not_tried(name, format!("{id} is named; the list can't be read")),
            None => Look::not_tried(name, "the list can't be read"),
        };
        return (look, named);
    };
    let registered = listed.first();
    match (registered, named) {
        (Some(found), Some(id)) if found.integration_id != id => {
            let look = Look::new(
                name,
                State::Failed,
                format!("{id} is named, and {} is registered", found.integration_id),
            );
            let cure = format!("export GONG_INTEGRATION_ID={}", found.integration_id);
            (look.with_cure(cure), Some(found.integration_id))
        }
        (Some(found), _) => {
            let called = found.name.as_deref().unwrap_or("without a name");
            let owner = found.owner_email.as_deref().unwrap_or("nobody");
            let id = found.integration_id;
            let seen = format!("{id}, {called}, owned by {owner}");
            (Look::ok(name, seen), Some(id))
        }
        (None, named) => {
            let look = Look::new(
                name,
                State::Failed,
                "none is registered, or the company's CRM is connected natively",
            );
            let cure = "register one: gong-crm integration ensure --name NAME --owner-email EMAIL";
            (look.with_cure(cure), named)
        }
    }
}

/// The scopes that a question can tell: each is asked for something that is not there.
async fn probe(client: &Client, id: Option<IntegrationId>) -> Vec<Look> {
    let operations = [
        Operation::ListCrmSchemaFields,
        Operation::GetRequestStatus,
        Operation::GetCrmObjects,
    ];
    let Some(id) = id else {
        return operations
            .map(|operation| {
                Look::not_tried(
                    scope_name(operation),
                    "there is no integration to ask about",
                )
            })
            .into();
    };
    let mut looks = Vec::new();
    let schema = client.entity_schema(id, None).await;
    let fields = schema.as_ref().ok().map(|schema| {
        let fields = schema.custom_only();
        fields.iter().map(|(_, fields)| fields.len()).sum::<usize>()
    });
    let mut look = scope(Operation::ListCrmSchemaFields, schema.map(drop));
    if let Some(fields) = fields {
        look.seen = format!("the entity schema is readable; custom fields: {fields}");
    }
    looks.push(look);
    if let Ok(nothing) = "doctor".parse::<ClientRequestId>() {
        let asked = client.request_status(id, &nothing).await;
        looks.push(scope(Operation::GetRequestStatus, asked.map(drop)));
    }
    if let Ok(nothing) = "doctor".parse::<ObjectId>() {
        let asked = client.objects(id, ObjectType::Account, &[nothing]).await;
        looks.push(scope(Operation::GetCrmObjects, asked.map(drop)));
    }
    looks
}

fn scope_name(operation: Operation) -> String {
    format!("scope {}", operation.scope())
}

/// What an answer tells of the scope: a refusal of the question itself is as good as an answer.
fn scope(operation: Operation, answer: Result<(), Error>) -> Look {
    let name = scope_name(operation);
    match answer {
        Ok(()) => Look::ok(name, format!("{operation} answers")),
        Err(error)
            if operation == Operation::GetRequestStatus
                && error.body().is_none()
                && matches!(
                    error.kind(),
                    ErrorKind::InvalidRequest | ErrorKind::NotFound
                ) =>
        {
            Look::ok(name, format!("{operation} answers"))
        }
        Err(error) => Look::failed(name, &Failure::from_error(&error)),
    }
}

/// Many companies do not have these operations, and need them for nothing else.
fn meetings(answer: Result<(), Error>) -> Look {
    let look = scope(Operation::IntegrationStatus, answer);
    if look.state == State::Failed {
        return Look {
            state: State::Warning,
            ..look
        };
    }
    look
}
