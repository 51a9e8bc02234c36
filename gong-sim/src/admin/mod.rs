//! The doors under `/_sim/`: for clients in any language, and for people with a browser.

mod doors;
mod guard;
mod html;
mod objects_page;
mod pages;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use crate::server::SharedRef;

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
        .route("/_sim/reset", post(doors::reset))
        .route("/_sim/seed", post(doors::seed))
        .route("/_sim/integration", post(doors::register))
        .route("/_sim/dump", get(doors::dump).put(doors::restore))
        .route(
            "/_sim/requests",
            get(doors::requests).delete(doors::forget_requests),
        )
        .route("/_sim/clock", get(doors::clock).post(doors::advance))
        .route(
            "/_sim/faults",
            get(doors::faults)
                .post(doors::add_faults)
                .delete(doors::clear_faults),
        )
        .route("/_sim/rules", get(doors::rules).post(doors::set_rules))
        .route(
            "/_sim/settings",
            get(doors::settings).post(doors::set_settings),
        )
        .route("/_sim/users", get(doors::users).post(doors::add_users))
        .route("/_sim/uploads", get(doors::uploads))
        .fallback(doors::unknown)
        .method_not_allowed_fallback(doors::wrong_method)
        .layer(from_fn_with_state(
            SharedRef::clone(&shared),
            guard::from_elsewhere,
        ))
        .with_state(shared)
}
