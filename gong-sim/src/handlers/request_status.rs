//! The status of an asynchronous request.

use http::StatusCode;
use serde_json::{Value, json};

use super::{Answer, Call};
use crate::rules::RuleId;
use crate::store::{State, StoredUpload, UploadStatus};

/// The documented maximum of listed errors; more are counted only.
const LISTED: usize = 20;

pub(super) fn get(state: &mut State, call: &Call<'_>) -> Result<Answer, Answer> {
    call.reject_unknown_parameters(state.rules)?;
    let client_request_id = call.client_request_id(state.rules)?;
    let integration_id = call.integration_id()?;
    // A finished deletion has removed its integration, and its status can still be asked for, so the
    // upload is looked up before the integration.
    let now = state.now();
    let known = state.uploads.get_mut(integration_id, &client_request_id);
    let Some(upload) = known.filter(|upload| !upload.is_unknown(now)) else {
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
    upload.polls = upload.polls.saturating_add(1);
    state.process_due();
    let Some(upload) = state.uploads.get(integration_id, &client_request_id) else {
        return Err(call.unknown_integration());
    };
    Ok(Answer::ok(verdict(upload, state)))
}

fn verdict(upload: &StoredUpload, state: &State) -> Value {
    let on = |rule| state.rules.is_on(rule);
    let status = upload.status(state.now());
    let is_over = matches!(status, UploadStatus::Done | UploadStatus::Failed);
    let outcome = &upload.outcome;
    let listed = if !is_over {
        0
    } else if on(RuleId::StatusListsTwentyErrors) {
        LISTED
    } else {
        usize::MAX
    };
    let errors: Vec<Value> = outcome
        .errors
        .iter()
        .take(listed)
        .map(|error| json!({ "line": error.line, "description": error.description }))
        .collect();
    let mut successes = outcome.total_success_count;
    if on(RuleId::SuccessCountsChanges) {
        successes = outcome.changed_count.unwrap_or(successes);
    }
    if on(RuleId::SuccessCountIsShort) {
        successes = successes.saturating_sub(1);
    }
    let count = |count: u32| if is_over { count } else { 0 };
    let mut answer = json!({
        "status": status.as_str(),
        "errors": errors,
        "totalErrorCount": count(outcome.total_error_count),
    });
    if on(RuleId::StatusCountsSuccesses) {
        answer["totalSuccessCount"] = count(successes).into();
    }
    if is_over && let Some(verdict) = &upload.verdict {
        verdict.write_over(&mut answer);
    }
    answer
}
