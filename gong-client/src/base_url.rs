//! The base URL of a company's Gong API.

use url::Url;

use crate::error::{Error, ErrorKind};

/// The origin of Gong's API, from the configured base URL with or without `/v2`.
///
/// Gong gives each company its own host, shown at
/// <https://app.gong.io/company/api-authentication>.
pub(crate) fn normalize(text: &str) -> Result<String, Error> {
    let fail = |why: String| {
        Error::new(
            ErrorKind::Configuration,
            format!("the base URL {why}; it looks like https://us-12345.api.gong.io"),
        )
    };
    let text = text.trim();
    let url = Url::parse(text).map_err(|error| fail(format!("is not a URL ({error})")))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(fail(
            "contains a user name or a password, which belong into the credentials".to_owned(),
        ));
    }
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => {
            return Err(fail(
                "must begin with https://, or the credentials could be read on the way".to_owned(),
            ));
        }
        other => return Err(fail(format!("begins with {other}: instead of https:"))),
    }
    if url.host_str().is_none() {
        return Err(fail("has no host".to_owned()));
    }
    match url.path().trim_end_matches('/') {
        "" | "/v2" => Ok(url.origin().ascii_serialization()),
        path => Err(fail(format!("has the path {path}"))),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_url_is_accepted_with_and_without_version() {
        for text in [
            "https://us-12345.api.gong.io",
            "https://us-12345.api.gong.io/",
            "https://us-12345.api.gong.io/v2",
            " https://us-12345.api.gong.io/v2/ ",
        ] {
            assert_eq!(
                normalize(text).unwrap(),
                "https://us-12345.api.gong.io",
                "{text}"
            );
        }
        assert_eq!(
            normalize("http://127.0.0.1:8080").unwrap(),
            "http://127.0.0.1:8080"
        );
        assert_eq!(
            normalize("http://localhost:8080/v2").unwrap(),
            "http://localhost:8080"
        );
    }

    #[test]
    fn base_url_that_would_leak_or_miss_is_rejected() {
        for (text, part) in [
            ("http://api.gong.io", "https://"),
            ("api.gong.io", "not a URL"),
            ("ftp://api.gong.io", "ftp:"),
            ("https://key:secret@api.gong.io", "credentials"),
            ("https://api.gong.io/v2/crm", "/v2/crm"),
        ] {
            let message = normalize(text).unwrap_err().to_string();
            assert!(message.contains(part), "{text}: {message}");
            assert!(!message.contains("secret"), "{message}");
        }
    }
}
