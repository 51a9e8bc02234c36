//! Polling the status of an upload or a deletion until it is final.

use std::time::Duration;

use crate::backoff::Pauses;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::retry::{RetryAction, for_idempotent};
use crate::status::RequestStatus;
use gong_records::ids::{ClientRequestId, IntegrationId};

/// How often to check a status, and for how long.
///
/// Gong documents neither a processing time nor an interval. The defaults use few of the 10,000 calls
/// per day: the first check after 2 seconds, each interval half as long again up to 30 seconds, for 30
/// minutes.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct PollPolicy {
    /// The time before the first repeated check.
    pub initial_interval: Duration,
    /// The longest time between two checks.
    pub max_interval: Duration,
    /// When to stop waiting; Gong continues its work.
    pub timeout: Duration,
}

impl PollPolicy {
    /// For uploads.
    pub const UPLOAD: Self = Self {
        initial_interval: Duration::from_secs(2),
        max_interval: Duration::from_secs(30),
        timeout: Duration::from_mins(30),
    };

    /// For the deletion of an integration, which Gong says can take a day.
    pub const DELETION: Self = Self {
        initial_interval: Duration::from_secs(30),
        max_interval: Duration::from_mins(5),
        timeout: Duration::from_hours(25),
    };

    /// For the simulator, which takes no time.
    pub const SIMULATOR: Self = Self {
        initial_interval: Duration::from_millis(5),
        max_interval: Duration::from_millis(50),
        timeout: Duration::from_mins(1),
    };

    /// The same policy with another timeout.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use gong_client::PollPolicy;
    ///
    /// let policy = PollPolicy::UPLOAD.with_timeout(Duration::from_secs(90));
    /// assert_eq!(policy.initial_interval, PollPolicy::UPLOAD.initial_interval);
    /// assert_eq!(policy.timeout, Duration::from_secs(90));
    /// ```
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The endless sequence of pauses.
    pub fn pauses(&self) -> Pauses {
        Pauses::new(self.initial_interval, self.max_interval, 1.5)
    }
}

/// Why polling ended before the request was final.
#[derive(Debug, thiserror::Error)]
pub enum PollError {
    /// The time is up; Gong continues its work.
    #[error("{client_request_id} is still processing after {} s (status checks: {polls})", waited.as_secs())]
    TimedOut {
        /// The upload or deletion.
        client_request_id: ClientRequestId,
        /// How long it waited.
        waited: Duration,
        /// How often the status was checked.
        polls: u32,
        /// The last status.
        last: Option<Box<RequestStatus>>,
    },
    /// A status check failed permanently.
    #[error(transparent)]
    Request(#[from] Error),
}

impl Client {
    /// Checks the status until it is final: done or failed.
    ///
    /// A check that fails for a transient reason is repeated within the same time. An id that Gong does
    /// not know is checked a few more times, because it may be too new.
    ///
    /// # Errors
    ///
    /// [`PollError::TimedOut`] when the time is up, [`PollError::Request`] when a check fails
    /// permanently.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let sim = gong_sim::Simulator::start().await?;
    /// # let client = gong_client::Client::builder().base_url(sim.base_url())
    /// #     .credentials(gong_client::Credentials::access_key(sim.access_key(), sim.access_key_secret()))
    /// #     .build()?;
    /// # let integration_id = sim.register_integration("Acme CRM", "admin@acme.example").into();
    /// use gong_client::{PollPolicy, RequestState, Upload};
    /// use gong_records::ObjectType;
    ///
    /// # sim.set_processing(gong_sim::Processing::Polls(3));
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("stages.ldjson");
    /// # std::fs::write(&path, "{\"objectId\":\"discovery\",\"name\":\"Discovery\"}\n")?;
    /// let upload = Upload::new(integration_id, ObjectType::Stage, "stages-1".parse()?, path);
    /// client.upload(&upload, |_| {}).await?;
    /// let mut polls = 0;
    /// let end = client
    ///     .wait(integration_id, &upload.client_request_id, PollPolicy::SIMULATOR, |_| polls += 1)
    ///     .await?;
    /// assert_eq!(end.status, RequestState::Done);
    /// assert!(polls > 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn wait(
        &self,
        integration_id: IntegrationId,
        client_request_id: &ClientRequestId,
        policy: PollPolicy,
        mut on_poll: impl FnMut(&RequestStatus) + Send,
    ) -> Result<RequestStatus, PollError> {
        /// Status checks after which an id that Gong does not know counts as unknown.
        const NEW_ID_POLLS: u32 = 5;
        /// How many responses that are not Gong's are tolerated.
        const STRANGE_ANSWERS: u32 = 4;
        let mut strange = 0;
        let started = self.clock.monotonic();
        let mut last = None;
        let mut polls = 0;
        for pause in policy.pauses() {
            polls += 1;
            let mut pause = pause;
            match self
                .request_status_once(integration_id, client_request_id)
                .await
            {
                Ok(status) => {
                    on_poll(&status);
                    if status.status.is_final() {
                        return Ok(status);
                    }
                    last = Some(Box::new(status));
                }
                Err(error) if for_idempotent(&error) != RetryAction::GiveUp => {
                    // A proxy's error page may be temporary; if it stays, the server is not Gong.
                    strange += u32::from(error.kind() == ErrorKind::UnexpectedResponse);
                    if strange > STRANGE_ANSWERS {
                        return Err(error.into());
                    }
                    pause = pause.max(error.retry_after().unwrap_or_default());
                }
                Err(error) if may_be_too_new(&error) && polls < NEW_ID_POLLS => {}
                Err(error) => return Err(error.into()),
            }
            let waited = self.clock.monotonic().saturating_sub(started);
            if waited.saturating_add(pause) > policy.timeout {
                let client_request_id = client_request_id.clone();
                return Err(PollError::TimedOut {
                    client_request_id,
                    waited,
                    polls,
                    last,
                });
            }
            self.clock.sleep(pause).await;
        }
        // Unreachable: the pauses never end.
        let client_request_id = client_request_id.clone();
        Err(PollError::TimedOut {
            client_request_id,
            waited: policy.timeout,
            polls,
            last,
        })
    }
}

/// Gong does not document its response for an unknown id; a 404 or a 400 is likely.
fn may_be_too_new(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::InvalidRequest
    )
}
