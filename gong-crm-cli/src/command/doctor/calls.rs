//! The checks of `gong-crm doctor` that call Gong.

use gong_crm::coverage::CoverageError;
use gong_crm::operation::Operation;
use gong_crm::probe::{Fact, Question};
use gong_crm::value::ObjectId;
use gong_crm::{Client, ClientRequestId, Error, ErrorKind, IntegrationId, ObjectType};

use super::check::{Check, State};
use super::from;
use crate::config::setting::Source;
use crate::config::settings::Settings;
use crate::connection::Connection;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::sync_report::{NOT_SENT, owners as owners_of};
use crate::output::table::count;

pub(super) async fn examine(connection: &Connection, settings: Option<&Settings>) -> Vec<Check> {
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
    let (mut integration, id) = integration(&listed, named);
    if integration.state == State::Ok
        && let Some(check) = of_other_integration(client, id, named.is_some()).await
    {
        integration = check;
    }
    let mut checks = vec![url, credentials, clock(client).await, integration];
    checks.push(scope(
        Operation::ListGenericCrmIntegration,
        listed.map(drop),
    ));
    checks.extend(scopes(client, id).await);
    for operation in [
        Operation::RegisterGenericCrmIntegration,
        Operation::DeleteGenericCrmIntegration,
    ] {
        let why = format!("not tested: {operation} has side effects");
        checks.push(Check::skipped(scope_name(operation), why));
    }
    let nobody = ["nobody@doctor.invalid".to_owned()];
    let asked = client.meeting_readiness(&nobody).await;
    checks.push(meetings(asked.map(drop)));
    checks.extend(owners(client, id).await);
    checks.push(facts(client, id).await);
    checks.push(quota(client).await);
    checks
}

type Listed = Result<Vec<gong_crm::integration::Integration>, Error>;

fn base_url(client: &Client, listed: &Listed, source: &str) -> Check {
    let url = client.base_url();
    let name = "base URL";
    match listed {
        Err(error) if is_elsewhere(error) => {
            let check = Check::failed(name, &CliError::from_error(error));
            Check {
                message: format!("{url}{source}: {}", check.message),
                ..check
            }
        }
        Err(error) if error.status().is_none() => {
            Check::skipped(name, format!("{url}{source}: no call was made"))
        }
        _ => Check::ok(
            name,
            format!("{url}{source}: reachable, responds like Gong"),
        ),
    }
}

/// Whether the response is not from Gong's API, or there is none.
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

fn credentials(listed: &Listed, source: &str) -> Check {
    let name = "credentials";
    match listed {
        Ok(_) => Check::ok(name, format!("accepted{source}")),
        Err(error) if error.kind() == ErrorKind::MissingScope => {
            Check::ok(name, format!("accepted{source}"))
        }
        // That says nothing about the credentials.
        Err(error) if error.kind() != ErrorKind::Unauthorized => {
            Check::failed("calls", &CliError::from_error(error))
        }
        Err(error) => {
            let check = Check::failed(name, &CliError::from_error(error));
            Check {
                message: format!("{}{source}", check.message),
                ..check
            }
        }
    }
}

/// The calls of the day, as the ledger counts them.
async fn quota(client: &Client) -> Check {
    let name = "quota";
    let quota = match client.quota().await {
        Ok(Some(quota)) => quota,
        Ok(None) => return Check::ok(name, "no limit with a simulator"),
        Err(error) => return Check::failed(name, &CliError::from_ledger(&error)),
    };
    let frees = quota.resets_at.map_or_else(String::new, |at| {
        format!(
            "; the oldest counts until {}",
            at.strftime("%Y-%m-%d %H:%MZ")
        )
    });
    let message = format!(
        "{} of {} calls in 24 hours left, as counted in the ledger{frees}",
        count(quota.left),
        count(quota.per_day),
    );
    let hint = "wait, or ask Gong for more; all tools of a company share the limit";
    if quota.left == 0 {
        return Check {
            exit: Exit::RateLimited,
            ..Check::new(name, State::Failed, message).with_hint(hint)
        };
    }
    if quota.left * 10 < quota.per_day {
        return Check::new(name, State::Warning, message).with_hint(hint);
    }
    Check::ok(name, message)
}

async fn clock(client: &Client) -> Check {
    /// Beyond this, a `modifiedDate` that is taken from the clock is wrong.
    const MUCH: i64 = 60;
    let name = "clock";
    match client.clock_skew().await.map(|skew| skew.as_secs()) {
        None => Check::skipped(name, "the response has no date to compare with"),
        Some(seconds) if seconds.abs() <= MUCH => {
            Check::ok(name, format!("within {MUCH} s of the server's"))
        }
        Some(seconds) => {
            let way = if seconds > 0 { "ahead of" } else { "behind" };
            Check::new(
                name,
                State::Warning,
                format!("{} s {way} the server's", seconds.abs()),
            )
            .with_hint("set this machine's clock; dates that are based on it would be wrong")
        }
    }
}

/// Checks the integration; returns its id for the calls that need one.
fn integration(
    listed: &Listed,
    named: Option<(IntegrationId, &Source)>,
) -> (Check, Option<IntegrationId>) {
    let name = "integration";
    let Ok(listed) = listed else {
        let check = match named {
            Some((id, source)) => Check::skipped(
                name,
                format!("{id}, from {source}; the list of integrations can't be read"),
            ),
            None => Check::skipped(name, "the list of integrations can't be read"),
        };
        return (check, named.map(|(id, _)| id));
    };
    let registered = listed.first();
    match (registered, named) {
        (Some(found), Some((id, source))) if found.integration_id != id => {
            let check = Check::new(
                name,
                State::Failed,
                format!(
                    "{id}, from {source}, and {} is registered",
                    found.integration_id
                ),
            );
            let hint = format!("set it in {source}: {}", found.integration_id);
            (check.with_hint(hint), Some(found.integration_id))
        }
        (Some(found), named) => {
            let source = named.map_or_else(String::new, |(_, source)| format!(", from {source}"));
            let called = found.name.as_deref().unwrap_or("without a name");
            let owner = found.owner_email.as_deref().unwrap_or("nobody");
            let id = found.integration_id;
            let message = format!("{id}, {called}, owned by {owner}{source}");
            (Check::ok(name, message), Some(id))
        }
        (None, named) => {
            let check = Check::new(
                name,
                State::Failed,
                "none is registered, or the company uses a native CRM integration",
            );
            let hint = "register one: gong-crm integration ensure --name NAME --owner-email EMAIL";
            (check.with_hint(hint), named.map(|(id, _)| id))
        }
    }
}

/// Warns if the ledger has records of integrations, and not of the registered one.
async fn of_other_integration(
    client: &Client,
    registered: Option<IntegrationId>,
    is_named: bool,
) -> Option<Check> {
    let (id, name) = (registered?, "integration");
    let known = match client.ledger().integrations().await {
        Ok(known) => known,
        Err(error) => return Some(Check::failed(name, &CliError::from_ledger(&error))),
    };
    let mut known = known.iter();
    let mut here = known.by_ref().filter(|(url, _)| url == client.base_url());
    let (_, other) = here.next()?;
    if *other == id || here.any(|(_, known)| *known == id) {
        return None;
    }
    let message =
        format!("{id} is registered, and the records of the ledger are of {other}, which is gone");
    let hint = if is_named {
        format!(
            "the next sync sends all records to {id}; of a source without `complete`, let it list all"
        )
    } else {
        format!("to send all records to {id}: gong-crm sync --integration-id {id}")
    };
    Some(Check::new(name, State::Warning, message).with_hint(hint))
}

/// Checks scopes by calls for something that does not exist.
async fn scopes(client: &Client, id: Option<IntegrationId>) -> Vec<Check> {
    let operations = [
        Operation::ListCrmSchemaFields,
        Operation::GetRequestStatus,
        Operation::GetCrmObjects,
    ];
    let Some(id) = id else {
        return operations
            .map(|operation| Check::skipped(scope_name(operation), "there is no integration"))
            .into();
    };
    let mut checks = Vec::new();
    let schema = client.entity_schema(id, None).await;
    let fields = schema.as_ref().ok().map(|schema| {
        let fields = schema.custom_only();
        fields.iter().map(|(_, fields)| fields.len()).sum::<usize>()
    });
    let mut check = scope(Operation::ListCrmSchemaFields, schema.map(drop));
    if let Some(fields) = fields {
        check.message = format!("the entity schema is readable; custom fields: {fields}");
    }
    checks.push(check);
    if let Ok(nothing) = "doctor".parse::<ClientRequestId>() {
        let asked = client.request_status(id, &nothing).await;
        checks.push(scope(Operation::GetRequestStatus, asked.map(drop)));
    }
    if let Ok(nothing) = "doctor".parse::<ObjectId>() {
        let asked = client.objects(id, ObjectType::Account, &[nothing]).await;
        checks.push(scope(Operation::GetCrmObjects, asked.map(drop)));
    }
    checks
}

/// Whether the owners of deals are users of Gong. Many tokens may not ask, and nothing else needs it.
async fn owners(client: &Client, id: Option<IntegrationId>) -> Vec<Check> {
    let name = "owners of deals";
    let Some(id) = id else {
        return Vec::new();
    };
    let users = match client.gong_users(id).await {
        Ok(users) => users,
        Err(CoverageError::Request(error)) => {
            return vec![Check {
                state: State::Warning,
                ..scope(Operation::ListUsers, Err(error))
            }];
        }
        Err(error) => return vec![Check::skipped(name, error.to_string())],
    };
    let readable = scope(Operation::ListUsers, Ok(()));
    let counted = match client.coverage(id, &users).await {
        Err(error) => Check::failed(name, &CliError::from_ledger(&error)),
        Ok(coverage) if coverage.deals == 0 => Check::skipped(name, "this ledger sent no deals"),
        Ok(_) if users.is_empty() => Check::skipped(name, "Gong lists no users"),
        Ok(coverage) if coverage.unseen.is_empty() && coverage.without_owner == 0 => {
            Check::ok(name, coverage.to_string())
        }
        Ok(coverage) => {
            // The first line is the sentence, which is the message.
            let lines = owners_of(&coverage, NOT_SENT).into_iter().skip(1);
            let check = Check::new(name, State::Warning, coverage.to_string());
            Check {
                details: lines.map(|line| line.trim().to_owned()).collect(),
                coverage: Some(coverage),
                ..check
                    .with_hint("a deal is seen if an active Gong user has the address of its owner")
            }
        }
    };
    vec![readable, counted]
}

/// The results of the last probe.
async fn facts(client: &Client, id: Option<IntegrationId>) -> Check {
    let name = "probe";
    let hint = "gong-crm doctor --probe finds out what Gong does not document";
    let Some(id) = id else {
        return Check::skipped(name, "there is no integration");
    };
    match client.facts(id).await {
        Err(error) => Check::failed(name, &CliError::from_ledger(&error)),
        Ok(facts) => match facts.probed_at {
            None => Check::skipped(name, "this Gong was never probed").with_hint(hint),
            Some(at) => {
                let answers = Question::ALL.map(|question| Fact::of(&facts, question));
                let answers: Vec<String> = answers
                    .iter()
                    .filter(|fact| fact.answer.is_some())
                    .map(|fact| fact.message.clone())
                    .collect();
                let at = at.strftime("%Y-%m-%d");
                Check::ok(name, format!("on {at}: {}", answers.join("; ")))
            }
        },
    }
}

fn scope_name(operation: Operation) -> String {
    format!("scope {}", operation.scope())
}

/// Judges a scope by a response: an error about the request itself shows that the scope exists.
fn scope(operation: Operation, answer: Result<(), Error>) -> Check {
    let name = scope_name(operation);
    match answer {
        Ok(()) => Check::ok(name, format!("{operation} works")),
        Err(error)
            if operation == Operation::GetRequestStatus
                && error.body().is_none()
                && matches!(
                    error.kind(),
                    ErrorKind::InvalidRequest | ErrorKind::NotFound
                ) =>
        {
            Check::ok(name, format!("{operation} works"))
        }
        Err(error) => Check::failed(name, &CliError::from_error(&error)),
    }
}

/// Many companies do not have these operations, and nothing else needs them.
fn meetings(answer: Result<(), Error>) -> Check {
    let check = scope(Operation::IntegrationStatus, answer);
    if check.state == State::Failed {
        return Check {
            state: State::Warning,
            ..check
        };
    }
    check
}
