//! Finding out what Gong does not document, with two records that are removed again.
//!
//! [`Client::probe`] sends one account and one contact whose ids begin with `gong-crm-probe-`,
//! changes them, reads them back, and deletes them. The answers are stored in the
//! [ledger](crate::ledger) as facts of the integration, and push and sync use them: see
//! [`Question`].

use std::time::Duration;

use gong_client::error::Error;
use gong_client::poll::{PollError, PollPolicy};
use serde::Serialize;

use crate::client::Client;
use crate::ledger::LedgerError;
pub use crate::ledger::{Facts, Question};
use crate::{IntegrationId, ObjectType};

mod rules;
mod steps;

/// About how many calls a probe takes.
pub const CALLS: u64 = 40;

/// The options of a probe.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ProbeOptions {
    /// How often Gong is asked for the verdict of an upload, and for how long.
    pub poll: PollPolicy,
    /// How long Gong is given to store the new account before the contact is sent.
    pub account_delay: Duration,
    /// How long to wait until a change is visible. A change that is not visible by then had no
    /// effect.
    pub visible_within: Duration,
}

impl Default for ProbeOptions {
    fn default() -> Self {
        Self {
            poll: PollPolicy::UPLOAD,
            account_delay: crate::push::ACCOUNT_DELAY,
            visible_within: Duration::from_mins(2),
        }
    }
}

impl ProbeOptions {
    /// The settings for the real Gong.
    pub fn new() -> Self {
        Self::default()
    }

    /// The options for a simulator, which shows accepted records at once.
    #[must_use]
    pub fn simulator(mut self) -> Self {
        self.poll = PollPolicy::SIMULATOR;
        self.account_delay = Duration::ZERO;
        self.visible_within = Duration::ZERO;
        self
    }
}

/// The answer to one question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Fact {
    /// The question.
    pub question: Question,
    /// The answer; `None` if it could not be determined.
    pub answer: Option<bool>,
    /// What Gong does, or why that is not known, in a sentence.
    pub message: String,
    /// What push and sync do because of it, in a sentence.
    pub rule: String,
}

impl Fact {
    /// The answer to a question, with its sentences.
    pub fn of(facts: &Facts, question: Question) -> Self {
        let answer = facts.answer(question);
        Self {
            question,
            answer,
            message: rules::message(question, answer).to_owned(),
            rule: rules::rule(facts, question).to_owned(),
        }
    }
}

/// The results of a probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ProbeReport {
    /// The answer to every question.
    pub facts: Vec<Fact>,
    /// How many calls were made.
    pub calls: u64,
    /// Records of the probe that Gong still shows, by type and id; the next probe removes them.
    pub left: Vec<(ObjectType, String)>,
}

/// Why a probe has no report. The next probe removes what it sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProbeError {
    /// A call failed.
    #[error(transparent)]
    Request(#[from] Error),
    /// Gong gave no verdict on a record of the probe.
    #[error(transparent)]
    Poll(#[from] PollError),
    /// Gong rejected a record that is right.
    #[error("Gong rejected the {object_type} of the probe: {reason}")]
    Rejected {
        /// Its type.
        object_type: ObjectType,
        /// Gong's reason.
        reason: String,
    },
    /// Gong accepted a record and does not show it.
    #[error(
        "Gong accepted the {object_type} of the probe but does not show it yet; try again later, \
         or wait longer"
    )]
    NotShown {
        /// Its type.
        object_type: ObjectType,
    },
    /// The ledger can't be used.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A temporary file can't be written.
    #[error("a temporary file can't be written: {0}")]
    File(#[from] std::io::Error),
}

impl Client {
    /// Tests what Gong does not document, with one account and one contact that are deleted
    /// afterwards, and stores the answers in the ledger.
    ///
    /// Both have ids that begin with `gong-crm-probe-`, and neither has an address, so that no call
    /// or mail is tied to them. Fields of the contact's schema are used only if a text field is
    /// declared; without one, what Gong does with custom fields stays unknown.
    ///
    /// # Errors
    ///
    /// See [`ProbeError`]. The records of the probe are deleted if possible; the next probe deletes
    /// the others.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use gong_crm::probe::{ProbeOptions, Question};
    /// # use gong_crm::{Client, Credentials};
    /// # let sim = gong_sim::Simulator::builder().rule("older-update-applied", false).start().await?;
    /// # let integration_id = sim.register_integration("Acme CRM", "ada@acme.example").into();
    /// # let keys = Credentials::access_key(sim.access_key(), sim.access_key_secret());
    /// # let client = Client::builder().base_url(sim.base_url()).credentials(keys).build()?;
    /// client.probe(integration_id, ProbeOptions::new().simulator()).await?;
    /// let facts = client.facts(integration_id).await?;
    /// // This Gong ignores updates with older dates, so they are raised.
    /// assert_eq!(facts.answer(Question::OlderDatesTaken), Some(false));
    /// assert_eq!(sim.object_count("CONTACT"), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn probe(
        &self,
        integration_id: IntegrationId,
        options: ProbeOptions,
    ) -> Result<ProbeReport, ProbeError> {
        Box::pin(steps::probe(self, integration_id, options)).await
    }

    /// The results of the last probe. No call is made.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the ledger can't be read.
    pub async fn facts(&self, integration_id: IntegrationId) -> Result<Facts, LedgerError> {
        let ledger = self.ledger();
        let space = ledger.space(self.base_url(), integration_id).await?;
        ledger.facts(space).await
    }
}
