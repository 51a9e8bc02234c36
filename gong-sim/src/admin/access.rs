//! Access to the endpoints and pages under `/_sim/`: they need the simulator's token.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::{
    AUTHORIZATION, CACHE_CONTROL, COOKIE, HeaderValue, LOCATION, REFERRER_POLICY, SET_COOKIE,
    WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, Method, StatusCode};
use maud::html;

use super::api::Rejected;
use super::html::link;
use super::pages::show_with;
use crate::http::accepts_html;
use crate::shared::SharedRef;

/// Lets requests with the token pass, and turns the token of a link into a cookie.
pub(super) async fn with_token(
    State(shared): State<SharedRef>,
    request: Request,
    next: Next,
) -> Response {
    let token = shared.admin_token.as_deref().unwrap_or_default();
    let cookie = format!("gong-sim-{}", shared.address.port());
    let mut response = if has_token(request.headers(), &cookie, token) {
        next.run(request).await
    } else if let Some(location) = linked(&request, token) {
        let cookie = format!("{cookie}={token}; Path=/_sim; HttpOnly; SameSite=Strict");
        (
            StatusCode::SEE_OTHER,
            [(LOCATION, location), (SET_COOKIE, cookie)],
        )
            .into_response()
    } else {
        let rejected = if accepts_html(request.headers()) {
            let advice = html! {
                p {
                    "These pages need the simulator's token. Open the link that the simulator printed \
                     when it started: it ends with " code { "/_sim/?token=…" } "."
                }
            };
            show_with(StatusCode::UNAUTHORIZED, "Token needed", &advice)
        } else {
            Rejected::new(
                StatusCode::UNAUTHORIZED,
                "/_sim/ needs the simulator's token: send \"Authorization: Bearer TOKEN\", or open \
                 /_sim/?token=TOKEN in a browser; the simulator prints it when it starts",
            )
            .into_response()
        };
        ([(WWW_AUTHENTICATE, "Bearer")], rejected).into_response()
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (CACHE_CONTROL, "no-store"),
        // With `no-referrer`, browsers would hide the origin of the pages' own forms.
        (REFERRER_POLICY, "same-origin"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn has_token(headers: &HeaderMap, cookie: &str, token: &str) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = text(AUTHORIZATION).and_then(|value| {
        let (scheme, given) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| given.trim())
    });
    let mut cookies = text(COOKIE).unwrap_or_default().split(';');
    let stored = cookies.find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == cookie).then_some(value)
    });
    [bearer, stored]
        .into_iter()
        .flatten()
        .any(|given| is_token(given, token))
}

/// The same address without the token, if the link had it.
fn linked(request: &Request, token: &str) -> Option<String> {
    let query = request.uri().query()?;
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    let is_linked = request.method() == Method::GET
        && pairs
            .iter()
            .any(|(name, value)| name == "token" && is_token(value, token));
    let others: Vec<_> = pairs
        .iter()
        .filter(|(name, _)| name != "token")
        .map(|(name, value)| (&**name, &**value))
        .collect();
    is_linked.then(|| link(request.uri().path(), &others))
}

/// Compares in a time that does not depend on how much of the token is right.
fn is_token(given: &str, token: &str) -> bool {
    let differences = given
        .bytes()
        .zip(token.bytes())
        .fold(0, |differences, (left, right)| differences | (left ^ right));
    !token.is_empty() && given.len() == token.len() && differences == 0
}
