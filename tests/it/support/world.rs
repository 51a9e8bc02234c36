//! What does a test push, where to, and what is written down of it?

use std::path::{Path, PathBuf};
use std::sync::Arc;

use gong_crm::ledger::{JobState, Ledger};
use gong_crm::push::{Options, Report};
use gong_crm::rate_limit::RateLimit;
use gong_crm::{Client, Credentials, IntegrationId, SqliteLedger};
use gong_sim::Simulator;
use tempfile::TempDir;

/// A local Gong, a ledger in a file, and a folder of files to push.
pub(crate) struct World {
    pub(crate) simulator: Simulator,
    pub(crate) integration_id: IntegrationId,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) folder: TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        let simulator = Simulator::start().await.unwrap();
        let integration_id = simulator
            .register_integration("Acme CRM", "ada.king@acme.example")
            .into();
        let folder = tempfile::tempdir().unwrap();
        let ledger = SqliteLedger::open(folder.path().join("state/ledger.sqlite")).unwrap();
        Self {
            simulator,
            integration_id,
            ledger: Arc::new(ledger),
            folder,
        }
    }

    pub(crate) fn client(&self, ledger: Arc<dyn Ledger>) -> Client {
        let simulator = &self.simulator;
        let credentials =
            Credentials::access_key(simulator.access_key(), simulator.access_key_secret());
        Client::builder()
            .base_url(simulator.base_url())
            .credentials(credentials)
            .ledger(ledger)
            .rate_limit(RateLimit::unlimited())
            .build()
            .unwrap()
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub(crate) async fn push(&self, path: &Path) -> Report {
        self.push_with(Options::new([path]).local().unchecked())
            .await
    }

    pub(crate) async fn push_with(&self, options: Options) -> Report {
        let client = self.client(Arc::clone(&self.ledger));
        client.push(self.integration_id, options).await.unwrap()
    }

    pub(crate) async fn resume(&self) -> Report {
        let client = self.client(Arc::clone(&self.ledger));
        let options = Options::new([""; 0]).local().unchecked();
        client.resume([], options).await.unwrap()
    }

    pub(crate) fn states(&self) -> Vec<JobState> {
        self.ledger
            .jobs()
            .unwrap()
            .iter()
            .map(|job| job.state)
            .collect()
    }

    pub(crate) fn posts(&self) -> usize {
        let requests = self.simulator.requests();
        requests
            .iter()
            .filter(|request| request.method == "POST")
            .count()
    }
}

pub(crate) fn account(id: &str, at: &str, name: &str) -> String {
    format!("{{\"objectId\":\"{id}\",\"modifiedDate\":\"{at}\",\"name\":\"{name}\"}}\n")
}

pub(crate) fn accounts(count: usize) -> String {
    (1..=count)
        .map(|n| account(&format!("a-{n}"), "2026-01-15T09:30:00Z", "Acme"))
        .collect()
}
