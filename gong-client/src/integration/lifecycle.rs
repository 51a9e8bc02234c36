//! Ensuring that an integration exists, and deleting it completely.

use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::integration::Integration;
use crate::poll::{PollError, PollPolicy};
use crate::status::{RequestState, RequestStatus};
use gong_records::ids::{ClientRequestId, IntegrationId};

/// The outcome of [`Client::ensure_integration`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EnsureOutcome {
    /// It was registered already, with this name and owner.
    Unchanged(Integration),
    /// It was registered now.
    Created(Integration),
    /// Another name or owner is registered. Nothing was changed: Gong cannot rename an integration.
    Conflict(Integration),
}

impl EnsureOutcome {
    /// The integration that Gong has now.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let sim = gong_sim::Simulator::start().await?;
    /// # let client = gong_client::Client::builder().base_url(sim.base_url())
    /// #     .credentials(gong_client::Credentials::access_key(sim.access_key(), sim.access_key_secret()))
    /// #     .build()?;
    /// let ensured = client.ensure_integration("Acme CRM", "admin@acme.example").await?;
    /// assert_eq!(ensured.integration().name.as_deref(), Some("Acme CRM"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn integration(&self) -> &Integration {
        match self {
            Self::Unchanged(integration)
            | Self::Created(integration)
            | Self::Conflict(integration) => integration,
        }
    }
}

/// A step of a deletion.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum DeletionEvent {
    /// Gong has the request; its status can be read by this id, also by another process.
    Started {
        /// The request's id.
        client_request_id: ClientRequestId,
        /// Whether it was sent now; otherwise an earlier request for the same deletion continues.
        sent_now: bool,
    },
    /// The status was read.
    Polled(RequestStatus),
}

/// How many deletion requests are sent at most: the next one only after the one before failed.
const ATTEMPTS: u32 = 9;

impl Client {
    /// Makes sure that the integration of this name and owner is registered.
    ///
    /// A company has one CRM integration. An existing one is never changed, because Gong cannot
    /// rename it. Names are compared exactly, addresses without regard to case; properties that
    /// Gong does not return count as equal.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Conflict`] if Gong rejects a second integration and lists none: the company's
    /// CRM is connected natively. Any [`ErrorKind`] of a call.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use gong_client::EnsureOutcome;
    ///
    /// # let sim = gong_sim::Simulator::start().await?;
    /// # let client = gong_client::Client::builder().base_url(sim.base_url())
    /// #     .credentials(gong_client::Credentials::access_key(sim.access_key(), sim.access_key_secret()))
    /// #     .build()?;
    /// let first = client.ensure_integration("Acme CRM", "admin@acme.example").await?;
    /// assert!(matches!(first, EnsureOutcome::Created(_)));
    /// let second = client.ensure_integration("Acme CRM", "Admin@acme.example").await?;
    /// assert!(matches!(second, EnsureOutcome::Unchanged(_)));
    /// let other = client.ensure_integration("Other CRM", "admin@acme.example").await?;
    /// assert!(matches!(other, EnsureOutcome::Conflict(_)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn ensure_integration(
        &self,
        name: &str,
        owner_email: &str,
    ) -> Result<EnsureOutcome, Error> {
        if let Some(found) = self.integrations().await?.into_iter().next() {
            return Ok(compare(found, name, owner_email));
        }
        match self.register_integration(name, owner_email).await {
            Ok(integration_id) => Ok(EnsureOutcome::Created(Integration {
                integration_id,
                name: Some(name.to_owned()),
                owner_email: Some(owner_email.to_owned()),
            })),
            // Another process was faster, or the response to an earlier attempt was lost.
            Err(error) if error.kind() == ErrorKind::Conflict || error.is_outcome_unknown() => {
                match self.integrations().await?.into_iter().next() {
                    Some(found) => Ok(compare(found, name, owner_email)),
                    None => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Deletes the integration and all of its data, and waits until that is done.
    ///
    /// The request's id is derived from the integration, so that a deletion whose response was lost, or
    /// that another process started, is continued instead of started again. Another request is sent
    /// only after one failed. With a `policy` without time, it returns [`PollError::TimedOut`] after
    /// the first status check; [`PollPolicy::DELETION`] waits for the day that Gong says it can take.
    ///
    /// # Errors
    ///
    /// [`PollError::TimedOut`] when the time is up, while Gong continues the deletion;
    /// [`PollError::Request`] for a failed call.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use gong_client::{PollPolicy, RequestState};
    ///
    /// # let sim = gong_sim::Simulator::start().await?;
    /// # let client = gong_client::Client::builder().base_url(sim.base_url())
    /// #     .credentials(gong_client::Credentials::access_key(sim.access_key(), sim.access_key_secret()))
    /// #     .build()?;
    /// let id = client.register_integration("Acme CRM", "admin@acme.example").await?;
    /// let end = client.delete_integration_and_wait(id, PollPolicy::SIMULATOR, |_| {}).await?;
    /// assert_eq!(end.status, RequestState::Done);
    /// assert!(client.integrations().await?.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn delete_integration_and_wait(
        &self,
        integration_id: IntegrationId,
        policy: PollPolicy,
        mut on_event: impl FnMut(&DeletionEvent) + Send,
    ) -> Result<RequestStatus, PollError> {
        let mut attempt = 1;
        loop {
            let id = ClientRequestId::of_deletion(integration_id, attempt);
            let sent_now = match self.delete_integration(integration_id, &id).await {
                Ok(()) => true,
                Err(error) if error.kind() == ErrorKind::Conflict => false,
                // Its status says whether Gong has it.
                Err(error) if error.is_outcome_unknown() => true,
                Err(error) => return Err(error.into()),
            };
            on_event(&DeletionEvent::Started {
                client_request_id: id.clone(),
                sent_now,
            });
            let end = self
                .wait(integration_id, &id, policy, |status| {
                    on_event(&DeletionEvent::Polled(status.clone()));
                })
                .await?;
            let failed_before = !sent_now && end.status == RequestState::Failed;
            if !failed_before || attempt == ATTEMPTS {
                return Ok(end);
            }
            attempt += 1;
        }
    }
}

fn compare(found: Integration, name: &str, owner_email: &str) -> EnsureOutcome {
    let same_name = found.name.as_deref().is_none_or(|found| found == name);
    let same_owner = found
        .owner_email
        .as_deref()
        .is_none_or(|found| found.eq_ignore_ascii_case(owner_email));
    if same_name && same_owner {
        EnsureOutcome::Unchanged(found)
    } else {
        EnsureOutcome::Conflict(found)
    }
}
