//! Pushing a CRM: from files to a verdict about the data.
//!
//! [`Client::push`] starts one. It finds the entity files, sends type after type in the order in
//! which records refer to each other, waits for Gong to process each file, and reports what Gong
//! took and what it refused, each refused line with its record.
//!
//! The id of an upload follows from the integration, the type and the file's content: pushing the
//! same file again sends nothing a second time. Only after Gong said that the upload failed is the
//! same content sent again, under the next id.

use std::path::PathBuf;
use std::time::Duration;

mod event;
mod plan;
mod records;
mod report;
mod request_id;
mod run;

pub use event::Event;
pub use plan::{PlanError, PlannedFile, plan};
pub use report::{FileReport, FileStatus, RecordError, Report, Verdict};

use crate::client::Client;
use crate::entity::ObjectType;
use crate::error::Error;
use crate::id::IntegrationId;
use crate::wait::Patience;

/// How long Gong is given to store accounts before contacts and deals refer to them.
///
/// From Gong's documentation of March 2023; today's says nothing of it.
pub const SETTLE_TIME: Duration = Duration::from_mins(1);

/// How a push goes about it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// Files and folders.
    pub paths: Vec<PathBuf>,
    /// The type of all records; otherwise each file's name tells.
    pub object_type: Option<ObjectType>,
    /// How long to wait for each file to be processed.
    pub patience: Patience,
    /// How long to wait after accounts, if contacts or deals follow.
    pub settle_time: Duration,
}

impl Options {
    /// A push of these files and folders, with the settings for the real Gong.
    pub fn new(paths: impl IntoIterator<Item = impl Into<PathBuf>>) -> Self {
        Self {
            paths: paths.into_iter().map(Into::into).collect(),
            object_type: None,
            patience: Patience::UPLOAD,
            settle_time: SETTLE_TIME,
        }
    }

    /// The settings for a local Gong, which takes no time to process and to settle.
    #[must_use]
    pub fn local(mut self) -> Self {
        self.patience = Patience::LOCAL;
        self.settle_time = Duration::ZERO;
        self
    }
}

/// Why a push did not begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PushError {
    /// The files can't be pushed as they are.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The first thing that a push asks of Gong failed.
    #[error(transparent)]
    Request(#[from] Error),
}

impl Client {
    /// Sends files and folders of records and waits for Gong's verdict on each.
    ///
    /// `on_event` is told how it goes on. What goes wrong with one file stands in the report and
    /// does not keep the others from being sent, unless no call can succeed any more.
    ///
    /// # Errors
    ///
    /// [`PushError::Plan`] when the files can't be pushed as they are: nothing was sent then.
    pub async fn push(
        &self,
        integration_id: IntegrationId,
        options: &Options,
        on_event: impl FnMut(Event<'_>) + Send,
    ) -> Result<Report, PushError> {
        let files = plan(&options.paths, options.object_type)?;
        Ok(run::run(self, integration_id, options, &files, on_event).await)
    }
}
