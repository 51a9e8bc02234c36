//! Whether Gong has one particular version of a record.

use gong_records::record::Record;

use super::Client;
use crate::IntegrationId;
use crate::ledger::{LedgerError, VersionState};

impl Client {
    /// Whether Gong has this version of a record, as far as the client's ledger knows. No call is
    /// made.
    ///
    /// It tells what Gong has of a row whatever became of the last push: also if that was canceled,
    /// failed, or never came to its report.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the ledger can't be read.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use gong_crm::Account;
    /// use gong_crm::ledger::InGong;
    /// # use gong_crm::{Client, Credentials, push::{Options, Records}};
    /// # let sim = gong_sim::Simulator::builder().start().await?;
    /// # let integration_id = sim.register_integration("Acme CRM", "ada@acme.example").into();
    /// # let keys = Credentials::access_key(sim.access_key(), sim.access_key_secret());
    /// # let client = Client::builder().base_url(sim.base_url()).credentials(keys).build()?;
    /// let acme = |name| {
    ///     Account::builder().object_id("acme").modified_date("2026-03-01T09:30:00Z").name(name).build()
    /// };
    /// let mut records = Records::new();
    /// records.add(&acme("Acme")?)?;
    /// client.push_records(integration_id, records, Options::default().simulator()).await?.into_result()?;
    ///
    /// let same = client.version(integration_id, &acme("Acme")?).await?;
    /// assert_eq!(same.in_gong, InGong::Yes);
    /// let renamed = client.version(integration_id, &acme("Acme Ltd")?).await?;
    /// assert_eq!(renamed.in_gong, InGong::OtherVersion);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn version<R: Record>(
        &self,
        integration_id: IntegrationId,
        record: &R,
    ) -> Result<VersionState, LedgerError> {
        let mut states = self.versions(integration_id, [record]).await?;
        states
            .pop()
            .ok_or_else(|| LedgerError::unreadable("a record"))
    }

    /// The same for many records of one type, in their order; one look at the ledger for all of them.
    ///
    /// # Errors
    ///
    /// As [`version`](Self::version).
    pub async fn versions<'r, R: Record + 'r>(
        &self,
        integration_id: IntegrationId,
        records: impl IntoIterator<Item = &'r R>,
    ) -> Result<Vec<VersionState>, LedgerError> {
        let base_url = self.base_url();
        self.ledger()
            .versions(base_url, integration_id, records)
            .await
    }
}
