//! Accepts the upload of a file: checks its query, and stores its records.

use bytes::Bytes;
use http::StatusCode;
use serde_json::json;

use super::{Answer, Call};
use crate::faults::Effect;
use crate::object_type::ObjectType;
use crate::rules::RuleId;
use crate::store::{FileReader, State, StoredUpload, UploadKind};
use crate::time::later;
use crate::validate::RecordCheck;

/// An upload whose query was found good, and whose body is not read yet.
pub(crate) struct AcceptedQuery {
    object_type: ObjectType,
    integration_id: i64,
    client_request_id: String,
    pub(crate) check: RecordCheck,
}

/// A file that was read completely.
#[derive(Debug)]
pub(crate) struct AcceptedFile {
    pub(crate) reader: FileReader,
    /// The file itself, if it is short enough to be kept.
    pub(crate) content: Option<Bytes>,
}

/// The two halves of an upload, between which the body is read without holding the state's lock.
pub(crate) mod upload {
    use super::{
        AcceptedFile, AcceptedQuery, Answer, Call, Effect, ObjectType, RecordCheck, RuleId, State,
        StatusCode, StoredUpload, UploadKind, json, later,
    };

    /// Checks the query.
    pub(crate) fn check_query(state: &State, call: &Call<'_>) -> Result<AcceptedQuery, Answer> {
        call.reject_unknown_parameters(state.rules)?;
        let object_type = call.object_type(&ObjectType::ALL)?;
        let client_request_id = call.client_request_id(state.rules)?;
        let integration_id = call.known_integration(state)?;
        Call::reject_used_id(state, integration_id, &client_request_id)?;
        let Some(integration) = state.integration(integration_id) else {
            return Err(call.unknown_integration());
        };
        if integration.is_being_deleted && state.rules.is_on(RuleId::DeletingRejectsUploads) {
            return Err(Answer::bad_request("The integration is being deleted"));
        }
        let check = RecordCheck {
            object_type,
            rules: state.rules,
            schema: integration.schema(object_type),
        };
        Ok(AcceptedQuery {
            object_type,
            integration_id,
            client_request_id,
            check,
        })
    }

    /// Accepts the file that was read; a fault may change the result.
    pub(crate) fn accept(
        state: &mut State,
        call: &Call<'_>,
        query: AcceptedQuery,
        file: AcceptedFile,
        effect: Option<&Effect>,
    ) -> Result<Answer, Answer> {
        let AcceptedQuery {
            object_type,
            integration_id,
            client_request_id,
            ..
        } = query;
        // The body took its time: another request may have used the id or deleted the integration.
        Call::reject_used_id(state, integration_id, &client_request_id)?;
        if state.integration(integration_id).is_none() {
            return Err(call.unknown_integration());
        }
        let answer = Answer::new(
            StatusCode::CREATED,
            json!({ "clientRequestId": client_request_id }),
        );
        let (mut outcome, mut staged) = file.reader.finish();
        let (mut accepted_at, mut processing) = (state.now(), state.processing);
        let (mut unknown_until, mut verdict) = (None, None);
        match effect {
            Some(Effect::LoseUpload) => return Ok(answer),
            Some(Effect::FailFile(description)) => {
                outcome.reject_file(description);
                staged.clear();
            }
            Some(Effect::UnknownFor(time)) => {
                accepted_at = later(accepted_at, *time);
                unknown_until = Some(accepted_at);
            }
            Some(Effect::Processing(wanted)) => processing = *wanted,
            Some(Effect::Verdict(wanted)) => {
                if !wanted.is_applied() {
                    staged.clear();
                }
                verdict = Some(wanted.clone());
            }
            _ => {}
        }
        let kind = UploadKind::Records(object_type);
        let mut upload = StoredUpload::new(kind, accepted_at, processing, outcome, staged);
        upload.unknown_until = unknown_until;
        upload.verdict = verdict;
        state
            .uploads
            .add(integration_id, &client_request_id, upload);
        if let Some(content) = file.content {
            let limit = state.kept_body_bytes;
            let uploads = &mut state.uploads;
            uploads.keep_file(integration_id, &client_request_id, content, limit);
        }
        state.changed();
        state.process_due();
        Ok(answer)
    }
}
