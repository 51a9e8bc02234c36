//! The way of a push: file after file, each to its end.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Options;
use super::event::Event;
use super::plan::PlannedFile;
use super::records::{self, Records};
use super::report::{FileReport, FileStatus, RecordError, Report};
use super::request_id::Fingerprint;
use crate::client::Client;
use crate::entity::ObjectType;
use crate::error::{Error, ErrorKind};
use crate::id::{ClientRequestId, IntegrationId};
use crate::status::{RequestState, RequestStatus};
use crate::upload::Upload;
use crate::wait::{Patience, WaitError};

/// How often one file is sent anew after a lost or a refused connection.
const MAX_SENDS: u32 = 5;

/// How many times over Gong may have called the same content failed.
const MAX_ATTEMPTS: u32 = 1000;

/// Sends the files one after another.
pub(super) async fn run(
    client: &Client,
    integration_id: IntegrationId,
    options: &Options,
    files: &[PlannedFile],
    mut on_event: impl FnMut(Event<'_>) + Send,
) -> Report {
    on_event(Event::Planned { files });
    let mut reports: Vec<FileReport> = Vec::with_capacity(files.len());
    let mut hopeless = false;
    let mut accounts_changed = false;
    for file in files {
        if hopeless {
            let (path, status) = (file.path.clone(), FileStatus::NotSent);
            reports.push(FileReport::new(path, file.object_type, status));
            continue;
        }
        if accounts_changed && file.object_type > ObjectType::Account {
            accounts_changed = false;
            if !options.settle_time.is_zero() {
                on_event(Event::Settling {
                    pause: options.settle_time,
                });
                client.clock.sleep(options.settle_time).await;
            }
        }
        let mut push = FilePush {
            client,
            integration_id,
            options,
            file,
            on_event: &mut on_event,
        };
        let report = push.run().await;
        accounts_changed |= file.object_type == ObjectType::Account && report.sent;
        hopeless = report.cause.as_ref().is_some_and(is_hopeless);
        on_event(Event::Finished { report: &report });
        reports.push(report);
    }
    Report::new(reports)
}

/// Whether no later call can succeed either.
fn is_hopeless(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Unauthorized
            | ErrorKind::MissingScope
            | ErrorKind::Forbidden
            | ErrorKind::Redirected
            | ErrorKind::Transport
            | ErrorKind::Timeout
            | ErrorKind::UnexpectedAnswer
    )
}

/// One file on its way.
struct FilePush<'a, F> {
    client: &'a Client,
    integration_id: IntegrationId,
    options: &'a Options,
    file: &'a PlannedFile,
    on_event: &'a mut F,
}

/// How Gong came to have a file.
struct Accepted {
    client_request_id: ClientRequestId,
    sent_now: bool,
    /// The end, where it was known on arrival.
    status: Option<RequestStatus>,
}

impl<F: FnMut(Event<'_>) + Send> FilePush<'_, F> {
    async fn run(&mut self) -> FileReport {
        let file = self.file;
        let fingerprint =
            match Fingerprint::of_file(self.integration_id, file.object_type, &file.path).await {
                Ok(fingerprint) => fingerprint,
                Err(error) => return self.report(FileStatus::Failed).with_cause(error),
            };
        let accepted = match self.accept(&fingerprint).await {
            Ok(accepted) => accepted,
            Err((client_request_id, error)) => {
                let unknown = error.is_outcome_unknown();
                let status = if unknown {
                    FileStatus::Unknown
                } else {
                    FileStatus::Failed
                };
                let mut report = self.report(status).with_cause(error);
                report.client_request_id = Some(client_request_id);
                return report;
            }
        };
        (self.on_event)(Event::Accepted {
            file,
            sent_now: accepted.sent_now,
        });
        let waited = match accepted.status {
            Some(status) => Ok(status),
            None => self.wait(&accepted.client_request_id).await,
        };
        let mut report = match waited {
            Ok(status) => self.finished(&status).await,
            Err(WaitError::TimedOut { .. }) => self.report(FileStatus::TimedOut),
            Err(WaitError::Request(error)) => self.report(FileStatus::Unknown).with_cause(error),
        };
        report.client_request_id = Some(accepted.client_request_id);
        report.sent = accepted.sent_now;
        report
    }

    /// Gets the content into Gong under an id that did not fail before.
    async fn accept(
        &mut self,
        fingerprint: &Fingerprint,
    ) -> Result<Accepted, (ClientRequestId, Error)> {
        let mut attempt = 1;
        loop {
            let id = fingerprint.attempt(attempt);
            match self.send(&id).await {
                Ok(Sent::Now) => {
                    return Ok(Accepted {
                        client_request_id: id,
                        sent_now: true,
                        status: None,
                    });
                }
                Ok(Sent::Before(status)) => {
                    let failed = status
                        .as_ref()
                        .is_some_and(|status| status.status == RequestState::Failed);
                    if failed && attempt < MAX_ATTEMPTS {
                        attempt += 1;
                        continue;
                    }
                    let status = status.filter(|status| status.status.is_final());
                    return Ok(Accepted {
                        client_request_id: id,
                        sent_now: false,
                        status,
                    });
                }
                Err(error) => return Err((id, error)),
            }
        }
    }

    /// Sends the content under one id until Gong has it, or until it is clear that it won't.
    async fn send(&mut self, id: &ClientRequestId) -> Result<Sent, Error> {
        let file = self.file;
        let upload = Upload::new(
            self.integration_id,
            file.object_type,
            id.clone(),
            file.path.clone(),
        );
        let mut pauses = self.options.patience.pauses();
        let mut sends = 0;
        loop {
            sends += 1;
            (self.on_event)(Event::Sending {
                file,
                client_request_id: id,
            });
            let on_event = &mut *self.on_event;
            let sent = self
                .client
                .upload(&upload, |bytes| on_event(Event::Sent { file, bytes }))
                .await;
            let error = match sent {
                Ok(()) => return Ok(Sent::Now),
                Err(error) => error,
            };
            if error.kind() == ErrorKind::Conflict {
                // Gong took this id before: its status tells what became of it.
                let status = self.client.request_status(self.integration_id, id).await;
                return Ok(Sent::Before(status.ok()));
            }
            if error.is_outcome_unknown() && self.arrived(id).await {
                return Ok(Sent::Now);
            }
            if !error.is_retryable() || sends >= MAX_SENDS {
                return Err(error);
            }
            let pause = pauses.next().unwrap_or_default();
            let pause = pause.max(error.retry_after().unwrap_or_default());
            if pause > self.options.patience.total {
                return Err(error);
            }
            (self.on_event)(Event::Retrying {
                path: &file.path,
                error: &error,
                pause,
            });
            self.client.clock.sleep(pause).await;
        }
    }

    /// Whether Gong knows the id, though its answer to the upload was lost.
    async fn arrived(&mut self, id: &ClientRequestId) -> bool {
        const QUESTIONS: usize = 3;
        for pause in self.options.patience.pauses().take(QUESTIONS) {
            match self.client.request_status(self.integration_id, id).await {
                Ok(_) => return true,
                Err(_) => {
                    let pause = pause.min(Duration::from_secs(5));
                    self.client.clock.sleep(pause).await;
                }
            }
        }
        false
    }

    async fn wait(&mut self, id: &ClientRequestId) -> Result<RequestStatus, WaitError> {
        let (file, patience): (_, Patience) = (self.file, self.options.patience);
        let on_event = &mut *self.on_event;
        self.client
            .wait(self.integration_id, id, patience, |status| {
                on_event(Event::Polled { file, status });
            })
            .await
    }

    /// The report of a file that Gong has finished with.
    async fn finished(&self, status: &RequestStatus) -> FileReport {
        let lines: BTreeSet<u64> = status.errors.iter().map(|error| error.line).collect();
        let path = self.file.path.clone();
        let records = tokio::task::spawn_blocking(move || records::read(&path, &lines)).await;
        let records: Records = records.ok().and_then(Result::ok).unwrap_or_default();
        let failed = status.status == RequestState::Failed;
        let whole = status.general_error().is_some();
        let errors = status
            .total_error_count
            .unwrap_or(status.errors.len() as u64);
        let succeeded = match status.total_success_count {
            Some(count) => count,
            None if failed => 0,
            None => records.count,
        };
        let mut report = self.report(match (failed, whole || succeeded == 0) {
            (false, _) => FileStatus::Done,
            (true, true) => FileStatus::Failed,
            (true, false) => FileStatus::Partial,
        });
        report.records = records.count;
        report.succeeded = succeeded;
        report.failed = if failed && whole {
            records.count
        } else {
            errors
        };
        report.hidden_errors = status.hidden_errors();
        report.errors = status
            .errors
            .iter()
            .map(|error| RecordError {
                line: error.line,
                source_line: error.line,
                object_id: records.object_ids.get(&error.line).cloned(),
                description: error.description.clone(),
            })
            .collect();
        report
    }

    fn report(&self, status: FileStatus) -> FileReport {
        FileReport::new(self.file.path.clone(), self.file.object_type, status)
    }
}

/// How an upload ended.
enum Sent {
    /// Gong took it from this push.
    Now,
    /// Gong had taken the id before; its status, if it could be asked.
    Before(Option<RequestStatus>),
}
