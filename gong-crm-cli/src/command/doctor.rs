//! `gong-crm doctor`: why it does not work, with cause and cure.

use gong_crm::operation::Operation;
use gong_crm::value::ObjectId;
use gong_crm::{
    Client, ClientRequestId, Error, ErrorKind, IntegrationId, ObjectType, SqliteLedger,
};
use serde::Serialize;

use crate::arguments::Global;
use crate::connection::Connection;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::{Settings, Source};
use crate::table::{count, hanging};

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
            cure: Some(
                failure
                    .hint
                    .clone()
                    .unwrap_or_else(|| "if it stays, tell Gong's support the requestId".to_owned()),
            ),
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
    let looks = if global.sim {
        let connection = Connection::open(global).await?;
        examine(&connection, None).await
    } else {
        look_around(global).await
    };
    let exit = exit(&looks);
    if output.is_json() {
        output.json(&serde_json::json!({"isWell": exit == Exit::Ok, "looks": looks}));
    } else {
        print(&looks, *output);
    }
    Ok(exit)
}

/// The settings first: what was said where, before anything is asked of Gong.
async fn look_around(global: &Global) -> Vec<Look> {
    let settings = match Settings::read(global) {
        Ok(settings) => settings,
        Err(failure) => return vec![Look::failed("settings", &failure)],
    };
    let mut looks = vec![config_file(&settings)];
    looks.extend(settings.map.as_ref().map(|map| {
        let path = map.value.display();
        Look::ok("mapping", format!("{path}, from {}", map.source))
    }));
    looks.push(ledger(&settings));
    let credentials = settings.credentials();
    if looks.iter().any(|look| look.state == State::Failed) || credentials.is_err() {
        looks.extend(
            credentials
                .err()
                .map(|failure| Look::failed("credentials", &failure)),
        );
        return looks;
    }
    match Connection::with(&settings, global) {
        Ok(connection) => looks.extend(examine(&connection, Some(&settings)).await),
        Err(failure) => looks.push(Look::failed("base URL", &failure)),
    }
    looks
}

fn config_file(settings: &Settings) -> Look {
    let name = "config file";
    match &settings.file {
        None => Look::ok(name, "none; flags and the environment say all"),
        Some((path, None)) => Look::ok(name, path.display().to_string()),
        Some((path, Some(profile))) => {
            Look::ok(name, format!("{}, profile {profile}", path.display()))
        }
    }
}

fn ledger(settings: &Settings) -> Look {
    let name = "ledger";
    let opened = settings.ledger_path().and_then(|path| {
        settings
            .open_ledger()
            .map(|ledger: SqliteLedger| (path, ledger))
    });
    match opened {
        Ok((path, _)) => Look::ok(
            name,
            format!(
                "{}{}",
                path.display(),
                from(settings.ledger.as_ref().map(|ledger| &ledger.source))
            ),
        ),
        Err(failure) => Look::failed(name, &failure),
    }
}

/// Where a setting was said, to go after it.
fn from(source: Option<&Source>) -> String {
    source.map_or_else(
        || ", by default".to_owned(),
        |source| format!(", from {source}"),
    )
}

fn exit(looks: &[Look]) -> Exit {
    let failed = || looks.iter().filter(|look| look.state == State::Failed);
    if failed().any(|look| look.exit == Exit::Credentials) {
        Exit::Credentials
    } else if failed().any(|look| look.exit == Exit::RateLimited) {
        Exit::RateLimited
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
    let window = output.width().unwrap_or(usize::MAX);
    // Where a column for the names would leave little for the rest, they stand above it.
    let is_narrow = window < 100;
    for look in looks {
        let (word, name) = (look.state.word(), &look.name);
        let mut lines = if is_narrow {
            let mut lines = vec![format!("{word:<9}  {name}")];
            lines.extend(hanging(&" ".repeat(11), &look.seen, window));
            lines
        } else {
            hanging(&format!("{word:<9}  {name:<width$}  "), &look.seen, window)
        };
        if let Some(cure) = &look.cure {
            let indent = if is_narrow { 11 } else { width + 13 };
            lines.extend(hanging(&format!("{}→ ", " ".repeat(indent)), cure, window));
        }
        for line in lines {
            output.data(&line);
        }
    }
}

async fn examine(connection: &Connection, settings: Option<&Settings>) -> Vec<Look> {
    let client = &connection.client;
    let listed = client.integrations().await;
    let source = |source: Option<&Source>| settings.map_or_else(String::new, |_| from(source));
    let said = settings.and_then(|settings| settings.base_url.as_ref());
    let url = base_url(client, &listed, &source(said.map(|said| &said.source)));
    if url.state == State::Failed {
        return vec![url];
    }
    let said = settings.and_then(|settings| settings.credentials().ok());
    let credentials = credentials(&listed, &source(said.as_ref().map(|said| &said.source)));
    if credentials.state != State::Ok {
        return vec![url, credentials, quota(client).await];
    }
    let said = settings.and_then(|settings| settings.integration_id.as_ref());
    let named = said.map(|said| (said.value, &said.source));
    let (integration, id) = integration(&listed, named);
    let mut looks = vec![url, credentials, clock(client).await, integration];
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
    looks.push(quota(client).await);
    looks
}

type Listed = Result<Vec<gong_crm::integration::Integration>, Error>;

fn base_url(client: &Client, listed: &Listed, source: &str) -> Look {
    let url = client.base_url();
    let name = "base URL";
    match listed {
        Err(error) if is_elsewhere(error) => {
            let look = Look::failed(name, &Failure::from_error(error));
            Look {
                seen: format!("{url}{source}: {}", look.seen),
                ..look
            }
        }
        Err(error) if error.status().is_none() => {
            Look::not_tried(name, format!("{url}{source}: no call was made"))
        }
        _ => Look::ok(name, format!("{url}{source}: it answers as Gong does")),
    }
}

/// Whether what answered is not Gong's interface, or nothing did.
fn is_elsewhere(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Transport
            | ErrorKind::Timeout
            | ErrorKind::Redirected
            | ErrorKind::UnexpectedResponse
            | ErrorKind::NotFound
    ) || (error.kind() == ErrorKind::Forbidden)
        || error.body().is_some_and(|body| !body.is_empty())
}

fn credentials(listed: &Listed, source: &str) -> Look {
    let name = "credentials";
    match listed {
        Ok(_) => Look::ok(name, format!("taken{source}")),
        Err(error) if error.kind() == ErrorKind::MissingScope => {
            Look::ok(name, format!("taken{source}"))
        }
        // That says nothing of the credentials.
        Err(error) if error.kind() != ErrorKind::Unauthorized => {
            Look::failed("calls", &Failure::from_error(error))
        }
        Err(error) => {
            let look = Look::failed(name, &Failure::from_error(error));
            Look {
                seen: format!("{}{source}", look.seen),
                ..look
            }
        }
    }
}

/// The day's calls, by this machine's count.
async fn quota(client: &Client) -> Look {
    let name = "quota";
    let quota = match client.quota().await {
        Ok(Some(quota)) => quota,
        Ok(None) => return Look::ok(name, "no limit with a local Gong"),
        Err(error) => return Look::failed(name, &Failure::from_ledger(&error)),
    };
    let frees = quota.resets_at.map_or_else(String::new, |at| {
        format!(
            "; the oldest counts until {}",
            at.strftime("%Y-%m-%d %H:%MZ")
        )
    });
    let seen = format!(
        "{} of {} calls in 24 hours left, by this ledger's count{frees}",
        count(quota.left),
        count(quota.per_day),
    );
    let cure = "wait, or ask Gong for more; all tools of a company share the limit";
    if quota.left == 0 {
        return Look {
            exit: Exit::RateLimited,
            ..Look::new(name, State::Failed, seen).with_cure(cure)
        };
    }
    if quota.left * 10 < quota.per_day {
        return Look::new(name, State::Warning, seen).with_cure(cure);
    }
    Look::ok(name, seen)
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
fn integration(
    listed: &Listed,
    named: Option<(IntegrationId, &Source)>,
) -> (Look, Option<IntegrationId>) {
    let name = "integration";
    let Ok(listed) = listed else {
        let look = match named {
            Some((id, source)) => {
                Look::not_tried(name, format!("{id}, from {source}; the list can't be read"))
            }
            None => Look::not_tried(name, "the list can't be read"),
        };
        return (look, named.map(|(id, _)| id));
    };
    let registered = listed.first();
    match (registered, named) {
        (Some(found), Some((id, source))) if found.integration_id != id => {
            let look = Look::new(
                name,
                State::Failed,
                format!(
                    "{id}, from {source}, and {} is registered",
                    found.integration_id
                ),
            );
            let cure = format!("name that one in {source}: {}", found.integration_id);
            (look.with_cure(cure), Some(found.integration_id))
        }
        (Some(found), named) => {
            let source = named.map_or_else(String::new, |(_, source)| format!(", from {source}"));
            let called = found.name.as_deref().unwrap_or("without a name");
            let owner = found.owner_email.as_deref().unwrap_or("nobody");
            let id = found.integration_id;
            let seen = format!("{id}, {called}, owned by {owner}{source}");
            (Look::ok(name, seen), Some(id))
        }
        (None, named) => {
            let look = Look::new(
                name,
                State::Failed,
                "none is registered, or the company's CRM is connected natively",
            );
            let cure = "register one: gong-crm integration ensure --name NAME --owner-email EMAIL";
            (look.with_cure(cure), named.map(|(id, _)| id))
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
