//! Which requests came in, for tests and people to look at.

use std::collections::VecDeque;
use std::time::SystemTime;

use http::HeaderMap;
use http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION};
use serde::Serialize;
use serde_json::Value;

/// One request that the simulator received, as it looked and as it was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReceivedRequest {
    /// Counts the requests from 1.
    pub sequence: u64,
    /// When it came in, by the simulator's clock.
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
    /// The status it was answered with; 0 if it was not answered at all.
    pub status: u16,
    /// The request id of the answer.
    pub request_id: String,
    /// The fault that struck it.
    pub fault: Option<String>,
}

impl ReceivedRequest {
    /// The first value of a header, whose name is given in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
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
            "status": self.status,
            "requestId": self.request_id,
            "fault": self.fault,
        })
        .serialize(serializer)
    }
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
    total: u64,
}

impl RequestLog {
    pub(crate) fn new(kept: usize) -> Self {
        Self {
            requests: VecDeque::new(),
            kept,
            total: 0,
        }
    }

    pub(crate) fn add(&mut self, mut request: ReceivedRequest) {
        self.total += 1;
        request.sequence = self.total;
        self.requests.push_back(request);
        while self.requests.len() > self.kept {
            self.requests.pop_front();
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
        self.total = 0;
    }
}
