//! Connects to Gong as the settings say.

use gong_crm::rate_limit::RateLimit;
use gong_crm::retry::RetryLimits;
use gong_crm::{Client, Credentials, ErrorKind, IntegrationId};
use gong_sim::Simulator;

use crate::args::Global;
use crate::config::settings::Settings;
use crate::error::CliError;
use crate::exit::Exit;

/// A client, and with --sim the simulator behind it, which lives as long as this.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) client: Client,
    pub(crate) simulator: Option<Simulator>,
    /// The integration that the settings name; `None` with --sim, which has its own.
    pub(crate) named: Option<IntegrationId>,
    integration_id: Option<IntegrationId>,
}

impl Connection {
    /// Connects to Gong, or to a simulator.
    pub(crate) async fn open(global: &Global) -> Result<Self, CliError> {
        if global.sim {
            return Self::simulator(global).await;
        }
        Self::with(&Settings::read(global)?, global).await
    }

    /// Connects to Gong.
    pub(crate) async fn with(settings: &Settings, global: &Global) -> Result<Self, CliError> {
        let mut builder = Client::builder();
        if let Some(base_url) = &settings.base_url {
            builder = builder.base_url(&base_url.value);
        }
        let client = builder
            .credentials(settings.credentials()?.value)
            .user_agent(concat!("gong-crm-cli/", env!("CARGO_PKG_VERSION")))
            .ledger(settings.open_ledger().await?)
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

    async fn simulator(global: &Global) -> Result<Self, CliError> {
        let simulator = Simulator::builder()
            .without_admin()
            .start()
            .await
            .map_err(|error| {
                CliError::new(
                    Exit::Unexpected,
                    format!("the simulator could not be started: {error}"),
                )
            })?;
        let integration_id = simulator.register_integration("Simulated CRM", "admin@acme.example");
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

    /// The integration that the settings name, the only one that the ledger knows, or the registered
    /// one: where the ledger knows it, no call is made.
    pub(crate) async fn known_integration_id(&self) -> Result<IntegrationId, CliError> {
        if self.integration_id.is_none() {
            let known = self.client.ledger().integrations().await;
            let known = known.map_err(|error| CliError::from_ledger(&error))?;
            let mut here = known
                .into_iter()
                .filter(|(base_url, _)| base_url == self.client.base_url());
            if let (Some((_, only)), None) = (here.next(), here.next()) {
                return Ok(only);
            }
        }
        self.integration_id().await
    }

    /// The integration that the settings name, or the registered one.
    pub(crate) async fn integration_id(&self) -> Result<IntegrationId, CliError> {
        match self.integration_id {
            Some(id) => Ok(id),
            None => match self.client.the_integration().await {
                Ok(integration) => {
                    self.note_registered(Some(integration.integration_id))
                        .await?;
                    Ok(integration.integration_id)
                }
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    self.note_registered(None).await?;
                    Err(error.into())
                }
                Err(error) if error.kind() == ErrorKind::MissingScope => Err(CliError::from(error)
                    .with_hint(
                        "set --integration-id or GONG_INTEGRATION_ID, or add the scope to the app \
                         and have it approved again",
                    )),
                Err(error) => Err(error.into()),
            },
        }
    }
}

impl Connection {
    /// Lets the next sync look at once at integrations that the ledger knows and that are not registered
    /// any more.
    async fn note_registered(&self, registered: Option<IntegrationId>) -> Result<(), CliError> {
        let (client, ledger) = (&self.client, self.client.ledger());
        let known = ledger.integrations().await;
        for (base_url, id) in known.map_err(|error| CliError::from_ledger(&error))? {
            if base_url == client.base_url() && registered != Some(id) {
                let looked = ledger.look_again(&base_url, id).await;
                looked.map_err(|error| CliError::from_ledger(&error))?;
            }
        }
        Ok(())
    }
}

/// The limits with the number of retries that the arguments name.
pub(crate) fn limits(global: &Global, default: RetryLimits) -> RetryLimits {
    let mut limits = default;
    if let Some(retries) = global.max_retries {
        limits.max_attempts = retries.saturating_add(1);
    }
    limits
}
