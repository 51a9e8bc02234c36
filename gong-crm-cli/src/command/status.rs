//! `gong-crm status`: how far an upload or a deletion is.

use gong_crm::poll::PollPolicy;
use gong_crm::status::{RequestState, RequestStatus};

use crate::arguments::{Global, Status};
use crate::connection::Connection;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::table::count;

pub(crate) async fn run(
    global: &Global,
    status: &Status,
    output: &Output,
) -> Result<Exit, Failure> {
    let connection = Connection::open(global).await?;
    let integration_id = connection.integration_id().await?;
    let id = &status.client_request_id;
    let client = &connection.client;
    let answer = match status.wait {
        None => client.request_status(integration_id, id).await?,
        Some(total) => {
            let patience = PollPolicy::UPLOAD.with_timeout(total);
            client.wait(integration_id, id, patience, |_| {}).await?
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
    output.data(answer.status.as_str());
    let counts = [
        (answer.total_success_count, "taken"),
        (
            answer.total_error_count.filter(|errors| *errors > 0),
            "refused",
        ),
    ];
    for (number, what) in counts {
        if let Some(number) = number {
            output.data(&format!("{} {what}", count(number)));
        }
    }
    for error in &answer.errors {
        match error.line {
            0 => output.data(&format!("whole file: {}", error.description)),
            line => output.data(&format!("line {line}: {}", error.description)),
        }
    }
    if answer.unlisted_errors() > 0 {
        output.data(&format!(
            "{} more; Gong lists no more than 20",
            count(answer.unlisted_errors())
        ));
    }
}

fn exit(answer: &RequestStatus) -> Exit {
    match answer.status {
        RequestState::Failed if answer.total_success_count.unwrap_or_default() > 0 => {
            Exit::SomeRejected
        }
        RequestState::Failed => Exit::JobFailed,
        _ => Exit::Ok,
    }
}
