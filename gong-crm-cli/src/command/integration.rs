//! `gong-crm integration`: shown, registered, deleted.

use std::io::{BufRead as _, IsTerminal as _};

use gong_crm::integration::{DeletionEvent, EnsureOutcome, Integration as Registered};
use gong_crm::operation::Operation;
use gong_crm::poll::{PollError, PollPolicy};
use gong_crm::status::RequestState;
use gong_crm::{ClientRequestId, ErrorKind, IntegrationId};

use crate::args::Global;
use crate::args::integration::{Deletion, Integration, IntegrationAction, Registration};
use crate::connection::Connection;
use crate::dry_run::{self, Request};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;

pub(crate) async fn run(
    global: &Global,
    integration: &Integration,
    output: &Output,
) -> Result<Exit, CliError> {
    match &integration.action {
        IntegrationAction::Show => show(global, *output).await,
        IntegrationAction::Ensure(wanted) | IntegrationAction::Register(wanted)
            if wanted.dry_run =>
        {
            dry_run::show(&[registration(wanted)], global, *output)?;
            Ok(Exit::Ok)
        }
        IntegrationAction::Ensure(wanted) => ensure(global, wanted, *output).await,
        IntegrationAction::Register(wanted) => register(global, wanted, *output).await,
        IntegrationAction::Delete(deletion) => delete(global, deletion, *output).await,
    }
}

async fn show(global: &Global, output: Output) -> Result<Exit, CliError> {
    let connection = Connection::open(global).await?;
    let integration = connection.client.the_integration().await?;
    print(&integration, output);
    Ok(Exit::Ok)
}

async fn ensure(global: &Global, wanted: &Registration, output: Output) -> Result<Exit, CliError> {
    let connection = Connection::open(global).await?;
    let ensured = connection
        .client
        .ensure_integration(&wanted.name, &wanted.owner_email)
        .await
        .map_err(competing)?;
    let outcome = match &ensured {
        EnsureOutcome::Unchanged(_) => "unchanged",
        EnsureOutcome::Created(_) => "created",
        other => {
            let found = other.integration();
            return Err(CliError::new(
                Exit::Unexpected,
                format!(
                    "the registered integration {} is {}, not {:?} owned by {}",
                    found.integration_id,
                    described(found),
                    wanted.name,
                    wanted.owner_email
                ),
            )
            .with_hint(
                "Gong cannot rename an integration: use the registered one, or delete it with all \
                 its records: gong-crm integration delete",
            ));
        }
    };
    let integration = ensured.integration();
    if output.is_json() {
        output.json(&serde_json::json!({
            "outcome": outcome,
            "integrationId": integration.integration_id,
            "name": integration.name,
            "ownerEmail": integration.owner_email,
        }));
    } else {
        print(integration, output);
        let how = match &ensured {
            EnsureOutcome::Unchanged(_) => "it exists already",
            _ => "registered",
        };
        output.status(&format!("{how}; {}", keep(integration.integration_id)));
    }
    Ok(Exit::Ok)
}

async fn register(
    global: &Global,
    wanted: &Registration,
    output: Output,
) -> Result<Exit, CliError> {
    let connection = Connection::open(global).await?;
    let id = connection
        .client
        .register_integration(&wanted.name, &wanted.owner_email)
        .await
        .map_err(competing)?;
    if output.is_json() {
        output.json(&serde_json::json!({"integrationId": id}));
    } else {
        output.stdout(&id.to_string());
        output.status(&keep(id));
    }
    Ok(Exit::Ok)
}

fn registration(wanted: &Registration) -> Request {
    Request::new(Operation::RegisterGenericCrmIntegration)
        .body(&serde_json::json!({"name": wanted.name, "ownerEmail": wanted.owner_email}))
}

fn keep(id: IntegrationId) -> String {
    format!("set it: export GONG_INTEGRATION_ID={id}")
}

/// The error if the company has another integration, such as a native one, which is not listed.
fn competing(error: gong_crm::Error) -> CliError {
    match error.kind() {
        ErrorKind::Conflict => CliError::from(error).with_hint(
            "a company has one CRM integration, native ones such as Salesforce included; \
             `gong-crm integration show` shows the one that was registered through the API",
        ),
        _ => error.into(),
    }
}

fn print(integration: &Registered, output: Output) {
    if output.is_json() {
        output.json(integration);
    } else {
        output.stdout(&integration.integration_id.to_string());
        output.status(&described(integration));
    }
}

fn described(integration: &Registered) -> String {
    let name = integration.name.as_deref().unwrap_or("without a name");
    let owner = integration.owner_email.as_deref().unwrap_or("nobody");
    format!("{name}, owned by {owner}")
}

async fn delete(global: &Global, deletion: &Deletion, output: Output) -> Result<Exit, CliError> {
    let connection = Connection::open(global).await?;
    let client = &connection.client;
    let id = match connection.named {
        // Nothing of it has to be shown, and a token that may delete need not be one that may list.
        Some(id) if deletion.yes || deletion.dry_run => id,
        named => {
            let listed = client.integrations().await?;
            let integration = listed
                .into_iter()
                .find(|listed| named.is_none_or(|id| id == listed.integration_id))
                .ok_or_else(|| nothing_to_delete(named))?;
            if !deletion.yes && !deletion.dry_run {
                confirm(&integration, output).await?;
            }
            integration.integration_id
        }
    };
    if deletion.dry_run {
        let request = Request::new(Operation::DeleteGenericCrmIntegration)
            .query("clientRequestId", &ClientRequestId::of_deletion(id, 1))
            .query("integrationId", &id);
        dry_run::show(&[request], global, output)?;
        return Ok(Exit::Ok);
    }
    let patience = if deletion.no_wait {
        PollPolicy::DELETION.with_timeout(std::time::Duration::ZERO)
    } else if global.sim {
        PollPolicy::SIMULATOR
    } else {
        PollPolicy::DELETION.with_timeout(deletion.wait)
    };
    let mut started: Option<ClientRequestId> = None;
    let ended = client
        .delete_integration_and_wait(id, patience, |event| match event {
            DeletionEvent::Started {
                client_request_id,
                sent_now,
            } => {
                let what = if *sent_now { "started" } else { "is under way" };
                output.status(&format!(
                    "the deletion {client_request_id} {what}; to resume waiting: {}",
                    resume_line(client_request_id, id)
                ));
                started = Some(client_request_id.clone());
            }
            DeletionEvent::Polled(status) if !global.no_progress => {
                output.status(&format!("{}", status.status));
            }
            _ => {}
        })
        .await;
    let ledger = client.ledger();
    ledger
        .look_again(client.base_url(), id)
        .await
        .map_err(|error| CliError::from_ledger(&error))?;
    match (ended, started) {
        (Ok(status), _) if status.status == RequestState::Done => {
            if output.is_json() {
                output.json(
                    &serde_json::json!({"integrationId": id, "status": status.status.as_str()}),
                );
            } else {
                output.stdout(&format!("integration {id} is deleted"));
            }
            Ok(Exit::Ok)
        }
        (Ok(status), _) => {
            let reasons: Vec<&str> = status
                .errors
                .iter()
                .map(|error| error.description.as_str())
                .collect();
            Err(CliError::new(
                Exit::Failed,
                format!("Gong could not delete {id}: {}", reasons.join("; ")),
            ))
        }
        // Without waiting, the outcome is not known yet, also if the credentials may not ask for it.
        (Err(_), Some(started)) if deletion.no_wait => {
            if output.is_json() {
                output.json(&serde_json::json!({
                    "integrationId": id,
                    "clientRequestId": started,
                    "status": "PENDING",
                    "resume": resume_line(&started, id),
                }));
            } else {
                output.stdout(started.as_str());
            }
            Ok(Exit::TimedOut)
        }
        (Err(error), Some(started)) => Err(CliError::from(error).with_hint(format!(
            "Gong continues the deletion; to resume waiting: {}",
            resume_line(&started, id)
        ))),
        (Err(PollError::Request(error)), None) if is_unknown(&error) => {
            Err(CliError::from(error)
                .with_hint("`gong-crm integration show` shows the registered one"))
        }
        (Err(error), None) => Err(error.into()),
    }
}

/// Whether Gong does not know the integration, as far as its answer says so.
fn is_unknown(error: &gong_crm::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::InvalidRequest | ErrorKind::NotFound
    )
}

/// The command that waits for the deletion. The integration can't be looked up any more, so it is
/// named.
fn resume_line(client_request_id: &ClientRequestId, id: IntegrationId) -> String {
    format!("gong-crm status {client_request_id} --wait=24h --integration-id {id}")
}

fn nothing_to_delete(named: Option<IntegrationId>) -> CliError {
    match named {
        Some(id) => CliError::new(
            Exit::Unexpected,
            format!("integration {id} is not registered"),
        )
        .with_hint("`gong-crm integration show` shows the registered one"),
        None => CliError::new(Exit::Unexpected, "no integration is registered")
            .with_hint("a native integration is disconnected by a Gong administrator"),
    }
}

/// Asks for the name at a terminal; elsewhere `--yes` is required.
async fn confirm(integration: &Registered, output: Output) -> Result<(), CliError> {
    let what = format!(
        "integration {} ({}) with all its accounts, contacts, deals, leads and users",
        integration.integration_id,
        described(integration)
    );
    if !std::io::stdin().is_terminal() || output.is_json() {
        return Err(CliError::new(
            Exit::Usage,
            format!("this would delete {what}; nothing was deleted"),
        )
        .with_hint("add --yes to delete it without confirmation"));
    }
    let id = integration.integration_id.to_string();
    let name = integration.name.as_deref().unwrap_or(&id);
    output.status(&format!("This deletes {what}."));
    output.status(&format!("To confirm, type its name, {name}:"));
    let answer = line_of_stdin().await;
    if answer.trim() == name {
        Ok(())
    } else {
        let message = format!("{:?} is not its name; nothing was deleted", answer.trim());
        Err(CliError::new(Exit::Usage, message)
            .with_hint("run the command again and type the name as shown"))
    }
}

/// Reads a line on a separate thread, so that Ctrl-C works meanwhile.
async fn line_of_stdin() -> String {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        drop(std::io::stdin().lock().read_line(&mut line));
        drop(sender.send(line));
    });
    receiver.await.unwrap_or_default()
}
