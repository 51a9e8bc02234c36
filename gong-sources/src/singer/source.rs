//! A tap as the source of all types that a mapping makes of its streams.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::Duration;

use gong_crm::ObjectType;
use gong_crm::io::atomic_file::{self, Readers};
use gong_crm::io::work_folder::WorkFolder;
use gong_crm::mapping::Mapping;
use gong_crm::schema::EntitySchema;
use gong_crm::source::{Read, ReadFuture, Sink, Source, SourceError};
use gong_crm::sync::SyncReport;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use super::batch::{Batch, Recipe};
use super::collector::Collector;
use super::error::TargetError;
use super::input::Lines;
use super::kept::{Kept, private_directory};
use super::tap::Tap;
use super::target::all_have_verdicts;
use super::wanted::Wanted;

/// The file with the state of the last run whose records have their verdict.
const STATE: &str = "+state.json";

/// How many of the last lines of a tap's standard error are shown when it fails.
const SHOWN_LINES: usize = 10;

/// After this time, everything is read again by default.
pub const COMPLETE_EVERY: Duration = Duration::from_hours(24);

/// What records a tap brings, and how they are made.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TapOptions {
    /// Which streams become which types, and how.
    pub mapping: Mapping,
    /// The text of the mapping: when it changes, records that vanish with the change are not deleted
    /// before somebody confirms it.
    pub definition: String,
    /// Types of which the tap never writes all records, whatever it says, or none at all. Every other
    /// type of the mapping must have a stream in a run that reads everything.
    pub never_complete: BTreeSet<ObjectType>,
    /// The declared custom fields, whose types the mapping need not repeat.
    pub entity_schema: Option<EntitySchema>,
    /// Where the tap's state is kept, and streams that records are looked up in. Without it, every run
    /// reads everything.
    pub directory: Option<PathBuf>,
    /// How long after a run that read everything the next one does: only such a run shows which records
    /// are gone.
    pub complete_every: Duration,
    /// What is worth knowing before any run.
    pub notes: Vec<String>,
}

impl TapOptions {
    /// By this mapping, with nothing kept from one run to the next.
    pub fn new(mapping: Mapping) -> Self {
        Self {
            mapping,
            definition: String::new(),
            never_complete: BTreeSet::new(),
            entity_schema: None,
            directory: None,
            complete_every: COMPLETE_EVERY,
            notes: Vec::new(),
        }
    }
}

/// A tap that is run once for all types: a [`Source`] for each type of its mapping.
///
/// A run that is given no state and ends well reads everything, so that records that are gone are
/// deleted. The others are given the state of the last sync and bring what changed. A tap that fails
/// fails all its types: nothing of what it wrote is used.
///
/// ```
/// use gong_crm::mapping::Mapping;
/// use gong_sources::singer::{Tap, TapOptions, TapSources};
///
/// let mapping = Mapping::from_toml(
///     "[ACCOUNT]\nstream = 'companies'\n[ACCOUNT.fields]\nobjectId = 'id'\nmodifiedDate = 'at'\nname = 'name'",
/// )?;
/// let tap = Tap::parse("tap-pipedrive --config tap.json")?;
/// let sources = TapSources::new(tap, TapOptions::new(mapping))?;
/// let (object_type, accounts) = sources.sources(|_| true).next().unwrap();
/// assert_eq!(object_type.as_str(), "ACCOUNT");
/// assert_eq!(accounts.name(), "tap-pipedrive companies");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct TapSources(Arc<Shared>);

struct Shared {
    tap: Tap,
    recipe: Recipe,
    options: TapOptions,
    /// The types that are read from the tap.
    read: StdMutex<BTreeSet<ObjectType>>,
    run: Mutex<Option<Run>>,
    /// What was worth knowing in any run, and how much of it was given away.
    notes: StdMutex<(Vec<String>, usize)>,
}

/// One run of the tap.
struct Run {
    /// The types that were read from it. When one of them is read again, the tap is run again.
    taken: BTreeSet<ObjectType>,
    /// What came; `None` if the tap failed.
    came: Option<Came>,
}

/// What came of a run of the tap.
struct Came {
    batch: Batch,
    as_of: Timestamp,
    complete: BTreeSet<ObjectType>,
    /// Whether the tap was given no state.
    is_whole: bool,
    /// Types of which a run without a state brought no stream, and why nothing is known of them.
    missing: BTreeMap<ObjectType, String>,
    kept: Kept,
    versions: BTreeMap<String, String>,
    state: Option<String>,
    /// Deleted with the run.
    _work: WorkFolder,
}

impl fmt::Debug for TapSources {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TapSources")
            .field("tap", &self.0.tap)
            .finish_non_exhaustive()
    }
}

impl TapSources {
    /// Nothing is run yet.
    ///
    /// # Errors
    ///
    /// [`TargetError::Settings`] when the mapping names no streams.
    pub fn new(tap: Tap, options: TapOptions) -> Result<Self, TargetError> {
        let recipe = Recipe {
            wanted: Wanted::of(&options.mapping)?,
            mapping: options.mapping.clone(),
            entity_schema: options.entity_schema.clone(),
            definition: format!("{}\n{}", tap.definition(), options.definition),
        };
        Ok(Self(Arc::new(Shared {
            tap,
            recipe,
            notes: StdMutex::new((options.notes.clone(), 0)),
            options,
            read: StdMutex::default(),
            run: Mutex::default(),
        })))
    }

    /// The sources of the types that are wanted.
    pub fn sources(
        &self,
        is_wanted: impl Fn(ObjectType) -> bool,
    ) -> impl Iterator<Item = (ObjectType, Arc<dyn Source>)> {
        let types = self.0.recipe.wanted.types.keys().copied();
        let types: Vec<ObjectType> = types.filter(|known| is_wanted(*known)).collect();
        *locked(&self.0.read) = types.iter().copied().collect();
        types.into_iter().map(|object_type| {
            let source = TypeOfTap {
                shared: Arc::clone(&self.0),
                object_type,
            };
            (object_type, Arc::new(source) as Arc<dyn Source>)
        })
    }

    /// What is worth knowing of the runs so far, each once.
    pub fn take_notes(&self) -> Vec<String> {
        let mut notes = locked(&self.0.notes);
        let new = notes.0.get(notes.1..).unwrap_or_default().to_vec();
        notes.1 = notes.0.len();
        new
    }

    /// Keeps the state of the last run, if a sync sent all of it and every record has its verdict. The
    /// next run goes on from there. Gives whether it was kept.
    ///
    /// # Errors
    ///
    /// [`TargetError::Disk`] when it can't be written; the next run then brings the same again.
    pub async fn keep_state(&self, report: &SyncReport) -> Result<bool, TargetError> {
        let mut run = self.0.run.lock().await;
        let Some(Run { taken, came }) = run.as_mut() else {
            return Ok(false);
        };
        let read = locked(&self.0.read).clone();
        let Some(came) = came.as_mut().filter(|_| *taken == read) else {
            return Ok(false);
        };
        let are_complete = read.iter().all(|known| came.complete.contains(known));
        if report.is_declined || !all_have_verdicts(report, are_complete) {
            return Ok(false);
        }
        let Some(directory) = &self.0.options.directory else {
            return Ok(false);
        };
        let facts = &mut came.kept.facts;
        facts.versions.append(&mut came.versions);
        // What was not read completely is due before the usual time.
        let never = &self.0.options.never_complete;
        let mut expected = read.difference(never);
        if came.is_whole && expected.all(|known| came.complete.contains(known)) {
            facts.complete_at = Some(came.as_of);
        }
        came.kept.commit().map_err(TargetError::Disk)?;
        if let Some(state) = came.state.take() {
            let path = directory.join(STATE);
            atomic_file::write(&path, format!("{state}\n").as_bytes(), Readers::Owner)
                .map_err(TargetError::Disk)?;
        }
        Ok(true)
    }
}

impl Shared {
    /// The records of a type from a run that it was not read from yet.
    async fn read(&self, object_type: ObjectType, sink: &mut Sink) -> Result<Read, SourceError> {
        let mut run = self.run.lock().await;
        let is_new = match run.as_mut() {
            Some(run) => run.taken.contains(&object_type),
            None => true,
        };
        if is_new {
            // What the last run left is deleted before there is more of it.
            *run = None;
            let came = self.run_tap(sink.now(), sink.needs_everything()).await;
            let mut new = Run {
                taken: BTreeSet::from([object_type]),
                came: None,
            };
            match came {
                Ok(came) => new.came = Some(came),
                Err(error) => {
                    *run = Some(new);
                    return Err(failed(&error));
                }
            }
            *run = Some(new);
        }
        let Some(Run { taken, came }) = run.as_mut() else {
            return Err(SourceError::failed("the tap was not run"));
        };
        taken.insert(object_type);
        let Some(came) = came else {
            return Err(SourceError::failed("the tap failed, as said before"));
        };
        if let Some(reason) = came.missing.get(&object_type) {
            return Err(SourceError::Missing(reason.clone()));
        }
        let mut read = match came.batch.types.get(&object_type) {
            Some(source) => source.read(sink).await?,
            None => Read::changes(came.as_of),
        };
        // Without a place for its state it is always given none.
        read.alternates = self.options.directory.is_some();
        Ok(read)
    }

    /// Runs the tap to its end, and takes in what it writes.
    async fn run_tap(&self, as_of: Timestamp, needs_everything: bool) -> Result<Came, TargetError> {
        let directory = &self.options.directory;
        let work = match directory {
            Some(directory) => {
                private_directory(directory).and_then(|()| WorkFolder::create_in(directory, "run-"))
            }
            None => WorkFolder::create_in(&tempfile::env::temp_dir(), "gong-crm-singer-"),
        };
        let work = work.map_err(TargetError::Disk)?;
        let mut kept = Kept::open(directory.clone(), work.path()).map_err(TargetError::Disk)?;
        let mut tap = self.tap.clone();
        if let Some(directory) = directory
            && !needs_everything
            && !self.is_everything_due(kept.facts.complete_at, as_of)
        {
            tap = tap.with_state(directory.join(STATE));
        }
        let given = tap.given_state();
        let said = Arc::new(StdMutex::new(VecDeque::new()));
        let hears = Arc::clone(&said);
        let tap = tap.on_message(move |line| {
            let mut said = locked(&hears);
            if said.len() == SHOWN_LINES {
                said.pop_front();
            }
            said.push_back(line.to_owned());
        });
        let mut collector = Collector::new(work.path().to_path_buf(), self.recipe.wanted.clone());
        let (mut running, output) = tap.start()?;
        let mut lines = Lines::read(output);
        while let Some(some) = lines.next().await {
            for line in some.map_err(TargetError::Input)? {
                collector.take(&line, &kept)?;
            }
        }
        let status = running.wait().await.map_err(TargetError::Input)?;
        let is_whole = given.is_none();
        let mut missing = BTreeMap::new();
        if status.success() && is_whole {
            missing = collector.missing(&self.options.never_complete);
        }
        self.note(&collector.notes);
        if !status.success() {
            let said = Vec::from(std::mem::take(&mut *locked(&said)));
            return Err(TargetError::Failed {
                command: tap.program().to_owned(),
                status: status.to_string(),
                said: said.join("\n"),
            });
        }
        if !is_whole {
            collector.expect_streams()?;
        }
        let known: BTreeSet<&str> = collector.streams.keys().map(String::as_str).collect();
        let complete = collector.complete(&self.options.never_complete, |name| {
            given.lets_all_through(name, &known)
        });
        let mut versions = BTreeMap::new();
        for (name, stream) in &collector.streams {
            if let Some(version) = stream.activated.as_ref().or(stream.versions.last()) {
                versions.insert(name.clone(), version.clone());
            }
        }
        let batch = Batch::make(
            &mut collector.streams,
            &self.recipe,
            &mut kept,
            work.path(),
            as_of,
            &complete,
        )
        .map_err(TargetError::Disk)?;
        Ok(Came {
            batch,
            as_of,
            complete,
            is_whole,
            missing,
            kept,
            versions,
            state: collector.state.take(),
            _work: work,
        })
    }

    fn is_everything_due(&self, last: Option<Timestamp>, now: Timestamp) -> bool {
        let every = SignedDuration::try_from(self.options.complete_every);
        let every = every.unwrap_or(SignedDuration::MAX);
        last.is_none_or(|last| now.duration_since(last) >= every)
    }

    fn note(&self, new: &[String]) {
        let mut notes = locked(&self.notes);
        for note in new {
            if !notes.0.contains(note) {
                notes.0.push(note.clone());
            }
        }
    }
}

fn locked<T>(mutex: &StdMutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn failed(error: &TargetError) -> SourceError {
    SourceError::failed(match error.hint() {
        Some(hint) => format!("{error}; {hint}"),
        None => error.to_string(),
    })
}

/// The records of one type of a tap.
struct TypeOfTap {
    shared: Arc<Shared>,
    object_type: ObjectType,
}

impl fmt::Debug for TypeOfTap {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("TypeOfTap")
            .field(&self.name())
            .finish()
    }
}

impl Source for TypeOfTap {
    fn name(&self) -> String {
        let streams = self.shared.recipe.wanted.types.get(&self.object_type);
        let streams = streams.map_or(&[][..], Vec::as_slice).join(", ");
        format!("{} {streams}", self.shared.tap.program())
    }

    fn definition(&self) -> String {
        self.shared.recipe.definition.clone()
    }

    fn read<'a>(&'a self, sink: &'a mut Sink) -> ReadFuture<'a> {
        Box::pin(self.shared.read(self.object_type, sink))
    }
}
