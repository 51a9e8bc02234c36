//! The CRM integration: registering, listing and deleting it.

use gong_api_gen::types;

mod lifecycle;

pub use lifecycle::{DeletionEvent, EnsureOutcome};

use crate::client::Client;
use crate::error::{Error, ErrorKind, Inner};
use crate::operation::Operation;
use gong_records::ids::{ClientRequestId, IntegrationId};

/// A registered CRM integration.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Integration {
    /// Its id, which every other call names.
    pub integration_id: IntegrationId,
    /// The CRM's name.
    pub name: Option<String>,
    /// The email address of its owner.
    pub owner_email: Option<String>,
}

impl Client {
    /// Lists the integration that was registered through the API; there is at most one.
    ///
    /// A company whose CRM is connected natively (Salesforce and the like) gets an empty list. Gong
    /// does not document whether none is an empty list or a 404: both count as none.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`] of a call but `NotFound`.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let sim = gong_sim::Simulator::start().await?;
    /// # let client = gong_client::Client::builder().base_url(sim.base_url())
    /// #     .credentials(gong_client::Credentials::access_key(sim.access_key(), sim.access_key_secret()))
    /// #     .build()?;
    /// assert!(client.integrations().await?.is_empty());
    /// let id = client.register_integration("Acme CRM", "admin@acme.example").await?;
    /// assert_eq!(client.integrations().await?[0].integration_id, id);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn integrations(&self) -> Result<Vec<Integration>, Error> {
        let operation = Operation::ListGenericCrmIntegration;
        let call = || self.raw().list_generic_crm_integration();
        let answer = match self.call_idempotent(operation, call).await {
            Ok(answer) => answer,
            // Only as Gong's JSON: a page of another server means a wrong base URL.
            Err(error) if error.kind() == ErrorKind::NotFound && error.body().is_none() => {
                return Ok(Vec::new());
            }
            Err(error) => return Err(error),
        };
        // What can't be read says nothing of which integrations there are.
        let unreadable = || {
            Error::from_inner(Inner {
                kind: Some(ErrorKind::UnexpectedResponse),
                message: "the response has no list of integrations with their ids".to_owned(),
                operation: Some(operation),
                request_id: answer.request_id.clone(),
                ..Inner::default()
            })
        };
        let integrations = answer.integrations.ok_or_else(unreadable)?;
        let integrations = integrations.into_iter().map(integration);
        integrations.collect::<Option<_>>().ok_or_else(unreadable)
    }

    /// The one registered integration.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] when none is registered; any [`ErrorKind`] of a call.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let sim = gong_sim::Simulator::start().await?;
    /// # let client = gong_client::Client::builder().base_url(sim.base_url())
    /// #     .credentials(gong_client::Credentials::access_key(sim.access_key(), sim.access_key_secret()))
    /// #     .build()?;
    /// let id = client.register_integration("Acme CRM", "admin@acme.example").await?;
    /// assert_eq!(client.the_integration().await?.integration_id, id);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn the_integration(&self) -> Result<Integration, Error> {
        self.integrations()
            .await?
            .into_iter()
            .next()
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::NotFound,
                    "no CRM integration is registered with Gong, or the company's CRM is connected \
                 natively; register one first",
                )
            })
    }

    /// Registers an integration. A company can have one, and it cannot be renamed.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Conflict`] when one is active already, a native one included; any [`ErrorKind`]
    /// of a call.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let sim = gong_sim::Simulator::start().await?;
    /// # let client = gong_client::Client::builder().base_url(sim.base_url())
    /// #     .credentials(gong_client::Credentials::access_key(sim.access_key(), sim.access_key_secret()))
    /// #     .build()?;
    /// use gong_client::ErrorKind;
    ///
    /// client.register_integration("Acme CRM", "admin@acme.example").await?;
    /// let second = client.register_integration("Other CRM", "admin@acme.example").await.unwrap_err();
    /// assert_eq!(second.kind(), ErrorKind::Conflict);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn register_integration(
        &self,
        name: &str,
        owner_email: &str,
    ) -> Result<IntegrationId, Error> {
        let body = types::GenericCrmRegistrationRequest {
            name: name.to_owned(),
            owner_email: owner_email.to_owned(),
        };
        let operation = Operation::RegisterGenericCrmIntegration;
        let call = || self.raw().register_generic_crm_integration(&body);
        let answer = self.call_once(operation, call).await?;
        let Some(integration_id) = answer.integration_id else {
            return Err(Error::from_inner(Inner {
                kind: Some(ErrorKind::UnexpectedResponse),
                message: "the response has no integrationId".to_owned(),
                operation: Some(operation),
                request_id: answer.request_id,
                outcome_unknown: true,
                ..Inner::default()
            }));
        };
        Ok(integration_id.into())
    }

    /// Starts to delete the integration and all of its data in Gong.
    ///
    /// Gong works on it in the background, for up to 24 hours; ask
    /// [`request_status`](Self::request_status) for the same id.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Conflict`] when the id was used before; any [`ErrorKind`] of a call.
    pub async fn delete_integration(
        &self,
        integration_id: IntegrationId,
        client_request_id: &ClientRequestId,
    ) -> Result<(), Error> {
        let id = client_request_id.as_str();
        let call = || {
            self.raw()
                .delete_generic_crm_integration(id, integration_id.get())
        };
        self.call_once(Operation::DeleteGenericCrmIntegration, call)
            .await
            .map(drop)
            .map_err(|error| error.with_client_request_id(client_request_id))
    }
}

fn integration(answer: types::GenericCrmIntegration) -> Option<Integration> {
    Some(Integration {
        integration_id: answer.integration_id?.into(),
        name: answer.name,
        owner_email: answer.owner_email,
    })
}
