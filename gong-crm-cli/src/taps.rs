//! Singer taps: the mappings of what they write, and where their state is kept.

use std::path::{Path, PathBuf};

use gong_crm::mapping::{Mapping, MappingError};
use gong_crm::schema::EntitySchema;
use gong_sources::singer::{PRESETS, Preset, Tap, TapOptions, TapSources, TargetError};

use crate::args::Global;
use crate::config::ledger_url::is_url;
use crate::config::settings::Settings;
use crate::config::sources::tap::TapTable;
use crate::error::CliError;
use crate::exit::Exit;

/// What a tap is made to read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Extent<'a> {
    /// Everything.
    Everything,
    /// What changed since the last sync of this scope.
    SinceLastSync(&'a str),
}

/// How the streams of a tap become records.
pub(crate) struct Mapped {
    pub(crate) mapping: Mapping,
    /// Its text, by which a change is noticed.
    pub(crate) definition: String,
    pub(crate) preset: Option<&'static Preset>,
    pub(crate) note: Option<String>,
}

impl Mapped {
    pub(crate) fn of_preset(name: &str, currency: Option<&str>) -> Result<Self, CliError> {
        let preset = preset_named(name)?;
        let has_note = preset.needs_currency() && currency.is_none();
        Ok(Self {
            mapping: preset.mapping(currency).map_err(usage)?,
            definition: format!("{} {}", preset.text, currency.unwrap_or_default()),
            preset: Some(preset),
            note: has_note.then(|| {
                "amounts are taken as they are; with the company's currency (--currency EUR, or \
                 `currency` in [sources]), deals in another one are held back"
                    .to_owned()
            }),
        })
    }

    pub(crate) fn of_file(path: &Path) -> Result<Self, CliError> {
        Ok(Self {
            mapping: Mapping::open(path).map_err(usage)?,
            definition: std::fs::read_to_string(path).unwrap_or_default(),
            preset: None,
            note: None,
        })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "as map_err gives it")]
fn usage(error: MappingError) -> CliError {
    CliError::new(Exit::Usage, error.to_string())
}

pub(crate) fn preset_named(name: &str) -> Result<&'static Preset, CliError> {
    Preset::named(name).ok_or_else(|| {
        let names: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
        CliError::new(Exit::Usage, format!("there is no preset {name:?}"))
            .with_hint(format!("there are {}", names.join(", ")))
    })
}

/// Where the streams and states of a scope are kept: beside the ledger, if that is a file.
pub(crate) fn directory(settings: &Settings, scope: &str) -> Result<Option<PathBuf>, CliError> {
    let ledger = settings.ledger_path()?;
    if ledger.to_str().is_some_and(is_url) {
        return Ok(None);
    }
    let plain = |character: char| match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' => character,
        _ => '-',
    };
    let name: String = scope.chars().map(plain).collect();
    let mut directory = ledger.into_os_string();
    directory.push(".singer");
    let directory = Path::new(&directory).join(name);
    // A tap can run in another directory.
    std::path::absolute(directory).map(Some).map_err(|error| {
        let message = format!("the current directory can't be read: {error}");
        CliError::new(Exit::Unexpected, message)
    })
}

/// The tap of a config file in this folder, as the source of all its types.
pub(crate) fn sources(
    global: &Global,
    table: &TapTable,
    folder: &Path,
    extent: Extent<'_>,
    schema: Option<&EntitySchema>,
) -> Result<TapSources, CliError> {
    let mapped = match (&table.preset, &table.map) {
        (Some(preset), _) => Mapped::of_preset(preset, table.currency.as_deref())?,
        (None, Some(map)) => Mapped::of_file(&folder.join(map))?,
        (None, None) => return Err(CliError::new(Exit::Usage, "the tap has no mapping")),
    };
    let mut options = TapOptions::new(mapped.mapping);
    options.definition = mapped.definition;
    options.notes.extend(mapped.note);
    options.entity_schema = schema.cloned();
    options.complete_every = table.complete_every.unwrap_or(options.complete_every);
    if let Some(preset) = mapped.preset {
        options.never_complete = preset.incomplete_types();
    }
    if let (Extent::SinceLastSync(scope), false) = (extent, global.sim) {
        options.directory = directory(&Settings::read(global)?, scope)?;
    }
    let tap = Tap::new(table.command.iter().cloned()).map_err(|error| unusable(&error))?;
    TapSources::new(tap.in_directory(folder), options).map_err(|error| unusable(&error))
}

fn unusable(error: &TargetError) -> CliError {
    let shown = CliError::new(Exit::Usage, error.to_string());
    match error.hint() {
        Some(hint) => shown.with_hint(hint),
        None => shown,
    }
}
