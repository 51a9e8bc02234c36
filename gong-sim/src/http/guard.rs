//! Rejects requests that do not name this simulator, and those that a web site makes a browser
//! send.

use std::net::IpAddr;

use axum::body::Body;
use http::header::{CONTENT_TYPE, HOST, HeaderValue, ORIGIN};
use http::{HeaderMap, HeaderName, Request, Response, StatusCode};
use serde_json::json;

use crate::shared::Shared;

/// The names under which a simulator is called.
#[derive(Debug)]
struct Names<'simulator> {
    /// Only this computer can reach it.
    is_loopback: bool,
    allowed: &'simulator [String],
}

/// What is wrong with a request, and its status.
type Objection = (StatusCode, String);

/// The answer to a request that must not get any further.
pub(super) fn rejection<B>(shared: &Shared, request: &Request<B>) -> Option<Response<Body>> {
    let names = Names {
        is_loopback: shared.listens_on_loopback(),
        allowed: &shared.allowed_hosts,
    };
    let is_absolute = request.uri().authority().is_some();
    let (status, message) = names.check(is_absolute, request.headers()).err()?;
    let body = json!({ "errors": [message] }).to_string();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    for (name, value) in [
        (CONTENT_TYPE, "application/json"),
        (HeaderName::from_static("x-content-type-options"), "nosniff"),
    ] {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
    }
    Some(response)
}

impl Names<'_> {
    /// Checks a request before anything else of it is looked at.
    ///
    /// A page of a foreign site can make a browser send requests to this computer, and can make
    /// its own name point here, so that the browser shows it the answers.
    fn check(&self, is_absolute: bool, headers: &HeaderMap) -> Result<(), Objection> {
        if is_absolute {
            return Err(bad(
                "this is not a proxy: send the path only, and check HTTP_PROXY",
            ));
        }
        let mut hosts = headers.get_all(HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            return Err(bad("send exactly one Host header"));
        };
        let Ok(host) = host.to_str() else {
            return Err(bad("the Host header is not readable"));
        };
        if !self.contains(host) {
            let name = without_port(host);
            return Err(forbidden(format!(
                "Host {name:?} is not a name of this simulator; if it should be, start it with \
                 --allow-host {name}, or .allow_host({name:?}) in Rust"
            )));
        }
        let own_origin = |origin: &HeaderValue| {
            let origin = origin.to_str().unwrap_or_default();
            origin.split_once("://").map(|(_, authority)| authority) == Some(host)
        };
        // A page of another port of this computer is another site too.
        let own_site = |site: &HeaderValue| matches!(site.as_bytes(), b"same-origin" | b"none");
        let is_own = headers.get_all(ORIGIN).iter().all(own_origin)
            && headers.get_all("sec-fetch-site").iter().all(own_site);
        if !is_own {
            return Err(forbidden(
                "requests from other web sites are rejected".to_owned(),
            ));
        }
        Ok(())
    }

    fn contains(&self, host: &str) -> bool {
        let name = without_port(host);
        if name.eq_ignore_ascii_case("localhost") {
            return true;
        }
        // An address cannot be made to point here by somebody else's DNS.
        if let Ok(ip) = name.parse::<IpAddr>() {
            return ip.is_loopback() || !self.is_loopback;
        }
        self.allowed
            .iter()
            .any(|allowed| allowed.eq_ignore_ascii_case(name))
    }
}

fn bad(message: &str) -> Objection {
    (StatusCode::BAD_REQUEST, message.to_owned())
}

fn forbidden(message: String) -> Objection {
    (StatusCode::FORBIDDEN, message)
}

fn without_port(host: &str) -> &str {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    name.trim_start_matches('[').trim_end_matches(']')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(is_loopback: bool, pairs: &[(&'static str, &'static str)]) -> Option<u16> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        let names = Names {
            is_loopback,
            allowed: &["gong-sim".to_owned()],
        };
        let objection = names.check(false, &headers).err();
        objection.map(|(status, _)| status.as_u16())
    }

    #[test]
    fn only_own_names_are_answered() {
        for host in [
            "127.0.0.1:8080",
            "localhost:8080",
            "LOCALHOST",
            "[::1]:8080",
            "gong-sim:8080",
        ] {
            assert_eq!(status(true, &[("host", host)]), None, "{host}");
        }
        for host in ["evil.example", "evil.example:8080", "192.168.1.7:8080", ""] {
            assert_eq!(status(true, &[("host", host)]), Some(403), "{host}");
        }
        assert_eq!(status(false, &[("host", "192.168.1.7:8080")]), None);
        assert_eq!(status(false, &[("host", "evil.example")]), Some(403));
    }

    #[test]
    fn one_host_header_is_needed() {
        assert_eq!(status(true, &[]), Some(400));
        let two = [("host", "localhost"), ("host", "localhost")];
        assert_eq!(status(true, &two), Some(400));
    }

    #[test]
    fn web_sites_other_than_its_own_are_rejected() {
        let host = ("host", "127.0.0.1:8080");
        for (name, value, expected) in [
            ("origin", "http://127.0.0.1:8080", None),
            ("origin", "https://evil.example", Some(403)),
            ("origin", "null", Some(403)),
            ("origin", "http://localhost:8080", Some(403)),
            ("sec-fetch-site", "cross-site", Some(403)),
            ("sec-fetch-site", "same-site", Some(403)),
            ("sec-fetch-site", "CROSS-SITE", Some(403)),
            ("sec-fetch-site", "same-origin", None),
            ("sec-fetch-site", "none", None),
        ] {
            assert_eq!(status(true, &[host, (name, value)]), expected, "{value}");
        }
        let two = ["same-origin", "cross-site"].map(|value| ("sec-fetch-site", value));
        assert_eq!(status(true, &[host, two[0], two[1]]), Some(403));
    }
}
