//! Whether Gong has what a file says: fetched by id, compared field by field.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::client::Client;
use gong_client::Error;
use gong_client::objects::{CrmObject, MAX_OBJECTS, require_entity_schema};
use gong_records::ObjectType;
use gong_records::ids::IntegrationId;
use gong_records::io::lines::Lines;
use gong_records::value::ObjectId;

mod compare;

/// Where Gong and the file differ.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Difference {
    /// The line of the file, from 1.
    pub line: u64,
    /// The record.
    pub object_id: Option<String>,
    /// The difference.
    #[serde(flatten)]
    pub kind: DifferenceKind,
}

/// The kind of a difference.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DifferenceKind {
    /// Gong does not have the record, or has not processed it yet.
    Missing,
    /// The file deletes the record, and Gong still has it.
    NotDeleted,
    /// A field has another value, or none.
    Field {
        /// The field.
        field: String,
        /// The file's value.
        sent: Value,
        /// Gong's value; `null` if it returns none.
        found: Value,
    },
    /// The line is not a record, so there is nothing to compare.
    Unreadable {
        /// The problem.
        reason: String,
    },
}

/// The result of a comparison.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Verification {
    /// Lines with a record.
    pub records: u64,
    /// Records that Gong has as the file says, including deleted ones that it does not have.
    pub same: u64,
    /// Records that Gong has with other values.
    pub different: u64,
    /// Records that Gong does not hold.
    pub missing: u64,
    /// Records that the file deletes but that are still in Gong.
    pub not_deleted: u64,
    /// Lines whose record has another line, in this file or another, that was sent later: Gong has
    /// the last.
    pub superseded: u64,
    /// Lines that are not records, and records that Gong's response does not name.
    pub unreadable: u64,
    /// Calls that it took.
    pub calls: u64,
}

impl Verification {
    /// Whether Gong has exactly what the file says.
    pub fn is_same(&self) -> bool {
        self.different + self.missing + self.not_deleted + self.unreadable == 0
    }
}

/// Why a file could not be compared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The file can't be read.
    #[error("{} can't be read", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Gong could not be asked.
    #[error(transparent)]
    Request(#[from] Error),
}

impl Client {
    /// Reads back the records of a file, in calls of [`MAX_OBJECTS`] records, and reports every
    /// difference.
    ///
    /// Dates are compared as points in time, numbers by value, lists regardless of order; `null`
    /// equals a field that Gong does not have. Fields that Gong has and the file does not have are
    /// ignored. If a record has several lines, the one that a push sends last counts: the latest by
    /// `modifiedDate`, and of those the last. Gzip files are decompressed.
    ///
    /// Gong returns only processed records: for a while after its upload, a record can be missing
    /// or old.
    ///
    /// # Errors
    ///
    /// [`VerifyError::File`] for the file; [`VerifyError::Request`] for a failed call, and with
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) for business users and
    /// stages, which Gong has no way to read.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use gong_crm::drift::files::DifferenceKind;
    /// use gong_crm::ObjectType;
    ///
    /// # let sim = gong_sim::Simulator::start().await?;
    /// # let id = sim.register_integration("Acme CRM", "admin@acme.example").into();
    /// # let client = gong_crm::Client::builder().base_url(sim.base_url())
    /// #     .credentials(gong_crm::Credentials::access_key(sim.access_key(), sim.access_key_secret()))
    /// #     .build()?;
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("accounts.ldjson");
    /// # std::fs::write(&path, "{\"objectId\":\"a-1\",\"name\":\"Acme\"}\n")?;
    /// let mut differences = Vec::new();
    /// let found = client
    ///     .verify_file(id, ObjectType::Account, &path, |difference| differences.push(difference))
    ///     .await?;
    /// assert!(!found.is_same());
    /// assert_eq!(differences[0].kind, DifferenceKind::Missing);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn verify_file(
        &self,
        integration_id: IntegrationId,
        object_type: ObjectType,
        path: impl AsRef<Path>,
        mut on_difference: impl FnMut(Difference) + Send,
    ) -> Result<Verification, VerifyError> {
        let paths = [path.as_ref().to_path_buf()];
        let mut on_difference = |_, difference| on_difference(difference);
        let found = self.verify_all(integration_id, object_type, &paths, &mut on_difference);
        Ok(found.await?.pop().unwrap_or_default())
    }

    /// Reads back the records of several files of one type, in the order in which they were pushed,
    /// and reports every difference with the index of its path.
    ///
    /// As [`verify_file`](Self::verify_file) for each. Of a record that is in several files, the line
    /// counts that was sent last: of the last file that does not delete it, unless one does, because
    /// a push sends deletions after all else.
    ///
    /// # Errors
    ///
    /// As [`verify_file`](Self::verify_file).
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use gong_crm::ObjectType;
    ///
    /// # let sim = gong_sim::Simulator::start().await?;
    /// # let id = sim.register_integration("Acme CRM", "admin@acme.example").into();
    /// # let client = gong_crm::Client::builder().base_url(sim.base_url())
    /// #     .credentials(gong_crm::Credentials::access_key(sim.access_key(), sim.access_key_secret()))
    /// #     .build()?;
    /// # let folder = tempfile::tempdir()?;
    /// # let paths = ["monday.ldjson", "tuesday.ldjson"].map(|name| folder.path().join(name));
    /// # for path in &paths {
    /// #     std::fs::write(path, "{\"objectId\":\"a-1\",\"name\":\"Acme\"}\n")?;
    /// # }
    /// let mut differences = Vec::new();
    /// let found = client
    ///     .verify_files(id, ObjectType::Account, &paths, |path, difference| {
    ///         differences.push((path, difference.line));
    ///     })
    ///     .await?;
    /// // Gong has the record of neither; that of the first file does not count.
    /// assert_eq!(found[0].superseded, 1);
    /// assert_eq!(differences, [(1, 1)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn verify_files(
        &self,
        integration_id: IntegrationId,
        object_type: ObjectType,
        paths: &[impl AsRef<Path> + Sync],
        mut on_difference: impl FnMut(usize, Difference) + Send,
    ) -> Result<Vec<Verification>, VerifyError> {
        let paths: Vec<PathBuf> = paths.iter().map(|path| path.as_ref().into()).collect();
        self.verify_all(integration_id, object_type, &paths, &mut on_difference)
            .await
    }

    async fn verify_all(
        &self,
        integration_id: IntegrationId,
        object_type: ObjectType,
        paths: &[PathBuf],
        on_difference: &mut (impl FnMut(usize, Difference) + Send),
    ) -> Result<Vec<Verification>, VerifyError> {
        require_entity_schema(object_type)?;
        let mut last = Last::default();
        for (file, path) in paths.iter().enumerate() {
            let opened = path.clone();
            last = off_thread(path, move || {
                last.note(file, &opened)?;
                Ok(last)
            })
            .await?;
        }
        let last = Arc::new(last);
        let mut all = Vec::new();
        for (file, path) in paths.iter().enumerate() {
            let (opened, last) = (path.clone(), Arc::clone(&last));
            let mut records = off_thread(path, move || Records::open(file, &opened, last)).await?;
            let mut found = Verification::default();
            loop {
                let (back, chunk) = off_thread(path, move || {
                    let chunk = records.next_chunk()?;
                    Ok((records, chunk))
                })
                .await?;
                records = back;
                if chunk.is_empty() {
                    break;
                }
                let ids: Vec<ObjectId> = chunk
                    .iter()
                    .filter_map(|line| Some(line.record.as_ref().ok()?.0.clone()))
                    .collect();
                let mut held = if ids.is_empty() {
                    BTreeMap::new()
                } else {
                    found.calls += 1;
                    self.objects(integration_id, object_type, &ids).await?
                };
                for line in chunk {
                    let mut tell = |difference| on_difference(file, difference);
                    judge(line, &mut held, &mut found, &mut tell);
                }
            }
            found.superseded = records.superseded;
            all.push(found);
        }
        Ok(all)
    }
}

/// Reads on a separate thread, so that a slow disk does not block other tasks.
async fn off_thread<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, VerifyError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(io::Error::other(error)))
        .map_err(|source| VerifyError::File {
            path: path.to_path_buf(),
            source,
        })
}

fn judge(
    line: Line,
    held: &mut BTreeMap<String, Option<CrmObject>>,
    found: &mut Verification,
    on_difference: &mut (impl FnMut(Difference) + Send),
) {
    let number = line.number;
    let (id, record) = match line.record {
        Ok(read) => read,
        Err(reason) => {
            found.unreadable += 1;
            let kind = DifferenceKind::Unreadable { reason };
            return on_difference(Difference {
                line: number,
                object_id: None,
                kind,
            });
        }
    };
    found.records += 1;
    let mut tell = |kind| {
        on_difference(Difference {
            line: number,
            object_id: Some(id.to_string()),
            kind,
        });
    };
    let deletes = deletes(&record);
    let Some(object) = held.remove(id.as_str()) else {
        found.unreadable += 1;
        let reason = "Gong's response does not name it".to_owned();
        return tell(DifferenceKind::Unreadable { reason });
    };
    match object {
        None if deletes => found.same += 1,
        Some(object) if deletes && object.get("isDeleted") == Some(&Value::Bool(true)) => {
            found.same += 1;
        }
        Some(_) if deletes => {
            found.not_deleted += 1;
            tell(DifferenceKind::NotDeleted);
        }
        None => {
            found.missing += 1;
            tell(DifferenceKind::Missing);
        }
        Some(object) => {
            let mut is_same = true;
            for (field, sent) in record {
                let held = object.get(&field).unwrap_or(&Value::Null);
                if compare::same(&field, &sent, held) {
                    continue;
                }
                is_same = false;
                let found = held.clone();
                tell(DifferenceKind::Field { field, sent, found });
            }
            if is_same {
                found.same += 1;
            } else {
                found.different += 1;
            }
        }
    }
}

/// A line that counts.
struct Line {
    number: u64,
    /// The record under its id, or what is wrong with the line.
    record: Result<(ObjectId, Map<String, Value>), String>,
}

/// Which line of each record is sent last, by a hash of its id: two ids of one hash would at worst
/// leave one record unlooked at.
#[derive(Default)]
struct Last {
    /// Whether the file deletes the record, and the file and line.
    places: HashMap<u64, (bool, usize, u64)>,
}

impl Last {
    /// Looks through the next file.
    fn note(&mut self, file: usize, path: &Path) -> io::Result<()> {
        let mut lines = Lines::open(path)?;
        // Within a file, updates are sent in the order of their dates.
        let mut of_file: HashMap<u64, (Option<Timestamp>, u64, bool)> = HashMap::new();
        while let Some(line) = next_line(&mut lines)? {
            let Ok((id, record)) = &line.record else {
                continue;
            };
            let modified = record.get("modifiedDate").and_then(Value::as_str);
            let modified = modified.and_then(|text| text.parse().ok());
            let this = (modified, line.number, deletes(record));
            let latest = of_file.entry(hash(id)).or_insert(this);
            *latest = (*latest).max(this);
        }
        for (id, (_, line, deletes)) in of_file {
            let this = (deletes, file, line);
            let latest = self.places.entry(id).or_insert(this);
            *latest = (*latest).max(this);
        }
        Ok(())
    }

    fn is(&self, id: &ObjectId, file: usize, line: u64) -> bool {
        let place = self.places.get(&hash(id));
        place.is_none_or(|(_, of_file, of_line)| (*of_file, *of_line) == (file, line))
    }
}

fn hash(id: &ObjectId) -> u64 {
    gong_records::io::hash::hash(id.as_str().as_bytes())
}

fn deletes(record: &Map<String, Value>) -> bool {
    record.get("isDeleted") == Some(&Value::Bool(true))
}

/// The lines of a file that count, in chunks that fit a call.
struct Records {
    file: usize,
    lines: Lines<Box<dyn Read + Send>>,
    last: Arc<Last>,
    superseded: u64,
}

impl Records {
    fn open(file: usize, path: &Path, last: Arc<Last>) -> io::Result<Self> {
        Ok(Self {
            file,
            lines: Lines::open(path)?,
            last,
            superseded: 0,
        })
    }

    fn next_chunk(&mut self) -> io::Result<Vec<Line>> {
        let mut chunk = Vec::with_capacity(MAX_OBJECTS);
        while chunk.len() < MAX_OBJECTS {
            let Some(line) = next_line(&mut self.lines)? else {
                break;
            };
            if let Ok((id, _)) = &line.record
                && !self.last.is(id, self.file, line.number)
            {
                self.superseded += 1;
                continue;
            }
            chunk.push(line);
        }
        Ok(chunk)
    }
}

/// The next line that is not blank.
fn next_line(lines: &mut Lines<Box<dyn Read + Send>>) -> io::Result<Option<Line>> {
    while let Some(line) = lines.next_line()? {
        if !line.is_blank() {
            return Ok(Some(Line {
                number: line.number,
                record: record(line.bytes),
            }));
        }
    }
    Ok(None)
}

fn record(text: &[u8]) -> Result<(ObjectId, Map<String, Value>), String> {
    let record: Map<String, Value> =
        serde_json::from_slice(text).map_err(|_| "it is not a JSON object".to_owned())?;
    let id = match record.get("objectId") {
        Some(Value::String(id)) => id.parse::<ObjectId>(),
        Some(_) => return Err("its objectId is not a string in double quotes".to_owned()),
        None => return Err("it has no objectId".to_owned()),
    };
    let id = id.map_err(|fault| format!("its objectId: {}", fault.message()))?;
    Ok((id, record))
}
