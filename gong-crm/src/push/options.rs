//! The options of a push.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use gong_client::poll::PollPolicy;
use gong_client::retry::RetryLimits;
use gong_records::check::{self, FileConverter};
use gong_records::io::discover::{FRAMING_BYTES, MAX_BODY_BYTES, SourceFiles};

use crate::{ClientRequestId, ObjectType, Rule};

/// Where rejected records are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejects {
    /// Nowhere; the ledger knows them.
    #[default]
    None,
    /// Beside each file: `NAME.rejects.ldjson`, or `.csv` for CSVs, and `NAME.rejects.txt` with the
    /// reasons. For standard input, in the current directory.
    Beside,
    /// In this directory.
    Directory(PathBuf),
}

/// How long Gong is given to store new accounts before records that refer to them are sent.
///
/// From Gong's documentation of March 2023; the current one does not mention it.
pub const ACCOUNT_DELAY: Duration = Duration::from_mins(1);

/// The largest number of bytes of records in one upload: Gong's limit, less the multipart framing.
pub const MAX_UPLOAD_BYTES: u64 = MAX_BODY_BYTES - FRAMING_BYTES;

/// The largest number of records in one upload, so that a verdict is one transaction of bounded size.
pub const MAX_UPLOAD_RECORDS: u64 = 100_000;

/// Whether records are checked before anything is sent.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum CheckMode {
    /// They are not checked: Gong finds the errors.
    Off,
    /// With an error in any record, nothing is sent.
    Strict(check::Options),
    /// Records with errors are held back, and all others are sent.
    SkipInvalid(check::Options),
}

impl CheckMode {
    /// The options of the check, if there is one.
    pub fn options(&self) -> Option<&check::Options> {
        match self {
            Self::Off => None,
            Self::Strict(options) | Self::SkipInvalid(options) => Some(options),
        }
    }

    /// Makes findings of a rule errors, unless they are not to be reported.
    pub(super) fn deny(&mut self, rule: Rule) {
        if let Self::Strict(options) | Self::SkipInvalid(options) = self {
            options.severities.deny.insert(rule);
        }
    }

    pub(super) fn skips_invalid(&self) -> bool {
        matches!(self, Self::SkipInvalid(_))
    }
}

impl Default for CheckMode {
    fn default() -> Self {
        Self::Strict(check::Options::default())
    }
}

/// When a push ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wait {
    /// When Gong's verdict on every upload is known, or the time is up.
    UntilDone,
    /// When Gong has every upload; [`Client::resume`](crate::Client::resume) learns the verdicts.
    UntilSent,
}

/// Which records are sent although they are in Gong already.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resend {
    /// None.
    #[default]
    None,
    /// All.
    All,
    /// Those with these ids.
    Ids(Vec<String>),
}

impl Resend {
    pub(crate) fn includes(&self, object_id: &str) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Ids(ids) => ids.iter().any(|id| id == object_id),
        }
    }
}

/// The options of a push.
#[derive(Debug, Clone)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Options {
    /// Files and folders, and `-` for standard input.
    pub paths: Vec<PathBuf>,
    /// The type of all records; without it, each file's name says it.
    pub object_type: Option<ObjectType>,
    /// The types of the records of some files, whatever their names say.
    pub types: SourceFiles,
    /// How CSV files become records; without it, they are rejected.
    pub converter: Option<Arc<dyn FileConverter>>,
    /// The check before anything is sent.
    pub check: CheckMode,
    /// How often Gong is asked for a verdict, and for how long.
    pub poll: PollPolicy,
    /// How long Gong is given to store new accounts before records that refer to them are sent.
    pub account_delay: Duration,
    /// Maximum time until new accounts can be read back from Gong, counted from the end of their delay.
    pub account_visible: Duration,
    /// How often and how long a failed request is repeated.
    pub retry: RetryLimits,
    /// The `clientRequestId` of the upload; only if there is exactly one.
    pub request_id: Option<ClientRequestId>,
    /// Maximum number of bytes of records in one upload; at most [`MAX_UPLOAD_BYTES`].
    pub max_upload_bytes: u64,
    /// Send all versions of a record, the oldest first, instead of the newest.
    pub history: bool,
    /// A later `modifiedDate` alone makes a record count as changed.
    pub touch: bool,
    /// Send every `modifiedDate` as it is, even if Gong was sent a later one.
    pub keep_dates: bool,
    /// By type, the names of fields that are not compared: a record in which only these fields
    /// differ is not sent. If it is sent, these fields are sent too.
    pub ignore_fields: BTreeMap<ObjectType, BTreeSet<String>>,
    /// Which records are sent although they are in Gong already, or rejected them as they are.
    pub resend: Resend,
    /// Send records even if a record that they refer to is not in Gong.
    pub ignore_dependencies: bool,
    /// How many calls may be spent per day on finding rejected records that Gong did not list.
    pub search_calls: u32,
    /// Spend as many calls as it takes to find every rejected record.
    pub find_all_errors: bool,
    /// Where rejected records are written.
    pub rejects: Rejects,
    /// When the push ends.
    pub wait: Wait,
    /// Wait for another push with the same ledger to end, instead of failing.
    pub wait_for_ledger: bool,
}

impl Default for Options {
    /// A push of no files, for records that come otherwise.
    fn default() -> Self {
        Self::new(Vec::<PathBuf>::new())
    }
}

impl Options {
    /// A push of these files and folders, with the settings for the real Gong. They are checked
    /// first.
    pub fn new(paths: impl IntoIterator<Item = impl Into<PathBuf>>) -> Self {
        Self {
            paths: paths.into_iter().map(Into::into).collect(),
            object_type: None,
            types: SourceFiles::default(),
            converter: None,
            check: CheckMode::default(),
            poll: PollPolicy::UPLOAD,
            account_delay: ACCOUNT_DELAY,
            account_visible: Duration::from_hours(1),
            retry: RetryLimits::default(),
            request_id: None,
            max_upload_bytes: MAX_UPLOAD_BYTES,
            history: false,
            touch: false,
            keep_dates: false,
            ignore_fields: BTreeMap::new(),
            resend: Resend::None,
            ignore_dependencies: false,
            search_calls: 100,
            find_all_errors: false,
            rejects: Rejects::None,
            wait: Wait::UntilDone,
            wait_for_ledger: true,
        }
    }

    /// The same without the check: Gong finds the errors.
    #[must_use]
    pub fn unchecked(mut self) -> Self {
        self.check = CheckMode::Off;
        self
    }

    /// The settings for a simulator, which processes at once.
    #[must_use]
    pub fn simulator(mut self) -> Self {
        self.poll = PollPolicy::SIMULATOR;
        self.account_delay = Duration::ZERO;
        self.retry = RetryLimits::SIMULATOR;
        self
    }

    /// The same with another type for all records.
    #[must_use]
    pub fn object_type(mut self, object_type: ObjectType) -> Self {
        self.object_type = Some(object_type);
        self
    }

    /// The same with rejected records written there.
    #[must_use]
    pub fn rejects(mut self, rejects: Rejects) -> Self {
        self.rejects = rejects;
        self
    }

    /// The same with another end.
    #[must_use]
    pub fn wait(mut self, wait: Wait) -> Self {
        self.wait = wait;
        self
    }

    /// Whether records that Gong has as they are may be sent, too.
    pub(super) fn looks_at_unchanged(&self) -> bool {
        self.history || self.touch || !matches!(self.resend, Resend::None)
    }

    /// The names of the fields of a type that are not compared.
    pub(super) fn ignored(&self, object_type: ObjectType) -> BTreeSet<String> {
        self.ignore_fields
            .get(&object_type)
            .cloned()
            .unwrap_or_default()
    }

    pub(super) fn max_bytes(&self) -> u64 {
        self.max_upload_bytes.clamp(1, MAX_UPLOAD_BYTES)
    }
}
