//! A simulator, a ledger, and a target that is run as often as needed.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use gong_crm::ledger::{Ledger, RejectedRecord};
use gong_crm::mapping::Mapping;
use gong_crm::sync::SyncOptions;
use gong_crm::{Client, Credentials, IntegrationId, ObjectType};
use gong_sim::Simulator;
use gong_sources::singer::{Preset, Tap, Target, TargetError, TargetOptions, TargetReport};

/// A simulator, with all that outlives a run.
pub(crate) struct Place {
    pub(crate) sim: Simulator,
    pub(crate) client: Client,
    pub(crate) integration_id: IntegrationId,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) mapping: Mapping,
    pub(crate) never_complete: BTreeSet<ObjectType>,
    pub(crate) flush_bytes: u64,
}

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) report: Result<TargetReport, TargetError>,
    pub(crate) states: Vec<String>,
}

impl Ran {
    #[track_caller]
    pub(crate) fn report(&self) -> &TargetReport {
        self.report.as_ref().unwrap()
    }
}

impl Place {
    pub(crate) async fn with_mapping(mapping: &str) -> Self {
        let sim = Simulator::builder().start().await.unwrap();
        let integration_id = sim
            .register_integration("Acme CRM", "ada@acme.example")
            .into();
        let client = Client::builder()
            .base_url(sim.base_url())
            .credentials(Credentials::access_key(
                sim.access_key().to_owned(),
                sim.access_key_secret().to_owned(),
            ))
            .ledger(Ledger::memory())
            .rate_limit(gong_crm::rate_limit::RateLimit::unlimited())
            .build()
            .unwrap();
        Self {
            sim,
            client,
            integration_id,
            folder: tempfile::tempdir().unwrap(),
            mapping: Mapping::from_toml(mapping).unwrap(),
            never_complete: BTreeSet::new(),
            flush_bytes: u64::MAX,
        }
    }

    pub(crate) async fn with_preset(name: &str) -> Self {
        let preset = Preset::named(name).unwrap();
        let mut place = Self::with_mapping(preset.text).await;
        place.never_complete = preset.incomplete_types();
        place
    }

    fn target(&self) -> Target {
        let sync = SyncOptions::new("test").simulator();
        let mut options = TargetOptions::new(self.mapping.clone(), sync);
        options.directory = Some(self.folder.path().join("kept"));
        options.never_complete.clone_from(&self.never_complete);
        options.flush_bytes = self.flush_bytes;
        options.flush_after = Duration::from_hours(1);
        options.sync.push.poll.timeout = Duration::from_secs(2);
        Target::new(self.client.clone(), self.integration_id, options).unwrap()
    }

    /// Runs the target on the output of a tap.
    pub(crate) async fn run(&self, output: impl Into<String>) -> Ran {
        let output = std::io::Cursor::new(output.into());
        self.run_on(output).await
    }

    pub(crate) async fn run_on(&self, input: impl Read + Send + 'static) -> Ran {
        let mut states = Vec::new();
        let report = self
            .target()
            .run(
                input,
                |state| {
                    states.push(state.to_owned());
                    Ok(())
                },
                |_| {},
            )
            .await;
        Ran { report, states }
    }

    /// Runs a tap.
    pub(crate) async fn run_tap(&self, tap: &Tap) -> Ran {
        let mut states = Vec::new();
        let on_state = |state: &str| {
            states.push(state.to_owned());
            Ok(())
        };
        let report = self.target().run_tap(tap, on_state, |_| {}).await;
        Ran { report, states }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) async fn rejects(&self) -> Vec<RejectedRecord> {
        let ledger = self.client.ledger();
        ledger
            .rejects(self.client.base_url(), self.integration_id)
            .await
            .unwrap()
    }

    /// The records of a type in Gong, each as one line of JSON, in the order of their ids.
    pub(crate) fn objects(&self, object_type: &str) -> Vec<String> {
        let mut all: Vec<String> = self
            .sim
            .objects(object_type)
            .into_iter()
            .map(|object| object.to_string())
            .collect();
        all.sort();
        all
    }
}
