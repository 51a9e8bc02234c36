//! `gong-crm status`: Gong's status of an upload or a deletion.

use gong_crm::poll::PollPolicy;
use gong_crm::status::{RequestState, RequestStatus};

use crate::args::Global;
use crate::args::status::Status;
use crate::connection::Connection;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::output::table::count;

pub(crate) async fn run(
    global: &Global,
    status: &Status,
    output: &Output,
) -> Result<Exit, CliError> {
    let connection = Connection::open(global).await?;
    let integration_id = connection.integration_id().await?;
    let id = &status.client_request_id;
    let client = &connection.client;
    let answer = match status.wait {
        None => client.request_status(integration_id, id).await?,
        Some(timeout) => {
            let policy = PollPolicy::UPLOAD.with_timeout(timeout);
            client.wait(integration_id, id, policy, |_| {}).await?
        }
    };
    if output.is_json() {
        output.json(&answer);
    } else {
        print(&answer, *output);
    }
    Ok(exit(&answer))
}

fn print(answer: &RequestStatus, output: Output) {
    output.stdout(answer.status.as_str());
    let errors = answer.total_error_count.filter(|errors| *errors > 0);
    for (number, what) in [
        (answer.total_success_count, "accepted"),
        (errors, "rejected"),
    ] {
        if let Some(number) = number {
            output.stdout(&format!("{} {what}", count(number)));
        }
    }
    for error in &answer.errors {
        match error.line {
            0 => output.stdout(&format!("whole file: {}", error.description)),
            line => output.stdout(&format!("line {line}: {}", error.description)),
        }
    }
    if answer.unlisted_errors() > 0 {
        output.stdout(&format!(
            "{} more that Gong does not list; it lists at most 20",
            count(answer.unlisted_errors())
        ));
    }
}

fn exit(answer: &RequestStatus) -> Exit {
    let has_errors = !answer.errors.is_empty() || answer.total_error_count.unwrap_or_default() > 0;
    match answer.status {
        RequestState::Failed if answer.total_success_count.unwrap_or_default() > 0 => {
            Exit::Rejected
        }
        RequestState::Failed => Exit::Failed,
        RequestState::Done if has_errors => Exit::Rejected,
        _ => Exit::Ok,
    }
}
