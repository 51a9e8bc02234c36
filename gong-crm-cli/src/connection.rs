//! From settings to a client.

use std::sync::Arc;

use gong_crm::rate_limit::RateLimit;
use gong_crm::retry::RetryLimits;
use gong_crm::{Client, Credentials, ErrorKind, IntegrationId};
use gong_sim::Simulator;

use crate::arguments::Global;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::settings::Settings;

/// A client, and the local Gong behind it if there is one: it lives as long as this.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) client: Client,
    pub(crate) simulator: Option<Simulator>,
    /// The integration that was named; none with a local Gong, which has its own.
    pub(crate) named: Option<IntegrationId>,
    integration_id: Option<IntegrationId>,
}

impl Connection {
    /// Opens the way to Gong, or to a local one.
    pub(crate) async fn open(global: &Global) -> Result<Self, Failure> {
        if global.sim {
            return Self::local(global).await;
        }
        Self::with(&Settings::read(global)?, global)
    }

    /// Opens the way to Gong.
    pub(crate) fn with(settings: &Settings, global: &Global) -> Result<Self, Failure> {
        let base_url = settings.base_url.as_ref();
        let client = Client::builder()
            .maybe_base_url(base_url.map(|setting| setting.value.clone()))
            .credentials(settings.credentials()?.value)
            .user_agent(concat!("gong-crm-cli/", env!("CARGO_PKG_VERSION")))
            .ledger(Arc::new(settings.open_ledger()?))
            .rate_limit(RateLimit::new(
                Some(global.calls_per_second),
                Some(global.calls_per_day),
            ))
            .retry_limits(limits(global, RetryLimits::CALL))
            .build()?;
        let named = settings.integration_id.as_ref().map(|id| id.value);
        Ok(Self {
            client,
            simulator: None,
            named,
            integration_id: named,
        })
    }

    async fn local(global: &Global) -> Result<Self, Failure> {
        let simulator = Simulator::builder()
            .without_admin()
            .start()
            .await
            .map_err(|error| {
                Failure::new(
                    Exit::Unexpected,
                    format!("the local Gong can't be started: {error}"),
                )
            })?;
        let integration_id = simulator.register_integration("Local CRM", "admin@acme.example");
        let client = Client::builder()
            .base_url(simulator.base_url())
            .credentials(Credentials::access_key(
                simulator.access_key().to_owned(),
                simulator.access_key_secret().to_owned(),
            ))
            .rate_limit(RateLimit::unlimited())
            .retry_limits(limits(global, RetryLimits::SIMULATOR))
            .build()?;
        Ok(Self {
            client,
            simulator: Some(simulator),
            named: None,
            integration_id: Some(integration_id.into()),
        })
    }

    /// The integration that was named, or the one that is registered.
    pub(crate) async fn integration_id(&self) -> Result<IntegrationId, Failure> {
        match self.integration_id {
            Some(id) => Ok(id),
            None => match self.client.the_integration().await {
                Ok(integration) => Ok(integration.integration_id),
                Err(error) if error.kind() == ErrorKind::MissingScope => Err(Failure::from(error)
                    .with_hint(
                        "name the integration, --integration-id or GONG_INTEGRATION_ID, or add \
                         the scope to the app and have it approved again",
                    )),
                Err(error) => Err(error.into()),
            },
        }
    }
}

/// The limits, with as many tries as were asked for.
pub(crate) fn limits(global: &Global, usual: RetryLimits) -> RetryLimits {
    let mut limits = usual;
    if let Some(retries) = global.retries {
        limits.max_attempts = retries.saturating_add(1);
    }
    limits
}
