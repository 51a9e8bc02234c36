//! Shows what a push would send, without writing or sending anything.

use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;
use tokio::sync::watch;

use super::begin::prepare_files;
use super::event::Events;
use super::planned::Plan;
use super::report::RecordError;
use super::session::Session;
use super::{Options, PushError};
use crate::client::Client;
use crate::ledger::Action;
use crate::{IntegrationId, ObjectType};

/// What a push would do.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Preview {
    /// Whether errors keep the push from sending anything.
    pub is_invalid: bool,
    /// The files, in the order of their types.
    pub files: Vec<FilePreview>,
    /// The uploads, in the order in which they would be sent.
    pub uploads: Vec<UploadPreview>,
    /// Notes about the push as a whole.
    pub notes: Vec<String>,
}

/// What a push would do with the records of one file.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct FilePreview {
    /// Its path, as it was named.
    pub path: PathBuf,
    /// The type of its records.
    pub object_type: ObjectType,
    /// The number of records in it.
    pub records: u64,
    /// How many Gong does not have yet.
    pub new: u64,
    /// How many Gong has in another version.
    pub changed: u64,
    /// How many are deletions.
    pub deleted: u64,
    /// How many Gong has already, or in a newer version, or in an upload without a verdict.
    pub unchanged: u64,
    /// How many would not be sent: they are invalid, were rejected as they are, or refer to a record
    /// that is not in Gong.
    pub held_back: u64,
    /// How many are older versions of records that the push has in a newer one.
    pub superseded: u64,
    /// How many were rejected before and waived: they are not sent again until they change.
    pub waived: u64,
    /// The records that would not be sent, with the reasons.
    pub errors: Vec<RecordError>,
}

/// An upload that a push would send.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UploadPreview {
    /// The type of its records.
    pub object_type: ObjectType,
    /// The files of its records.
    pub paths: Vec<PathBuf>,
    /// The number of records in it.
    pub records: u64,
    /// How many bytes it has.
    pub bytes: u64,
}

impl Client {
    /// Compares the records of files with their versions in the ledger, and returns what a push
    /// would send. No call is made, and the ledger is not changed.
    ///
    /// # Errors
    ///
    /// See [`PushError`].
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use gong_crm::push::Options;
    /// # use gong_crm::{Client, Credentials};
    /// # let sim = gong_sim::Simulator::builder().start().await?;
    /// # let integration_id = sim.register_integration("Acme CRM", "ada@acme.example").into();
    /// # let keys = Credentials::access_key(sim.access_key(), sim.access_key_secret());
    /// # let client = Client::builder().base_url(sim.base_url()).credentials(keys).build()?;
    /// # let folder = tempfile::tempdir()?;
    /// # std::fs::write(folder.path().join("stages.ldjson"), r#"{"objectId":"s-1","name":"New","sortOrder":1,"isActive":true}"#)?;
    /// let options = Options::new([folder.path()]).simulator();
    /// let before = client.preview(integration_id, options.clone()).await?;
    /// assert_eq!((before.files[0].new, before.uploads.len()), (1, 1));
    ///
    /// client.push(integration_id, options.clone()).await?.into_result()?;
    /// let after = client.preview(integration_id, options).await?;
    /// assert_eq!((after.files[0].unchanged, after.uploads.len()), (1, 0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn preview(
        &self,
        integration_id: IntegrationId,
        options: Options,
    ) -> Result<Preview, PushError> {
        let events = Arc::new(Events::new(None));
        let (_cancel, canceled) = watch::channel(false);
        let preparing = prepare_files(
            self.clone(),
            integration_id,
            options,
            events,
            canceled,
            true,
        );
        let prepared = Box::pin(preparing).await?;
        let Some((session, plan)) = prepared else {
            return Ok(Preview::of_reports(&[], true));
        };
        session.discard(&plan);
        session.end().await;
        Ok(Preview::of_plan(&session, &plan))
    }
}

impl Preview {
    fn of_reports(files: &[super::FileReport], is_invalid: bool) -> Self {
        let files = files.iter().map(|file| FilePreview {
            path: file.path.clone(),
            object_type: file.object_type,
            records: file.records,
            new: 0,
            changed: 0,
            deleted: 0,
            unchanged: file.unchanged,
            held_back: file.not_sent(),
            superseded: file.superseded,
            waived: file.waived,
            errors: file.errors.clone(),
        });
        Self {
            is_invalid,
            files: files.collect(),
            uploads: Vec::new(),
            notes: Vec::new(),
        }
    }

    fn of_plan(session: &Session, plan: &Plan) -> Self {
        let mut preview = Self::of_reports(&plan.files, plan.is_invalid);
        preview.notes.clone_from(&plan.notes);
        for record in &plan.in_flight {
            if let Some(file) = preview.files.get_mut(record.file) {
                file.unchanged += 1;
            }
        }
        let place_of = |source: &str| {
            let mut files = session.files.iter();
            files.position(|open| open.file.path.to_string_lossy() == source)
        };
        let mut uploads: Vec<_> = plan.writes.new.iter().collect();
        uploads.sort_by_key(|new| (super::level::Level::of(&new.upload), new.upload.number));
        for new in uploads {
            let places: Vec<Option<usize>> = new
                .upload
                .sources
                .iter()
                .map(|source| place_of(source))
                .collect();
            let given = new.records.records().filter(|of| !of.is_replacement());
            for pending in given {
                let place = places.get(pending.source as usize).copied().flatten();
                let Some(file) = place.and_then(|place| preview.files.get_mut(place)) else {
                    continue;
                };
                match pending.action {
                    Action::Create => file.new += 1,
                    Action::Update => file.changed += 1,
                    Action::Delete => file.deleted += 1,
                }
            }
            preview.uploads.push(UploadPreview {
                object_type: new.upload.object_type,
                paths: new.upload.sources.iter().map(PathBuf::from).collect(),
                records: new.upload.records,
                bytes: new.upload.bytes,
            });
        }
        preview
    }
}
