//! The doors under `/_sim/`: for clients in any language, and for people with a browser.

mod api;
mod guard;
mod html;
mod objects_page;
mod pages;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use crate::shared::SharedRef;

/// The router of everything under `/_sim/`.
pub(crate) fn router(shared: SharedRef) -> Router {
    Router::new()
        .route("/_sim", get(pages::to_start))
        .route("/_sim/", get(pages::start))
        .route(
            "/_sim/pages/objects/{object_type}",
            get(objects_page::objects),
        )
        .route("/_sim/pages/uploads", get(pages::uploads))
        .route("/_sim/pages/upload", get(pages::upload))
        .route("/_sim/pages/requests", get(pages::requests))
        .route(
            "/_sim/pages/rules",
            get(pages::rules).post(pages::switch_rule),
        )
        .route("/_sim/reset", post(api::reset))
        .route("/_sim/seed", post(api::seed))
        .route("/_sim/integration", post(api::register))
        .route("/_sim/dump", get(api::dump).put(api::restore))
        .route(
            "/_sim/requests",
            get(api::requests).delete(api::forget_requests),
        )
        .route("/_sim/clock", get(api::clock).post(api::advance))
        .route(
            "/_sim/faults",
            get(api::faults)
                .post(api::add_faults)
                .delete(api::clear_faults),
        )
        .route("/_sim/rules", get(api::rules).post(api::set_rules))
        .route("/_sim/settings", get(api::settings).post(api::set_settings))
        .route("/_sim/users", get(api::users).post(api::add_users))
        .route("/_sim/uploads", get(api::uploads))
        .fallback(api::unknown)
        .method_not_allowed_fallback(api::wrong_method)
        .layer(from_fn_with_state(
            SharedRef::clone(&shared),
            guard::from_elsewhere,
        ))
        .with_state(shared)
}
