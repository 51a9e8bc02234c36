//! The doors under `/_sim/`.

use axum::Router;

use crate::server::SharedRef;

pub(crate) fn router(_shared: SharedRef) -> Router {
    Router::new()
}
