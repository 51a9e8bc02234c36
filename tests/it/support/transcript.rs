//! The form of a request in snapshots.

use std::fmt::Write as _;

use serde_json::Value;
use wiremock::Request;

/// Headers that say nothing about the client: the server's own address.
const LEFT_OUT: [&str; 1] = ["host"];

/// The requests one after another, numbered.
pub(crate) fn render(requests: &[Request]) -> String {
    let mut text = String::new();
    for (index, request) in requests.iter().enumerate() {
        if index > 0 {
            text.truncate(text.trim_end().len());
            text.push_str("\n\n");
        }
        let _ = write!(text, "### {}\n{}\n", index + 1, line(request));
        let mut headers: Vec<(String, String)> = request
            .headers
            .iter()
            .filter(|(name, _)| !LEFT_OUT.contains(&name.as_str()))
            .map(|(name, value)| {
                let value = value.to_str().unwrap();
                (name.to_string(), masked(name.as_str(), value))
            })
            .collect();
        headers.sort();
        for (name, value) in headers {
            let _ = writeln!(text, "{name}: {value}");
        }
        let body = body(request);
        if !body.is_empty() {
            let _ = write!(text, "\n{body}");
        }
    }
    text
}

/// Method, path and query, the query in the order in which it was sent.
pub(crate) fn line(request: &Request) -> String {
    let mut line = format!("{} {}", request.method, request.url.path());
    if let Some(query) = request.url.query() {
        let _ = write!(line, "?{}", without_ledger_id(query));
    }
    line
}

/// The ids of a ledger contain eight random digits.
fn without_ledger_id(query: &str) -> String {
    let is_ledger_id =
        |part: &str| part.len() == 8 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let parts = query
        .split('-')
        .map(|part| if is_ledger_id(part) { "[LEDGER]" } else { part });
    parts.collect::<Vec<_>>().join("-")
}

fn masked(name: &str, value: &str) -> String {
    match name {
        // A secret, if only a test's; that it is the right one is asserted beside the snapshots.
        "authorization" => {
            let scheme = value.split(' ').next().unwrap();
            format!("{scheme} [CREDENTIALS]")
        }
        // Changes with each release.
        "user-agent" => value.replace(env!("CARGO_PKG_VERSION"), "[VERSION]"),
        // Random; of a fixed length, so that content-length may be shown.
        "content-type" => match boundary(value) {
            Some(boundary) => value.replace(boundary, "[BOUNDARY]"),
            None => value.to_owned(),
        },
        _ => value.to_owned(),
    }
}

fn boundary(content_type: &str) -> Option<&str> {
    let (_, boundary) = content_type
        .strip_prefix("multipart/form-data;")?
        .split_once("boundary=")?;
    Some(boundary.trim_matches('"'))
}

/// JSON laid out; a multipart body with line ends of one kind, so that a file's own final line end
/// shows as an empty line before the closing boundary.
fn body(request: &Request) -> String {
    let content_type = request.headers.get("content-type");
    let content_type = content_type.map_or("", |value| value.to_str().unwrap());
    let text = String::from_utf8(request.body.clone()).unwrap();
    if let Some(boundary) = boundary(content_type) {
        return text.replace(boundary, "[BOUNDARY]").replace("\r\n", "\n");
    }
    if content_type.starts_with("application/json") {
        let json: Value = serde_json::from_str(&text).unwrap();
        return serde_json::to_string_pretty(&json).unwrap();
    }
    text
}
