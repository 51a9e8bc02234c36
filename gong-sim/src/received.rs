//! The log of received requests.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::time::SystemTime;

use bytes::Bytes;
use http::HeaderMap;
use http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION};
use serde::Serialize;
use serde_json::Value;

/// One request that the simulator received, and the status of its response.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReceivedRequest {
    /// Counts the requests from 1.
    pub sequence: u64,
    /// When it was received, by the simulator's clock.
    pub received_at: SystemTime,
    /// The method, in capitals.
    pub method: String,
    /// The path without the query, as it was sent.
    pub path: String,
    /// The query without its `?`, as it was sent.
    pub query: Option<String>,
    /// The headers in their order, names in small letters. Credentials are masked: the scheme is
    /// shown, the rest is `***`.
    pub headers: Vec<(String, String)>,
    /// How many bytes of the body were received.
    pub body_size: u64,
    /// The status of the response; 0 if there was none.
    pub status: u16,
    /// The request id of the response.
    pub request_id: String,
    /// The fault that was injected.
    pub fault: Option<String>,
    pub(crate) body: Option<Bytes>,
}

impl ReceivedRequest {
    /// The first value of a header, whose name is given in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body as it was received; `None` if it is not kept any more (see
    /// [`Builder::keep_bodies`](crate::Builder::keep_bodies)).
    pub fn body(&self) -> Option<&[u8]> {
        self.body.as_deref()
    }

    /// The body as text.
    pub fn body_text(&self) -> Option<Cow<'_, str>> {
        self.body().map(String::from_utf8_lossy)
    }

    /// Method, path and query on one line.
    pub fn line(&self) -> String {
        match &self.query {
            Some(query) => format!("{} {}?{query}", self.method, self.path),
            None => format!("{} {}", self.method, self.path),
        }
    }
}

impl Serialize for ReceivedRequest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let received_at = jiff::Timestamp::try_from(self.received_at).map(|time| time.to_string());
        let headers: serde_json::Map<String, Value> = self
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().into()))
            .collect();
        serde_json::json!({
            "sequence": self.sequence,
            "receivedAt": received_at.unwrap_or_default(),
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "headers": headers,
            "bodySize": self.body_size,
            "body": self.body_text().map(|text| beginning(&text, BODY_SHOWN).to_owned()),
            "status": self.status,
            "requestId": self.request_id,
            "fault": self.fault,
        })
        .serialize(serializer)
    }
}

/// How many characters of a body a list of requests shows.
pub(crate) const BODY_SHOWN: usize = 2_000;

/// The first so many characters.
pub(crate) fn beginning(text: &str, characters: usize) -> &str {
    text.char_indices()
        .nth(characters)
        .map_or(text, |(end, _)| &text[..end])
}

/// The headers as they may be shown.
pub(crate) fn masked_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            let shown = if [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE].contains(name) {
                match value.split_once(' ') {
                    Some((scheme, _)) if name != COOKIE => format!("{scheme} ***"),
                    _ => "***".to_owned(),
                }
            } else {
                value.into_owned()
            };
            (name.as_str().to_owned(), shown)
        })
        .collect()
}

/// The last requests, and how many there were.
#[derive(Debug)]
pub(crate) struct RequestLog {
    requests: VecDeque<ReceivedRequest>,
    kept: usize,
    body_bytes: usize,
    kept_body_bytes: usize,
    total: u64,
}

impl RequestLog {
    pub(crate) fn new(kept: usize, kept_body_bytes: usize) -> Self {
        Self {
            requests: VecDeque::new(),
            kept,
            body_bytes: 0,
            kept_body_bytes,
            total: 0,
        }
    }

    pub(crate) fn add(&mut self, mut request: ReceivedRequest) {
        self.total += 1;
        request.sequence = self.total;
        self.body_bytes += body_length(&request);
        self.requests.push_back(request);
        self.forget_old_requests();
        self.forget_old_bodies();
    }

    fn forget_old_requests(&mut self) {
        while self.requests.len() > self.kept
            && let Some(oldest) = self.requests.pop_front()
        {
            self.body_bytes -= body_length(&oldest);
        }
    }

    /// How many requests are kept.
    pub(crate) fn kept(&self) -> usize {
        self.kept
    }

    /// Changes how many requests are kept.
    pub(crate) fn set_kept(&mut self, kept: usize) {
        self.kept = kept;
        self.forget_old_requests();
    }

    /// Changes how many bytes of bodies are kept.
    pub(crate) fn set_kept_body_bytes(&mut self, bytes: usize) {
        self.kept_body_bytes = bytes;
        self.forget_old_bodies();
    }

    fn forget_old_bodies(&mut self) {
        if self.body_bytes <= self.kept_body_bytes {
            return;
        }
        for request in &mut self.requests {
            if self.body_bytes <= self.kept_body_bytes {
                return;
            }
            self.body_bytes -= body_length(request);
            // An empty body needs no room.
            if body_length(request) > 0 {
                request.body = None;
            }
        }
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &ReceivedRequest> {
        self.requests.iter()
    }

    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    pub(crate) fn forget(&mut self) {
        self.requests.clear();
        self.body_bytes = 0;
        self.total = 0;
    }
}

fn body_length(request: &ReceivedRequest) -> usize {
    request.body.as_ref().map_or(0, Bytes::len)
}
