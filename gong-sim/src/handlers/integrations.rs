//! Registers, lists and deletes the integration.

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::json;

use super::Answer;
use super::call::{Call, reject_bad_address};
use super::meetings::find_user;
use crate::rules::RuleId;
use crate::store::{Outcome, State, StoredUpload, UploadKind};

// Recorded live on 2026-06-12, exact text.
const ALREADY_ACTIVE: &str = "Your organization already has an active GENERIC CRM integration. Only 1 active \
    integration is supported. Please disconnect the existing GENERIC CRM integration before creating a new \
    Generic CRM integration";

pub(super) fn list(state: &mut State, call: &Call<'_>) -> Result<Answer, Answer> {
    call.reject_unknown_parameters(state.rules)?;
    let is_listed = |is_being_deleted: bool| {
        !state.rules.is_on(RuleId::NativeIntegration)
            && (!is_being_deleted || state.rules.is_on(RuleId::DeletingIsListed))
    };
    let integrations: Vec<_> = state
        .integrations
        .iter()
        .filter(|integration| is_listed(integration.is_being_deleted))
        .map(|integration| {
            json!({
                "integrationId": integration.id,
                "ownerEmail": integration.owner_email,
                "name": integration.name,
            })
        })
        .collect();
    if integrations.is_empty() && state.rules.is_on(RuleId::EmptyListIs404) {
        return Err(Answer::error(
            StatusCode::NOT_FOUND,
            "No CRM integration was found",
        ));
    }
    Ok(Answer::ok(json!({ "integrations": integrations })))
}

pub(super) fn register(state: &mut State, call: &Call<'_>) -> Result<Answer, Answer> {
    call.reject_unknown_parameters(state.rules)?;
    let body = call.json_object(state.rules)?;
    body.reject_unknown(state.rules, &["name", "ownerEmail"])?;
    let name = body.mandatory_text("name")?;
    let owner_email = body.mandatory_text("ownerEmail")?;
    reject_bad_address(state.rules, "ownerEmail", owner_email)?;
    if state.rules.is_on(RuleId::OwnerMustBeUser) && find_user(state, owner_email).is_none() {
        return Err(Answer::bad_request(format!(
            "User with email [{owner_email}] was not found"
        )));
    }
    let blocks = |is_being_deleted: bool| {
        !is_being_deleted || state.rules.is_on(RuleId::DeletingBlocksRegistration)
    };
    let is_blocked = state
        .integrations
        .iter()
        .any(|integration| blocks(integration.is_being_deleted));
    if state.rules.is_on(RuleId::NativeIntegration) {
        return Err(Answer::error(StatusCode::CONFLICT, ALREADY_ACTIVE));
    }
    if is_blocked {
        if state.rules.is_on(RuleId::OneIntegration) {
            return Err(Answer::error(StatusCode::CONFLICT, ALREADY_ACTIVE));
        }
        state.integrations.clear();
    }
    let integration_id = state.register(name, owner_email);
    Ok(Answer::ok(json!({ "integrationId": integration_id })))
}

pub(super) fn delete(state: &mut State, call: &Call<'_>) -> Result<Answer, Answer> {
    call.reject_unknown_parameters(state.rules)?;
    let client_request_id = call.client_request_id(state.rules)?;
    let integration_id = call.known_integration(state)?;
    Call::reject_used_id(state, integration_id, &client_request_id)?;
    if let Some(integration) = state.integration_mut(integration_id) {
        integration.is_being_deleted = true;
    }
    let processing = state.deletion.unwrap_or(state.processing);
    let upload = StoredUpload::new(
        UploadKind::IntegrationDeletion,
        state.now(),
        processing,
        Outcome::default(),
        BTreeMap::new(),
    );
    state
        .uploads
        .add(integration_id, &client_request_id, upload);
    state.changed();
    state.process_due();
    Ok(Answer::created(
        json!({ "clientRequestId": client_request_id }),
    ))
}
