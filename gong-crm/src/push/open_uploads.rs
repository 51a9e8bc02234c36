//! Who finishes the uploads that have no verdict: a resume, or somebody else.

use std::collections::BTreeMap;

use super::report::Verdict;
use crate::ClientRequestId;
use crate::ledger::{Ledger, LedgerError, Upload, UploadState};
use crate::named::some_of;

/// How many uploads a note names.
const NAMED: usize = 3;

/// The uploads that have no verdict yet, by who finishes them.
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use gong_crm::ledger::Ledger;
/// use gong_crm::push::OpenUploads;
///
/// let open = OpenUploads::at(&Ledger::memory(), "https://api.gong.io", &[]).await?;
/// assert!(open.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenUploads {
    /// Those that [`Client::resume`](crate::Client::resume) finishes.
    pub resumable: Vec<Upload>,
    /// Those that a sync planned and did not send, by its scope: its next round plans these records again,
    /// as their source then has them.
    pub of_syncs: BTreeMap<String, Vec<Upload>>,
    /// Those to the Gong at another base URL, by that URL: a resume with that base URL finishes them. If
    /// ids are given, also those whose verdict left records open.
    pub elsewhere: BTreeMap<String, Vec<Upload>>,
}

impl OpenUploads {
    /// The open uploads as a client with this base URL sees them: those with these ids, or all of them if
    /// there are none. No call is made.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the ledger can't be read.
    pub async fn at(
        ledger: &Ledger,
        base_url: &str,
        ids: &[ClientRequestId],
    ) -> Result<Self, LedgerError> {
        let mut open = Self::default();
        for upload in ledger.open_uploads().await? {
            if !ids.is_empty() && !ids.contains(&upload.client_request_id) {
                continue;
            }
            let other = ledger.base_url_of(&upload).await?;
            match other.filter(|other| other != base_url) {
                Some(other) => open.elsewhere.entry(other).or_default().push(upload),
                // A record that it would delete may be back in its source.
                None if upload.waits_for_sync() => {
                    let scope = ledger.scope_name(upload.scope).await?;
                    let of_scope = open.of_syncs.entry(scope.unwrap_or_default());
                    of_scope.or_default().push(upload);
                }
                None => open.resumable.push(upload),
            }
        }
        for id in ids {
            let Some(upload) = ledger.upload(id).await? else {
                continue;
            };
            let other = ledger.base_url_of(&upload).await?;
            let other = other.filter(|other| other != base_url && !upload.state.is_open());
            if let Some(other) = other
                && leaves_records(ledger, &other, &upload).await?
            {
                open.elsewhere.entry(other).or_default().push(upload);
            }
        }
        Ok(open)
    }

    /// Whether every upload has its verdict.
    pub fn is_empty(&self) -> bool {
        self.resumable.is_empty() && self.of_syncs.is_empty() && self.elsewhere.is_empty()
    }

    /// What a resume does not finish, and who does, in sentences.
    pub fn notes(&self) -> Vec<String> {
        let elsewhere = self.elsewhere.iter().map(|(base_url, uploads)| {
            let (what, them) = match &uploads[..] {
                [upload] => (format!("{} belongs", upload.client_request_id), "it"),
                uploads => (format!("{} belong", names(uploads)), "them"),
            };
            format!("{what} to the Gong at {base_url}: resume {them} with --base-url {base_url}")
        });
        let of_syncs = self.of_syncs.iter().map(|(scope, uploads)| {
            let (what, their) = match &uploads[..] {
                [upload] => (format!("{} was", upload.client_request_id), "its"),
                uploads => (format!("{} were", names(uploads)), "their"),
            };
            let records = match uploads.iter().map(|upload| upload.records).sum() {
                1_u64 => "record".to_owned(),
                records => format!("{records} records"),
            };
            format!(
                "{what} planned by a sync and not sent: the next gong-crm sync of scope {scope} sends {their} \
                 {records}, as the source then has them"
            )
        });
        of_syncs.chain(elsewhere).collect()
    }

    /// The verdict on what a resume does not finish; [`Verdict::Done`] if it finishes everything.
    pub fn verdict(&self) -> Verdict {
        let elsewhere = self.elsewhere.values().flatten();
        let verdicts = elsewhere.map(|upload| match upload.state {
            UploadState::Planned | UploadState::Dropped | UploadState::Failed => Verdict::Failed,
            UploadState::Accepted => Verdict::TimedOut,
            UploadState::Sending | UploadState::Done | UploadState::Lost => Verdict::Unknown,
        });
        let of_syncs = self.of_syncs.keys().map(|_| Verdict::Failed);
        verdicts.chain(of_syncs).max().unwrap_or(Verdict::Done)
    }
}

/// Whether records that the verdict of an upload left open are still so.
async fn leaves_records(
    ledger: &Ledger,
    base_url: &str,
    upload: &Upload,
) -> Result<bool, LedgerError> {
    let id = upload.client_request_id.clone();
    let left = ledger.left_open_by(&[id]).await?;
    if left.is_empty() {
        return Ok(false);
    }
    let open = ledger.left_open(base_url).await?.into_iter();
    let mut open = open.map(|record| (record.object_type, record.object_id));
    Ok(open.any(|record| left.contains(&record)))
}

/// How many uploads they are, with the first ids.
fn names(uploads: &[Upload]) -> String {
    let ids = uploads.iter().map(|upload| &upload.client_request_id);
    format!("{} uploads ({})", uploads.len(), some_of(ids, NAMED))
}
