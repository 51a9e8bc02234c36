//! Who may use the doors: programs and pages on this computer, not web sites in its browser.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::{HOST, ORIGIN};
use http::{HeaderMap, StatusCode};

use super::api::Refused;
use crate::shared::SharedRef;

/// Refuses what a foreign web site makes a browser send. The doors ask for no credentials, so the
/// origin is all there is to go by.
pub(super) async fn from_elsewhere(
    State(shared): State<SharedRef>,
    request: Request,
    next: Next,
) -> Response {
    if is_foreign(request.headers(), shared.listens_on_loopback()) {
        let refused = Refused::new(
            StatusCode::FORBIDDEN,
            "requests from other web sites are refused",
        );
        return refused.into_response();
    }
    next.run(request).await
}

fn is_foreign(headers: &HeaderMap, listens_on_loopback: bool) -> bool {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let host = header(HOST).unwrap_or_default();
    // A name that somebody else's DNS made point here is not ours to answer to.
    if listens_on_loopback && !host.is_empty() && !is_local(host) {
        return true;
    }
    header(ORIGIN).is_some_and(|origin| {
        origin.split_once("://").map(|(_, authority)| authority) != Some(host)
    })
}

fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    http::HeaderName::from_static(name),
                    http::HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    #[test]
    fn only_this_computer_is_at_home() {
        for host in [
            "127.0.0.1:8080",
            "localhost:8080",
            "localhost",
            "[::1]:8080",
        ] {
            assert!(!is_foreign(&headers(&[("host", host)]), true), "{host}");
        }
        assert!(is_foreign(&headers(&[("host", "evil.example")]), true));
        assert!(!is_foreign(&headers(&[("host", "gong-sim:8080")]), false));
        let own = [
            ("host", "127.0.0.1:8080"),
            ("origin", "http://127.0.0.1:8080"),
        ];
        assert!(!is_foreign(&headers(&own), true));
        let other = [
            ("host", "127.0.0.1:8080"),
            ("origin", "https://evil.example"),
        ];
        assert!(is_foreign(&headers(&other), true));
        assert!(is_foreign(
            &headers(&[("host", "127.0.0.1:8080"), ("origin", "null")]),
            true
        ));
    }
}
