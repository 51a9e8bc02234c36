//! `gong-crm integration`: from none to one, and back.

use std::io::{BufRead as _, IsTerminal as _};

use gong_crm::integration::{DeletionEvent, EnsureOutcome, Integration as Registered};
use gong_crm::operation::Operation;
use gong_crm::poll::PollPolicy;
use gong_crm::status::RequestState;
use gong_crm::{ClientRequestId, ErrorKind, IntegrationId};

use crate::arguments::Global;
use crate::arguments::integration::{Deletion, Integration, IntegrationAction, Registration};
use crate::connection::Connection;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::request::{self, Request};

pub(crate) async fn run(
    global: &Global,
    integration: &Integration,
    output: &Output,
) -> Result<Exit, Failure> {
    match &integration.action {
        IntegrationAction::Show => show(global, *output).await,
        IntegrationAction::Ensure(wanted) | IntegrationAction::Register(wanted)
            if wanted.dry_run =>
        {
            request::show(&[registration(wanted)], global, *output)?;
            Ok(Exit::Ok)
        }
        IntegrationAction::Ensure(wanted) => ensure(global, wanted, *output).await,
        IntegrationAction::Register(wanted) => register(global, wanted, *output).await,
        IntegrationAction::Delete(deletion) => delete(global, deletion, *output).await,
    }
}

async fn show(global: &Global, output: Output) -> Result<Exit, Failure> {
    let connection = Connection::open(global).await?;
    let integration = connection.client.the_integration().await?;
    print(&integration, output);
    Ok(Exit::Ok)
}

async fn ensure(global: &Global, wanted: &Registration, output: Output) -> Result<Exit, Failure> {
    let connection = Connection::open(global).await?;
    let ensured = connection
        .client
        .ensure_integration(&wanted.name, &wanted.owner_email)
        .await
        .map_err(competing)?;
    let said = match &ensured {
        EnsureOutcome::Unchanged(_) => "adopted",
        EnsureOutcome::Created(_) => "registered",
        other => {
            let found = other.integration();
            return Err(Failure::new(
                Exit::Unexpected,
                format!(
                    "the registered integration {} is {}; wanted was {:?}, owned by {}",
                    found.integration_id,
                    described(found),
                    wanted.name,
                    wanted.owner_email
                ),
            )
            .with_hint(
                "Gong has no renaming: go on with the one that is there, or delete it with all \
                 its records: gong-crm integration delete",
            ));
        }
    };
    let integration = ensured.integration();
    if output.is_json() {
        output.json(&serde_json::json!({
            "outcome": said,
            "integrationId": integration.integration_id,
            "name": integration.name,
            "ownerEmail": integration.owner_email,
        }));
    } else {
        print(integration, output);
        let how = match &ensured {
            EnsureOutcome::Unchanged(_) => "it was registered before",
            _ => "it is registered now",
        };
        output.talk(&format!("{how}; {}", keep(integration.integration_id)));
    }
    Ok(Exit::Ok)
}

async fn register(global: &Global, wanted: &Registration, output: Output) -> Result<Exit, Failure> {
    let connection = Connection::open(global).await?;
    let id = connection
        .client
        .register_integration(&wanted.name, &wanted.owner_email)
        .await
        .map_err(competing)?;
    if output.is_json() {
        output.json(&serde_json::json!({"integrationId": id}));
    } else {
        output.data(&id.to_string());
        output.talk(&keep(id));
    }
    Ok(Exit::Ok)
}

fn registration(wanted: &Registration) -> Request {
    Request::new(Operation::RegisterGenericCrmIntegration)
        .body(&serde_json::json!({"name": wanted.name, "ownerEmail": wanted.owner_email}))
}

fn keep(id: IntegrationId) -> String {
    format!("keep it: export GONG_INTEGRATION_ID={id}")
}

/// A company's native integration is in the way, and none that could be listed.
fn competing(error: gong_crm::Error) -> Failure {
    match error.kind() {
        ErrorKind::Conflict => Failure::from(error).with_hint(
            "a company has one CRM integration, native ones such as Salesforce's included; see \
             whether one of this kind is there with: gong-crm integration show",
        ),
        _ => error.into(),
    }
}

fn print(integration: &Registered, output: Output) {
    if output.is_json() {
        output.json(integration);
    } else {
        output.data(&integration.integration_id.to_string());
        output.talk(&described(integration));
    }
}

fn described(integration: &Registered) -> String {
    let name = integration.name.as_deref().unwrap_or("without a name");
    let owner = integration.owner_email.as_deref().unwrap_or("nobody");
    format!("{name}, owned by {owner}")
}

async fn delete(global: &Global, deletion: &Deletion, output: Output) -> Result<Exit, Failure> {
    let connection = Connection::open(global).await?;
    let client = &connection.client;
    let listed = client.integrations().await?;
    let named = connection.named;
    let integration = listed
        .into_iter()
        .find(|listed| named.is_none_or(|id| id == listed.integration_id))
        .ok_or_else(|| nothing_to_delete(named))?;
    let id = integration.integration_id;
    if deletion.dry_run {
        let request = Request::new(Operation::DeleteGenericCrmIntegration)
            .query("clientRequestId", &ClientRequestId::of_deletion(id, 1))
            .query("integrationId", &id);
        request::show(&[request], global, output)?;
        return Ok(Exit::Ok);
    }
    if !deletion.yes {
        confirm(&integration, output).await?;
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
                let what = if *sent_now { "started" } else { "goes on" };
                output.talk(&format!(
                    "the deletion {client_request_id} {what}; to take it up again: {}",
                    resume_line(client_request_id, id)
                ));
                started = Some(client_request_id.clone());
            }
            DeletionEvent::Polled(status) if !global.no_progress => {
                output.talk(&format!("{}", status.status));
            }
            _ => {}
        })
        .await;
    match (ended, started) {
        (Ok(status), _) if status.status == RequestState::Done => {
            if output.is_json() {
                output.json(
                    &serde_json::json!({"integrationId": id, "status": status.status.as_str()}),
                );
            } else {
                output.data(&format!("{id} is deleted"));
            }
            Ok(Exit::Ok)
        }
        (Ok(status), _) => {
            let said: Vec<&str> = status
                .errors
                .iter()
                .map(|error| error.description.as_str())
                .collect();
            Err(Failure::new(
                Exit::JobFailed,
                format!("Gong could not delete {id}: {}", said.join("; ")),
            ))
        }
        // The time is up as asked for: it is started, and that is all.
        (Err(gong_crm::poll::PollError::TimedOut { .. }), Some(started)) if deletion.no_wait => {
            if output.is_json() {
                output.json(&serde_json::json!({
                    "integrationId": id,
                    "clientRequestId": started,
                    "status": "PENDING",
                    "resume": resume_line(&started, id),
                }));
            } else {
                output.data(started.as_str());
            }
            Ok(Exit::Ok)
        }
        (Err(error), Some(started)) => Err(Failure::from(error).with_hint(format!(
            "it goes on in Gong; take it up again: {}",
            resume_line(&started, id)
        ))),
        (Err(error), None) => Err(error.into()),
    }
}

/// The integration can't be looked up any more, so the line names it.
fn resume_line(client_request_id: &ClientRequestId, id: IntegrationId) -> String {
    format!("gong-crm status {client_request_id} --wait=24h --integration-id {id}")
}

fn nothing_to_delete(named: Option<IntegrationId>) -> Failure {
    match named {
        Some(id) => Failure::new(
            Exit::Unexpected,
            format!("no integration {id} is registered"),
        )
        .with_hint("see which one is: gong-crm integration show"),
        None => Failure::new(Exit::Unexpected, "no integration is registered")
            .with_hint("a native one can't be deleted here: a Gong administrator disconnects it"),
    }
}

/// Asks for the name, at a terminal; elsewhere `--yes` has to be said.
async fn confirm(integration: &Registered, output: Output) -> Result<(), Failure> {
    let told = format!(
        "integration {} ({}) and every account, contact, deal, lead and user that it brought",
        integration.integration_id,
        described(integration)
    );
    if !std::io::stdin().is_terminal() || output.is_json() {
        return Err(Failure::new(
            Exit::Usage,
            format!("this would delete {told}; nothing was deleted"),
        )
        .with_hint("say --yes where nobody can be asked"));
    }
    let id = integration.integration_id.to_string();
    let name = integration.name.as_deref().unwrap_or(&id);
    output.talk(&format!(
        "This deletes {told}.\nType its name, {name}, to go on:"
    ));
    let answer = line_of_stdin().await;
    if answer.trim() == name {
        Ok(())
    } else {
        let message = format!("{:?} is not its name; nothing was deleted", answer.trim());
        Err(Failure::new(Exit::Usage, message)
            .with_hint("run it again and type the name as it is shown"))
    }
}

/// The next line, read on a thread that nobody waits for: Ctrl-C has to get through meanwhile.
async fn line_of_stdin() -> String {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        drop(std::io::stdin().lock().read_line(&mut line));
        drop(sender.send(line));
    });
    receiver.await.unwrap_or_default()
}
