//! The handlers of the operations.

mod answer;
mod call;
mod entities_get;
mod entities_upload;
mod entity_schema;
mod integrations;
mod meetings;
mod request_status;
mod users;

pub(crate) use answer::{Answer, Rendered};
pub(crate) use call::Call;
pub(crate) use entities_upload::{AcceptedFile, upload};

use crate::operation::Operation;
use crate::store::State;

/// Carries the operation out on a body that was read whole. The upload is read by [`upload`] instead.
pub(crate) fn carry_out(operation: Operation, state: &mut State, call: &Call<'_>) -> Answer {
    let outcome = match operation {
        Operation::ListIntegrations => integrations::list(state, call),
        Operation::RegisterIntegration => integrations::register(state, call),
        Operation::DeleteIntegration => integrations::delete(state, call),
        Operation::ListSchema => entity_schema::list(state, call),
        Operation::UploadSchema => entity_schema::upload(state, call),
        Operation::GetObjects => entities_get::get(state, call),
        Operation::RequestStatus => request_status::get(state, call),
        Operation::CreateMeeting => meetings::create(state, call),
        Operation::UpdateMeeting => meetings::update(state, call),
        Operation::DeleteMeeting => meetings::delete(state, call),
        Operation::IntegrationStatus => meetings::integration_status(state, call),
        Operation::ListUsers => users::list(state, call),
        Operation::UploadEntities => Err(Answer::error(
            http::StatusCode::BAD_REQUEST,
            "dataFile part is missing",
        )),
    };
    outcome.unwrap_or_else(|rejection| rejection)
}
