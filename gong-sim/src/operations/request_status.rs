//! The state of an asynchronous request.

use http::StatusCode;
use serde_json::{Value, json};

use crate::rules::RuleId;
use crate::server::{Answer, Call};
use crate::state::{JobStatus, State};

/// More errors are counted and not listed, as documented.
const LISTED: usize = 20;

pub(super) fn get(state: &mut State, call: &Call<'_>) -> Result<Answer, Answer> {
    call.refuse_unknown_parameters(state.rules)?;
    let client_request_id = call.client_request_id(state.rules)?;
    let integration_id = call.integration_id()?;
    // A finished deletion has taken its integration along, and is still to be asked about, so the
    // job is looked for before the integration.
    let Some(job) = state.jobs.get_mut(integration_id, &client_request_id) else {
        call.known_integration(state)?;
        let message = format!("Client request id [{client_request_id}] was not found");
        let is_bad_request = state.rules.is_on(RuleId::UnknownRequestIs400);
        let status = if is_bad_request {
            StatusCode::BAD_REQUEST
        } else {
            StatusCode::NOT_FOUND
        };
        return Err(Answer::error(status, message));
    };
    job.polls = job.polls.saturating_add(1);
    state.settle();
    let now = state.now();
    let Some(job) = state.jobs.get(integration_id, &client_request_id) else {
        return Err(call.unknown_integration());
    };
    let status = job.status(now);
    let is_over = matches!(status, JobStatus::Done | JobStatus::Failed);
    let listed = if state.rules.is_on(RuleId::StatusListsTwentyErrors) {
        LISTED
    } else {
        usize::MAX
    };
    let errors: Vec<Value> = job
        .outcome
        .errors
        .iter()
        .take(if is_over { listed } else { 0 })
        .map(|error| json!({ "line": error.line, "description": error.description }))
        .collect();
    let count = |count: u32| if is_over { count } else { 0 };
    Ok(Answer::ok(json!({
        "status": status.as_str(),
        "errors": errors,
        "totalErrorCount": count(job.outcome.total_error_count),
        "totalSuccessCount": count(job.outcome.total_success_count),
    })))
}
