//! The table of all endpoints under `/_sim/`, from which the router is made.

use axum::Router;
use axum::extract::State;
use axum::middleware::from_fn_with_state;
use axum::response::{Redirect, Response};
use axum::routing::{delete, get, post, put};
use maud::html;
use serde::Serialize;
use serde_json::json;

use super::pages::show;
use super::{access, api, control, data, objects_page, pages};
use crate::shared::SharedRef;

/// One endpoint, as the list of endpoints shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Endpoint {
    method: &'static str,
    path: &'static str,
    /// A summary of the endpoint.
    summary: &'static str,
    /// A body or a query as an example; empty if there is none.
    example: &'static str,
}

/// Writes the router and the list in one go, so that neither can miss an endpoint.
macro_rules! endpoints {
    ($($method:ident $name:literal $path:literal $handler:path, $summary:literal, $example:literal;)*) => {
        const ENDPOINTS: &[Endpoint] = &[$(Endpoint {
            method: $name, path: $path, summary: $summary, example: $example,
        }),*];

        fn routes() -> Router<SharedRef> {
            Router::new()$(.route($path, $method($handler)))*
        }
    };
}

endpoints! {
    get "GET" "/_sim/endpoints" endpoints, "Lists the endpoints", "";
    post "POST" "/_sim/reset" data::reset, "Deletes data, requests and faults; settings and rules stay", "";
    get "GET" "/_sim/integrations" data::integrations, "Lists the registered integrations", "";
    post "POST" "/_sim/integrations" data::register, "Registers an integration; a chosen id is optional", r#"{"name": "Acme CRM", "ownerEmail": "admin@acme.example", "integrationId": "5517027188234205706"}"#;
    post "POST" "/_sim/seed" data::seed, "Imports the lines of a file, which are processed immediately", "?objectType=ACCOUNT";
    get "GET" "/_sim/objects" data::object_counts, "Counts the objects by type", "";
    get "GET" "/_sim/objects/{objectType}" data::objects, "Lists objects by id, as Gong shows them or as they were uploaded", "?form=shown|uploaded&after=ID&limit=1000";
    get "GET" "/_sim/objects/{objectType}/{objectId}" data::object, "Shows one object as it was uploaded, and filed older versions", "";
    get "GET" "/_sim/schemas" data::schemas, "Shows the custom fields by type", "";
    get "GET" "/_sim/uploads" data::uploads, "Lists uploads and deletions with their line errors", "?order=newest-first|oldest-first&limit=1000";
    get "GET" "/_sim/uploads/{clientRequestId}" data::upload, "Shows an upload with its whole file", "";
    get "GET" "/_sim/requests" data::requests, "Lists the last requests, credentials masked, bodies shortened", "";
    delete "DELETE" "/_sim/requests" data::forget_requests, "Deletes the requests", "";
    get "GET" "/_sim/requests/{sequence}" data::request, "Shows a request with its whole body", "";
    get "GET" "/_sim/meetings" data::meetings, "Lists the meetings", "";
    get "GET" "/_sim/users" control::users, "Lists the Gong users", "";
    post "POST" "/_sim/users" control::add_users, "Adds a Gong user, or an array of them", r#"{"email": "ada@acme.example", "consentPage": true, "providerConnected": true}"#;
    get "GET" "/_sim/clock" control::clock, "Shows the simulator's time", "";
    post "POST" "/_sim/clock" control::advance, "Advances the clock", r#"{"advanceSeconds": 60, "advanceMilliseconds": 0}"#;
    get "GET" "/_sim/faults" control::faults, "Lists the faults, and how often each was injected", "";
    post "POST" "/_sim/faults" control::add_faults, "Adds a fault, or an array of them", r#"{"operation": "POST /v2/crm/entities", "nth": [1], "effect": "lose-answer"}"#;
    delete "DELETE" "/_sim/faults" control::clear_faults, "Removes all faults", "";
    get "GET" "/_sim/rules" control::rules, "Lists the rules with their evidence and switches", "";
    post "POST" "/_sim/rules" control::set_rules, "Turns rules on or off", r#"{"duplicate-object-id": false}"#;
    get "GET" "/_sim/settings" control::settings, "Shows the settings", "";
    post "POST" "/_sim/settings" control::set_settings, "Changes settings; omitted settings stay", r#"{"rules": "strict", "processing": {"polls": 2}, "deletion": {"after": 86400000}, "readLagMilliseconds": 0, "accountDelayMilliseconds": 60000, "rateLimit": {"perSecond": 3, "perDay": 10000}, "bodyLimitBytes": 200000000, "readTimeoutMilliseconds": 30000, "keptRequests": 10000, "keptBodyBytes": 16000000, "virtualTime": false, "seed": 0}"#;
    get "GET" "/_sim/credentials" control::credentials, "Lists access keys and the scopes of bearer tokens, without secrets", "";
    post "POST" "/_sim/credentials" control::add_credential, "Accepts one more access key or bearer token", r#"{"bearerToken": "TOKEN", "scopes": ["api:crm:upload"]}"#;
    post "POST" "/_sim/credentials/revoke" control::revoke_credential, "Revokes an access key or bearer token", r#"{"bearerToken": "TOKEN"}"#;
    get "GET" "/_sim/dump" data::dump, "Writes the whole state, one JSON object per line", "";
    put "PUT" "/_sim/dump" data::restore, "Replaces the whole state with a dump", "";
}

/// The router of everything under `/_sim/`.
pub(crate) fn router(shared: SharedRef) -> Router {
    routes()
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
        .route("/_sim/pages/endpoints", get(page))
        .fallback(api::unknown)
        .method_not_allowed_fallback(api::wrong_method)
        .layer(from_fn_with_state(
            SharedRef::clone(&shared),
            access::with_token,
        ))
        // The page there says what is needed.
        .route("/", get(|| async { Redirect::to("/_sim/") }))
        .with_state(shared)
}

async fn endpoints() -> Response {
    api::ok(&json!({ "endpoints": ENDPOINTS }))
}

async fn page(State(_): State<SharedRef>) -> Response {
    let content = html! {
        p {
            "Requests and responses are JSON; errors are " code { "{\"errors\": [\"…\"]}" }
            ". Each request needs " code { "Authorization: Bearer TOKEN" }
            " with the simulator's token. Ids are strings, durations milliseconds. "
            "The same list for programs: " a href="/_sim/endpoints" { "/_sim/endpoints" } "."
        }
        table class="rows" {
            tr { th { "endpoint" } th { "does" } th { "example" } }
            @for endpoint in ENDPOINTS {
                tr {
                    td { code { (endpoint.method) " " (endpoint.path) } }
                    td { (endpoint.summary) }
                    td { code { (endpoint.example) } }
                }
            }
        }
    };
    show("Endpoints", &content)
}
