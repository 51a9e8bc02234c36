//! The sources that gong-crm.toml or the command line names, opened.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gong_crm::ObjectType;
use gong_crm::check::FileConverter;
use gong_crm::mapping::{Conversion, Mapping, MappingError};
use gong_crm::push::Records;
use gong_crm::schema::EntitySchema;
use gong_crm::source::Source;
use gong_sources::singer::TapSources;
use gong_sources::{OpenError, SourceOptions};

use crate::args::Global;
use crate::config::guard::{Origin, Trust};
use crate::config::settings::Settings;
use crate::config::sources::{SourceTable, Sources, SyncTable, named_source};
use crate::error::CliError;
use crate::exit::Exit;
use crate::mappings::source_paths;
use crate::output::Output;
use crate::signal::Signals;
use crate::taps::{self, Extent};

/// The tables of sources, and where they were found.
pub(crate) struct SourceTables {
    tables: Sources,
    /// What paths in the tables are relative to.
    folder: PathBuf,
    /// The config file; none for the command line.
    file: Option<PathBuf>,
}

impl SourceTables {
    /// The sources of `--source`, or else those of the config file.
    pub(crate) fn read(global: &Global, named: &[String]) -> Result<Self, CliError> {
        if named.is_empty() {
            let (path, tables) = Settings::sources(global)?;
            return Ok(Self {
                tables,
                folder: path.parent().unwrap_or(Path::new("")).to_path_buf(),
                file: Some(path),
            });
        }
        let mut sources = BTreeMap::new();
        for text in named {
            let (object_type, guarded) = named_source(text).map_err(|error| {
                let failure =
                    CliError::new(Exit::Usage, format!("--source {text}: {}", error.message));
                failure.with_hint(error.hint.unwrap_or_else(|| {
                    "write it as in gong-crm.toml: --source 'DEAL={ command = [\"psql\", \"...\"] }'"
                        .to_owned()
                }))
            })?;
            // Who writes it on the command line means it.
            let named = Origin {
                path: PathBuf::new(),
                trust: Trust::Named("--source"),
            };
            sources.insert(object_type, guarded.allowed_by(&named)?.value);
        }
        Ok(Self {
            tables: Sources {
                sync: Settings::sync_table(global)?,
                types: sources,
                tap: None,
            },
            folder: PathBuf::new(),
            file: None,
        })
    }

    /// The sources to read where no path is named: those of `--source`, or those of the config file
    /// if not all of them are files.
    pub(crate) fn instead_of_paths(
        global: &Global,
        paths: &[PathBuf],
        named: &[String],
    ) -> Result<Option<Self>, CliError> {
        if !named.is_empty() {
            if paths.is_empty() {
                return Self::read(global, named).map(Some);
            }
            return Err(
                CliError::new(Exit::Usage, "--source and paths cannot be used together")
                    .with_hint("name files as a source too, or run the command once for each"),
            );
        }
        if !paths.is_empty() || !Settings::has_file(global)? {
            return Ok(None);
        }
        let (_, tables) = Settings::named_sources(global)?;
        let runs_something = tables
            .types
            .values()
            .any(|table| table.origin.runs_something())
            || tables.tap.is_some();
        if runs_something {
            Self::read(global, named).map(Some)
        } else {
            Ok(None)
        }
    }

    /// The table `[sync]`.
    pub(crate) fn sync(&self) -> &SyncTable {
        &self.tables.sync
    }

    /// Whether anything is read.
    pub(crate) fn has_any(&self) -> bool {
        !self.tables.types.is_empty() || self.tables.tap.is_some()
    }

    /// The tap that all types without a table of their own are read from, if there is one.
    pub(crate) fn tap(
        &self,
        global: &Global,
        extent: Extent<'_>,
        schema: Option<&EntitySchema>,
    ) -> Result<Option<TapSources>, CliError> {
        let Some(table) = &self.tables.tap else {
            return Ok(None);
        };
        let opened = taps::sources(global, table, &self.folder, extent, schema);
        opened.map(Some).map_err(|error| {
            let at = self.file.as_deref().unwrap_or(Path::new("")).display();
            let message = format!("{at}:{}: {}", table.line, error.message);
            match error.hint {
                Some(hint) => CliError::new(error.exit, message).with_hint(hint),
                None => CliError::new(error.exit, message),
            }
        })
    }

    /// The tables by type.
    pub(crate) fn by_type(&self) -> &BTreeMap<ObjectType, SourceTable> {
        &self.tables.types
    }

    /// Opens a source: nothing is read or run yet.
    pub(crate) fn open(
        &self,
        global: &Global,
        object_type: ObjectType,
        schema: Option<&EntitySchema>,
    ) -> Result<Arc<dyn Source>, CliError> {
        let Some(table) = self.tables.types.get(&object_type) else {
            return Err(CliError::new(
                Exit::Usage,
                format!("no source is named for {object_type}"),
            ));
        };
        let at = match &self.file {
            Some(file) => format!("{}:{}", file.display(), table.line),
            None => "--source".to_owned(),
        };
        let mut options = SourceOptions::default();
        options.is_complete = table.complete;
        options.lag = table.lag;
        options.stable_for = table.stable_for;
        options.timeout = table.timeout;
        options.entity_schema = schema.cloned();
        if let Some((path, is_own)) = self.map(global, table)? {
            let unusable = |error: MappingError| {
                CliError::new(Exit::Usage, error.to_string())
                    .with_hint(format!("it is set as `map` in the table at {at}"))
            };
            let mut mapping = Mapping::open(&path).map_err(unusable)?;
            let mut files = Vec::new();
            // Cells can be looked up in the records of the other sources.
            for (other, table) in &self.tables.types {
                let Some(map) = &table.map else { continue };
                let map = self.folder.join(map);
                if map != path {
                    let others = Mapping::open(&map).map_err(unusable)?;
                    mapping = mapping.with_other_tables_of(others);
                }
                let paths = source_paths(&self.folder, table).into_iter();
                files.extend(paths.map(|path| (*other, path)));
            }
            let mut conversion = Conversion::new(mapping);
            conversion.files = files;
            conversion.entity_schema = schema.cloned();
            conversion.by_name = !is_own;
            options.mapping = std::fs::read_to_string(&path).unwrap_or_default();
            options.converter = Some(Arc::new(conversion) as Arc<dyn FileConverter>);
        }
        let opened = table.origin.open(&self.folder, options);
        opened.map_err(|error: OpenError| {
            CliError::new(Exit::Usage, format!("source of {object_type}: {error}"))
                .with_hint(format!("it is set in {at}"))
        })
    }

    /// The mapping of a source, and whether the source names it itself. That of the whole config file
    /// is for files: a query names its columns as it likes.
    fn map(
        &self,
        global: &Global,
        table: &SourceTable,
    ) -> Result<Option<(PathBuf, bool)>, CliError> {
        if let Some(map) = &table.map {
            return Ok(Some((self.folder.join(map), true)));
        }
        if table.origin.runs_something() {
            return Ok(None);
        }
        let of_file = Settings::map(global)?;
        Ok(of_file.map(|map| (map.value, false)))
    }

    /// Reads all sources, or the one of a type. A signal stops them.
    pub(crate) async fn records(
        &self,
        global: &Global,
        only: Option<ObjectType>,
        schema: Option<&EntitySchema>,
        output: Output,
    ) -> Result<Records, CliError> {
        let mut records = Records::new();
        let is_wanted = |object_type| only.is_none_or(|only| only == object_type);
        let mut sources = Vec::new();
        let own = self.tables.types.keys();
        for object_type in own.filter(|object_type| is_wanted(**object_type)) {
            sources.push((*object_type, self.open(global, *object_type, schema)?));
        }
        let tap = self.tap(global, Extent::Everything, schema)?;
        if let Some(tap) = &tap {
            let has_own = |object_type| self.tables.types.contains_key(&object_type);
            sources.extend(tap.sources(|known| is_wanted(known) && !has_own(known)));
        }
        for (object_type, source) in sources {
            let reading = records.add_source(object_type, &*source);
            until_signal(reading).await?.map_err(|error| {
                let name = source.name();
                CliError::new(Exit::Failed, format!("{object_type}, {name}: {error}"))
            })?;
        }
        for note in tap.iter().flat_map(TapSources::take_notes) {
            output.status(&format!("note: {note}"));
        }
        if records.is_empty() {
            return Err(CliError::new(
                Exit::Usage,
                "no source is named for this type",
            ));
        }
        Ok(records)
    }
}

/// Waits for the future; a signal drops it, and with it what it runs.
pub(crate) async fn until_signal<T>(future: impl Future<Output = T>) -> Result<T, CliError> {
    let mut signals = Signals::new();
    tokio::select! {
        output = future => Ok(output),
        exit = signals.next() => Err(CliError::new(exit, "stopped before anything was sent")),
    }
}
