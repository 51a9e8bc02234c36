//! A server that answers with a script and records the requests.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gong_crm::Client;
use gong_crm::push::ACCOUNT_DELAY;
use serde_json::Value;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::clock::RecordingClock;
use super::{timeless_client, transcript};

/// What happened, one line each.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn add(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }

    fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// The action of the server for one request.
#[derive(Debug)]
pub(crate) enum Step {
    /// It responds.
    Answer {
        status: u16,
        headers: &'static [(&'static str, &'static str)],
        body: Value,
    },
    /// It takes the whole request and closes the connection.
    Lose,
}

/// A response without further headers.
pub(crate) fn answer(status: u16, body: Value) -> Step {
    Step::Answer {
        status,
        headers: &[],
        body,
    }
}

/// A server that takes one step a request, and the client that calls it.
pub(crate) struct Scripted {
    server: MockServer,
    log: Log,
    pub(crate) clock: Arc<RecordingClock>,
    pub(crate) client: Client,
}

impl Scripted {
    pub(crate) async fn start(steps: impl IntoIterator<Item = Step>) -> Self {
        let server = MockServer::start().await;
        let log = Log::default();
        let mut exact = vec![ACCOUNT_DELAY];
        for step in steps {
            let log = log.clone();
            let mock = Mock::given(any());
            let mock = match step {
                Step::Answer {
                    status,
                    headers,
                    body,
                } => {
                    let mut template = ResponseTemplate::new(status).set_body_json(body);
                    for (name, value) in headers {
                        if *name == "retry-after" {
                            exact.push(Duration::from_secs(value.parse().unwrap()));
                        }
                        template = template.insert_header(*name, *value);
                    }
                    mock.respond_with(move |request: &Request| {
                        log.add(format!("{} -> {status}", transcript::line(request)));
                        template.clone()
                    })
                }
                Step::Lose => mock.respond_with_err(move |request: &Request| {
                    log.add(format!("{} -> no answer", transcript::line(request)));
                    io::Error::from(io::ErrorKind::ConnectionReset)
                }),
            };
            mock.up_to_n_times(1).expect(1).mount(&server).await;
        }
        let clock = RecordingClock::new(exact, log.clone());
        let client = timeless_client(&server.uri(), clock.clone());
        Self {
            server,
            log,
            clock,
            client,
        }
    }

    /// The transcript. The script must have been played completely, with no other requests.
    pub(crate) async fn transcript(self) -> String {
        self.server.verify().await;
        let lines = self.log.lines();
        let asked = lines.iter().filter(|line| line.contains(" -> ")).count();
        let received = self.server.received_requests().await.unwrap();
        assert_eq!(
            received.len(),
            asked,
            "requests beyond the script, after:\n{}",
            lines.join("\n")
        );
        lines.join("\n")
    }
}
