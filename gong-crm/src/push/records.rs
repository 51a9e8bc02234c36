//! Records in memory, or from anywhere else, as the input of a push.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufWriter, Write as _};
use std::path::PathBuf;

use gong_records::check::{Input, Lines};
use gong_records::record::Record;
use tempfile::NamedTempFile;

use super::input::lines_to_check;
use super::{Options, Push, Task};
use crate::client::Client;
use crate::source::{Read, Sink, Source, SourceError, SourceFile};
use crate::{IntegrationId, ObjectType};

/// Records that are pushed without a file: from a database, a queue, a web request.
///
/// They are written to temporary files as they arrive, so that a million of them need no more
/// memory than one.
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use gong_crm::push::{Options, Records};
/// use gong_crm::{Account, Contact};
/// # use gong_crm::{Client, Credentials};
/// # let sim = gong_sim::Simulator::builder().start().await?;
/// # let integration_id = sim.register_integration("Acme CRM", "ada@acme.example").into();
/// # let keys = Credentials::access_key(sim.access_key(), sim.access_key_secret());
/// # let client = Client::builder().base_url(sim.base_url()).credentials(keys).build()?;
/// let mut records = Records::new();
/// for number in 1..=1_000 {
///     let account = Account::builder()
///         .object_id(format!("acc-{number}"))
///         .modified_date("2026-01-15T09:30:00Z")
///         .name(format!("Company {number}"))
///         .build()?;
///     records.add(&account)?;
/// }
/// let ada = Contact::builder()
///     .object_id("ada")
///     .modified_date("2026-01-15T09:30:00Z")
///     .account_id("acc-1")
///     .email_address("ada@company-1.example")
///     .build()?;
/// records.add(&ada)?;
/// let options = Options::default().simulator();
/// let report = client.push_records(integration_id, records, options).await?.into_result()?;
/// assert_eq!(report.accepted(), 1_001);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
pub struct Records {
    files: BTreeMap<ObjectType, (BufWriter<NamedTempFile>, u64)>,
    line: Vec<u8>,
    read: Vec<(ObjectType, SourceFile)>,
}

impl fmt::Debug for Records {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.files.iter().map(|(of, (_, count))| (of, count));
        formatter.debug_map().entries(counts).finish()
    }
}

/// Records that are ready to be read.
pub(super) type Written = Vec<(ObjectType, SourceFile)>;

impl Records {
    /// No records.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a record.
    ///
    /// # Errors
    ///
    /// The system's error when the temporary file can't be written.
    pub fn add<R: Record>(&mut self, record: &R) -> io::Result<()> {
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        record.write_line(&mut line);
        let added = self.add_line(R::OBJECT_TYPE, &line);
        self.line = line;
        added
    }

    /// Adds a record as a line with its line break.
    pub(crate) fn add_line(&mut self, object_type: ObjectType, line: &[u8]) -> io::Result<()> {
        let (file, count) = match self.files.entry(object_type) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => {
                let named = tempfile::Builder::new().prefix("gong-crm-").tempfile()?;
                entry.insert((BufWriter::with_capacity(256 * 1024, named), 0))
            }
        };
        file.write_all(line)?;
        *count += 1;
        Ok(())
    }

    /// Adds all records of an iterator.
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add).
    pub fn add_all<R: Record>(&mut self, records: impl IntoIterator<Item = R>) -> io::Result<()> {
        records.into_iter().try_for_each(|record| self.add(&record))
    }

    /// Adds all records of a source.
    ///
    /// They are pushed: records that are not among them stay in Gong, even if the source is
    /// complete.
    ///
    /// # Errors
    ///
    /// [`SourceError`] when the source cannot be read; then nothing is added.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use gong_crm::ObjectType;
    /// use gong_crm::push::Records;
    /// use gong_crm::source::FilesSource;
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("accounts.ldjson");
    /// # std::fs::write(&path, "{}\n")?;
    /// let mut records = Records::new();
    /// let accounts = FilesSource::new(&path);
    /// records.add_source(ObjectType::Account, &accounts).await?;
    /// let inputs = records.inputs()?;
    /// assert_eq!(inputs[0].object_type, ObjectType::Account);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn add_source(
        &mut self,
        object_type: ObjectType,
        source: &dyn Source,
    ) -> Result<Read, SourceError> {
        let now = jiff::Timestamp::now();
        let mut sink = Sink::new(object_type, source.name().into(), None, now);
        let read = source.read(&mut sink).await?;
        let files = sink.finish()?.into_iter();
        self.read.extend(files.map(|file| (object_type, file)));
        Ok(read)
    }

    /// The records as the input of a check. They can be read while this value exists.
    ///
    /// # Errors
    ///
    /// The system's error when a temporary file can't be written.
    pub fn inputs(&mut self) -> io::Result<Vec<Input>> {
        let mut inputs = Vec::new();
        for (object_type, (file, _)) in &mut self.files {
            file.flush()?;
            inputs.push(Input {
                path: name_in_memory(*object_type),
                object_type: *object_type,
                lines: Lines::In(file.get_ref().path().to_path_buf()),
            });
        }
        for (object_type, file) in &self.read {
            inputs.push(Input {
                path: file.name.clone(),
                object_type: *object_type,
                lines: lines_to_check(file.converted.as_ref(), &file.lines),
            });
        }
        inputs.sort_by_key(|input| input.object_type);
        Ok(inputs)
    }

    /// The number of records that were added individually; those of sources are not counted.
    pub fn len(&self) -> u64 {
        self.files.values().map(|(_, count)| count).sum()
    }

    /// Whether nothing was added, no record and no source.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.read.is_empty()
    }

    fn written(self) -> io::Result<Written> {
        let files = self.files.into_iter().map(|(object_type, (mut file, _))| {
            file.flush()?;
            let (inner, _) = file.into_parts();
            let temporary = inner.into_temp_path();
            let file = SourceFile {
                name: name_in_memory(object_type),
                lines: temporary.to_path_buf(),
                converted: None,
                stamp: None,
                temporary: Some(temporary),
            };
            Ok((object_type, file))
        });
        let mut files = files.collect::<io::Result<Vec<_>>>()?;
        files.extend(self.read);
        files.sort_by_key(|(object_type, _)| *object_type);
        Ok(files)
    }
}

/// The name of records from memory in reports.
fn name_in_memory(object_type: ObjectType) -> PathBuf {
    PathBuf::from(format!("records:{object_type}"))
}

impl Client {
    /// Makes Gong hold these records, as [`push`](Self::push) does for files.
    ///
    /// `options.paths` is not used.
    ///
    /// # Errors
    ///
    /// See [`PushError`](super::PushError).
    pub fn push_records(
        &self,
        integration_id: IntegrationId,
        records: Records,
        options: Options,
    ) -> Push {
        Push {
            client: self.clone(),
            options,
            task: Task::Records(integration_id, records.written()),
            listener: None,
        }
    }
}
