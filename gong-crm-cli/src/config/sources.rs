//! Parses `[sync]` and `[sources.TYPE]` of a `gong-crm.toml`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use gong_crm::ObjectType;
use gong_crm::source::Take;
use gong_crm::sync::{Deletions, Limit};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, kind, line, nearest};
use super::guard::{Guarded, Power};
use crate::args::duration;

/// The table `[sync]`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct SyncTable {
    pub(crate) scope: Option<String>,
    pub(crate) every: Option<Duration>,
    pub(crate) max_deletions: Option<Limit>,
    pub(crate) max_changes: Option<Limit>,
    pub(crate) delete_after: Option<u8>,
    pub(crate) delete_referenced: bool,
}

/// A table `[sources.TYPE]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SourceTable {
    pub(crate) line: usize,
    pub(crate) files: PathBuf,
    pub(crate) take: Take,
    pub(crate) map: Option<PathBuf>,
    pub(crate) complete: bool,
    pub(crate) deletions: Option<Deletions>,
    pub(crate) ignore_fields: BTreeSet<String>,
    pub(crate) lag: Duration,
    pub(crate) stable_for: Duration,
}

/// What a trusted file says of its sources.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Sources {
    pub(crate) sync: SyncTable,
    pub(crate) sources: BTreeMap<ObjectType, SourceTable>,
}

const SYNC_KEYS: [&str; 6] = [
    "scope",
    "every",
    "max-deletions",
    "max-changes",
    "delete-after",
    "delete-referenced",
];

const SOURCE_KEYS: [&str; 7] = [
    "files",
    "map",
    "complete",
    "deletions",
    "ignore-fields",
    "lag",
    "stable-for",
];

/// Fields without which records can't be compared.
const ALWAYS_COMPARED: [&str; 3] = ["objectId", "isDeleted", "modifiedDate"];

const FILES_KEYS: [&str; 2] = ["glob", "take"];

/// Sources that other builds have.
const OTHER_SOURCES: [&str; 4] = ["command", "sql", "parquet", "tap"];

/// A key of a table, with its value.
pub(super) struct Member<'a> {
    pub(super) text: &'a str,
    pub(super) name: &'a str,
    pub(super) line: usize,
    pub(super) value: &'a Spanned<DeValue<'a>>,
}

impl<'a> Member<'a> {
    pub(super) fn all(
        text: &'a str,
        what: &str,
        table: &'a Spanned<DeValue<'a>>,
    ) -> Result<Vec<Self>, ConfigError> {
        let DeValue::Table(table) = table.get_ref() else {
            return Err(ConfigError {
                line: line(text, table.span().start),
                message: format!("{what} must be a table, found {}", kind(table.get_ref())),
                hint: Some(format!("write it as a section: [{what}]")),
            });
        };
        Ok(members(text, table))
    }

    pub(super) fn wrong(&self, expected: &str) -> ConfigError {
        ConfigError {
            line: self.line,
            message: format!(
                "`{}` must be {expected}, found {}",
                self.name,
                kind(self.value.get_ref())
            ),
            hint: None,
        }
    }

    fn invalid(&self, reason: &str) -> ConfigError {
        ConfigError {
            line: self.line,
            message: format!("`{}`: {reason}", self.name),
            hint: None,
        }
    }

    pub(super) fn unknown(&self, known: &[&str]) -> ConfigError {
        let is_other_source = OTHER_SOURCES.contains(&self.name);
        ConfigError {
            line: self.line,
            message: if is_other_source {
                format!("this build reads no `{}` sources", self.name)
            } else {
                format!("unknown key `{}`", self.name)
            },
            hint: Some(match nearest(self.name, known.iter().copied()) {
                Some(meant) if !is_other_source => format!("did you mean `{meant}`?"),
                _ => format!("known keys: {}", known.join(", ")),
            }),
        }
    }

    fn string(&self) -> Result<String, ConfigError> {
        match self.value.get_ref() {
            DeValue::String(text) => Ok(text.clone().into_owned()),
            _ => Err(self.wrong("a quoted string")),
        }
    }

    pub(super) fn boolean(&self) -> Result<bool, ConfigError> {
        match self.value.get_ref() {
            DeValue::Boolean(value) => Ok(*value),
            _ => Err(self.wrong("true or false")),
        }
    }

    /// Names of fields that may be left out of the comparison.
    fn field_names(&self) -> Result<BTreeSet<String>, ConfigError> {
        let wrong = || self.wrong("a list of names of fields, such as [\"lastActivity\"]");
        let DeValue::Array(names) = self.value.get_ref() else {
            return Err(wrong());
        };
        let names = names.iter().map(|name| match name.get_ref() {
            DeValue::String(name) if ALWAYS_COMPARED.contains(&name.as_ref()) => {
                Err(self.invalid(&format!("{name} cannot be ignored")))
            }
            DeValue::String(name) => Ok(name.clone().into_owned()),
            _ => Err(wrong()),
        });
        names.collect()
    }

    fn parsed<T, E: ToString>(
        &self,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<T, ConfigError> {
        parse(&self.string()?).map_err(|error| self.invalid(&error.to_string()))
    }

    /// A number, or what a string says.
    fn limit(&self) -> Result<Limit, ConfigError> {
        match self.value.get_ref() {
            DeValue::Integer(number) => {
                number.as_str().parse().map(Limit::Records).map_err(|_| {
                    self.wrong("a number, a percentage such as \"5%\", or \"unlimited\"")
                })
            }
            _ => self.parsed(str::parse),
        }
    }
}

fn members<'a>(text: &'a str, table: &'a DeTable<'a>) -> Vec<Member<'a>> {
    let member = |(key, value): (&'a Spanned<Cow<'a, str>>, &'a Spanned<DeValue<'a>>)| Member {
        text,
        name: key.get_ref().as_ref(),
        line: line(text, key.span().start),
        value,
    };
    table.iter().map(member).collect()
}

/// Reads the table `[sync]`.
pub(super) fn sync<'a>(
    text: &'a str,
    table: &'a Spanned<DeValue<'a>>,
) -> Result<SyncTable, ConfigError> {
    let mut sync = SyncTable::default();
    for member in Member::all(text, "sync", table)? {
        match member.name {
            "scope" => sync.scope = Some(member.string()?),
            "every" => sync.every = Some(member.parsed(duration)?),
            "max-deletions" => sync.max_deletions = Some(member.limit()?),
            "max-changes" => sync.max_changes = Some(member.limit()?),
            "delete-after" => {
                let number = match member.value.get_ref() {
                    DeValue::Integer(number) => number.as_str().parse().ok(),
                    _ => None,
                };
                let number = number.filter(|number| *number > 0);
                let wrong = || member.wrong("a number of reads from 1 to 255");
                sync.delete_after = Some(number.ok_or_else(wrong)?);
            }
            "delete-referenced" => sync.delete_referenced = member.boolean()?,
            _ => return Err(member.unknown(&SYNC_KEYS)),
        }
    }
    Ok(sync)
}

/// Reads the tables `[sources.TYPE]`.
pub(super) fn sources<'a>(
    text: &'a str,
    table: &'a Spanned<DeValue<'a>>,
) -> Result<BTreeMap<ObjectType, Guarded<SourceTable>>, ConfigError> {
    let mut sources = BTreeMap::new();
    for member in Member::all(text, "sources", table)? {
        if OTHER_SOURCES.contains(&member.name) {
            return Err(member.unknown(&ObjectType::ALL.map(ObjectType::as_str)));
        }
        let object_type: ObjectType = member.name.parse().map_err(|error| {
            let error: gong_crm::record::UnknownObjectType = error;
            ConfigError {
                line: member.line,
                message: format!("[sources.{}]: {error}", member.name),
                hint: Some("write a source as a section such as [sources.ACCOUNT]".to_owned()),
            }
        })?;
        sources.insert(object_type, source(&member)?);
    }
    Ok(sources)
}

/// Reads a table `[sources.TYPE]`. Whatever it reads, runs or connects to is one of its powers.
fn source(of: &Member<'_>) -> Result<Guarded<SourceTable>, ConfigError> {
    let mut table = SourceTable {
        line: of.line,
        ..SourceTable::default()
    };
    let mut has_files = false;
    for member in Member::all(of.text, "sources.TYPE", of.value)? {
        match member.name {
            "files" => {
                has_files = true;
                files(&member, &mut table)?;
            }
            "map" => table.map = Some(member.string()?.into()),
            "complete" => table.complete = member.boolean()?,
            "deletions" => table.deletions = Some(member.parsed(str::parse)?),
            "ignore-fields" => table.ignore_fields = member.field_names()?,
            "lag" => table.lag = member.parsed(duration)?,
            "stable-for" => table.stable_for = member.parsed(duration)?,
            _ => return Err(member.unknown(&SOURCE_KEYS)),
        }
    }
    if has_files {
        let mut powers = vec![Power::Read(table.files.clone())];
        powers.extend(table.map.clone().map(Power::Read));
        let setting = format!("sources.{}", of.name);
        return Ok(Guarded::new(of.line, setting, powers, table));
    }
    Err(ConfigError {
        line: of.line,
        message: format!("[sources.{}] has no `files`", of.name),
        hint: Some("write files = \"exports/accounts.ldjson\"".to_owned()),
    })
}

/// A path or pattern alone, or `{ glob = "…", take = "latest" }`.
fn files(of: &Member<'_>, table: &mut SourceTable) -> Result<(), ConfigError> {
    if let DeValue::String(pattern) = of.value.get_ref() {
        table.files = PathBuf::from(pattern.as_ref());
        return Ok(());
    }
    for member in Member::all(of.text, "files", of.value)? {
        match member.name {
            "glob" => table.files = member.string()?.into(),
            "take" => table.take = member.parsed(str::parse)?,
            _ => return Err(member.unknown(&FILES_KEYS)),
        }
    }
    if table.files.as_os_str().is_empty() {
        return Err(of.wrong("a path, or { glob = \"...\", take = \"latest\" }"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::file::ConfigFile;
    use crate::config::guard::{Origin, Trust};

    #[test]
    fn sources_and_limits_are_read() {
        let file = ConfigFile::parse(
            "[sync]\nscope = \"acme-prod\"\nevery = \"5m\"\nmax-deletions = \"5%\"\n\n\
             [sources.DEAL]\nfiles = { glob = \"exports/deals-*.csv\", take = \"latest\" }\n\
             map = \"deals.toml\"\ncomplete = true\nlag = \"10m\"\nignore-fields = [\"score\"]\n\n\
             [sources.BUSINESS_USER]\nfiles = \"users.ldjson\"\ndeletions = \"never\"\n",
        )
        .unwrap();
        let sync = &file.top.sync;
        assert_eq!(sync.scope.as_deref(), Some("acme-prod"));
        assert_eq!(sync.every, Some(Duration::from_mins(5)));
        assert_eq!(sync.max_deletions, Some(Limit::Percent(5.0)));
        let named = Origin {
            path: PathBuf::from("gong-crm.toml"),
            trust: Trust::Named("--config"),
        };
        let source = |object_type| {
            let guarded: Guarded<SourceTable> = file.top.sources[&object_type].clone();
            guarded.allowed_by(&named).unwrap().value
        };
        let deals = source(ObjectType::Deal);
        assert_eq!(
            (deals.take, deals.complete, deals.line),
            (Take::Latest, true, 6)
        );
        assert_eq!(deals.lag, Duration::from_mins(10));
        assert!(deals.ignore_fields.contains("score"));
        let users = source(ObjectType::BusinessUser);
        assert_eq!(users.deletions, Some(Deletions::Never));
        assert!(!users.complete);
    }

    #[test]
    fn mistake_in_a_source_is_reported_by_line() {
        for (text, line, message) in [
            ("[sync]\nscop = 'x'", 2, "unknown key `scop`"),
            ("[sync]\nevery = 'often'", 2, "`every`: "),
            ("[sync]\nmax-deletions = '120%'", 2, "`max-deletions`: "),
            (
                "[sources.DEALS]\nfiles = 'x'\ncomplete = 'yes'",
                3,
                "`complete` must be true or false",
            ),
            ("[sources.ORDER]\nfiles = 'x'", 1, "[sources.ORDER]: "),
            (
                "[sources.DEAL]\ncomplete = true",
                1,
                "[sources.DEAL] has no `files`",
            ),
            (
                "[sources.DEAL]\nfiles = 'x'\nignore-fields = ['isDeleted']",
                3,
                "`ignore-fields`: isDeleted cannot be ignored",
            ),
            (
                "[sources.DEAL]\ncommand = ['psql']",
                2,
                "this build reads no `command` sources",
            ),
            (
                "[sources.DEAL]\nfiles = { glob = 'x', take = 'all' }",
                2,
                "`take`: ",
            ),
        ] {
            let error = ConfigFile::parse(text).unwrap_err();
            assert_eq!(error.line, line, "{text}: {error:?}");
            assert!(error.message.starts_with(message), "{text}: {error:?}");
        }
    }
}
