//! A simulator, a client with a ledger, and a directory of files.

use std::path::{Path, PathBuf};

use gong_crm::ledger::Ledger;
use gong_crm::push::{Options, Report};
use gong_crm::{Client, Credentials, IntegrationId, RateLimit};
use gong_sim::Simulator;
use serde_json::Value;

/// A company's Gong and CRM.
pub(crate) struct World {
    pub(crate) simulator: Simulator,
    pub(crate) client: Client,
    pub(crate) integration_id: IntegrationId,
    pub(crate) directory: tempfile::TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Simulator::start().await.unwrap()).await
    }

    pub(crate) async fn with(simulator: Simulator) -> Self {
        let client = client(&simulator, Ledger::memory());
        let integration_id = client
            .register_integration("Acme CRM", "ada.king@acme.example")
            .await
            .unwrap();
        Self {
            simulator,
            client,
            integration_id,
            directory: tempfile::tempdir().unwrap(),
        }
    }

    /// The same Gong and files, with another ledger.
    pub(crate) fn use_ledger(&mut self, ledger: Ledger) {
        self.client = client(&self.simulator, ledger);
    }

    pub(crate) fn write(&self, name: &str, lines: &[&str]) -> PathBuf {
        let path = self.directory.path().join(name);
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        std::fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn options(&self, path: &Path) -> Options {
        Options::new([path]).simulator()
    }

    pub(crate) async fn push(&self, path: &Path) -> Report {
        self.push_with(self.options(path)).await
    }

    pub(crate) async fn push_with(&self, options: Options) -> Report {
        self.client
            .push(self.integration_id, options)
            .await
            .unwrap()
    }

    /// A field of an object that Gong holds; null if it holds none.
    pub(crate) fn field(&self, object_type: &str, id: &str, field: &str) -> Value {
        let object = self.simulator.object(object_type, id);
        let value = object.and_then(|object| object.get(field).cloned());
        value.unwrap_or(Value::Null)
    }
}

fn client(simulator: &Simulator, ledger: Ledger) -> Client {
    Client::builder()
        .base_url(simulator.base_url())
        .credentials(Credentials::access_key(
            simulator.access_key(),
            simulator.access_key_secret(),
        ))
        .rate_limit(RateLimit::unlimited())
        .ledger(ledger)
        .build()
        .unwrap()
}
