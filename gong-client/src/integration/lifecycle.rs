//! From no integration to one, and from one to none, whatever was there or went before.

use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::integration::Integration;
use crate::poll::{PollError, PollPolicy};
use crate::status::{RequestState, RequestStatus};
use gong_records::ids::{ClientRequestId, IntegrationId};

/// What [`Client::ensure_integration`] found or made.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EnsureOutcome {
    /// One was registered already, and name and owner are the wanted ones.
    Unchanged(Integration),
    /// None was registered: now it is.
    Created(Integration),
    /// One is registered under another name or owner. Nothing was changed; there is no renaming.
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

/// How a deletion goes on.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum DeletionEvent {
    /// Gong has the request; this id asks for its status, in another process too.
    Started {
        /// The request's id.
        client_request_id: ClientRequestId,
        /// Whether it was sent just now; else an earlier request of the same deletion goes on.
        sent_now: bool,
    },
    /// Gong was asked how far it is.
    Polled(RequestStatus),
}

/// Requests under which one integration can be deleted: each was seen to fail before the next.
const ATTEMPTS: u32 = 9;

impl Client {
    /// Makes sure that the integration of this name and owner is registered.
    ///
    /// A company has one CRM integration. One that is there is adopted when it fits; it is never
    /// changed, because Gong has no renaming. Names are compared as they are, addresses without
    /// regard to case; what Gong does not tell counts as fitting.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Conflict`] when Gong refuses a second integration and lists none: the
    /// company's CRM is connected natively. Any [`ErrorKind`] of a call.
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
            return Ok(judged(found, name, owner_email));
        }
        match self.register_integration(name, owner_email).await {
            Ok(integration_id) => Ok(EnsureOutcome::Created(Integration {
                integration_id,
                name: Some(name.to_owned()),
                owner_email: Some(owner_email.to_owned()),
            })),
            // Somebody was faster, or the answer of an earlier try was lost.
            Err(error) if error.kind() == ErrorKind::Conflict || error.is_outcome_unknown() => {
                match self.integrations().await?.into_iter().next() {
                    Some(found) => Ok(judged(found, name, owner_email)),
                    None => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Deletes the integration with all it brought, once, and waits for the end.
    ///
    /// The request's id follows from the integration, so that a deletion whose answer was lost, or
    /// that another process began, is followed and not begun again. Only after one failed is another
    /// sent. With a `policy` of no time, it returns [`PollError::TimedOut`] after the first
    /// question; [`PollPolicy::DELETION`] waits for the day that Gong says it can take.
    ///
    /// # Errors
    ///
    /// [`PollError::TimedOut`] when the time is up, while the deletion goes on in Gong;
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
                // Whether Gong has it, its status tells.
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

fn judged(found: Integration, name: &str, owner_email: &str) -> EnsureOutcome {
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
