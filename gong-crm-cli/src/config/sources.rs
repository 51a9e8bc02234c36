//! Parses `[sync]` and `[sources.TYPE]` of a `gong-crm.toml`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use gong_crm::ObjectType;
use gong_crm::source::Take;
use gong_crm::sync::{Deletions, Limit};
use gong_sources::sql::Query;
use gong_sources::{Origin, SecretUrl};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, kind, line, nearest};
use super::guard::{Guarded, Power};
use crate::args::{duration, interval};
use tap::{TAP_KEYS, TapTable};

pub(crate) mod tap;

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceTable {
    pub(crate) line: usize,
    pub(crate) origin: Origin,
    pub(crate) map: Option<PathBuf>,
    pub(crate) complete: bool,
    pub(crate) deletions: Option<Deletions>,
    pub(crate) ignore_fields: BTreeSet<String>,
    pub(crate) lag: Duration,
    pub(crate) stable_for: Duration,
    pub(crate) timeout: Option<Duration>,
}

/// The sources in a trusted file.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Sources {
    pub(crate) sync: SyncTable,
    pub(crate) types: BTreeMap<ObjectType, SourceTable>,
    /// The source of all other types.
    pub(crate) tap: Option<TapTable>,
}

const SYNC_KEYS: [&str; 6] = [
    "scope",
    "every",
    "max-deletions",
    "max-changes",
    "delete-after",
    "delete-referenced",
];

const SOURCE_KEYS: [&str; 11] = [
    "files",
    "command",
    "sql",
    "parquet",
    "map",
    "complete",
    "deletions",
    "ignore-fields",
    "lag",
    "stable-for",
    "timeout",
];

/// Fields without which records can't be compared.
const ALWAYS_COMPARED: [&str; 3] = ["objectId", "isDeleted", "modifiedDate"];

const FILES_KEYS: [&str; 2] = ["glob", "take"];

const SQL_KEYS: [&str; 2] = ["url", "query"];

const PARQUET_KEYS: [&str; 2] = ["url", "take"];

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
        ConfigError {
            line: self.line,
            message: format!("unknown key `{}`", self.name),
            hint: Some(match nearest(self.name, known.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("known keys: {}", known.join(", ")),
            }),
        }
    }

    pub(super) fn string(&self) -> Result<String, ConfigError> {
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

    /// Names of fields that can be excluded from the comparison.
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

    pub(super) fn parsed<T, E: ToString>(
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
            "every" => sync.every = Some(member.parsed(interval)?),
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
        if TAP_KEYS.contains(&member.name) {
            continue;
        }
        let object_type: ObjectType = member.name.parse().map_err(|error| {
            let error: gong_crm::record::UnknownObjectType = error;
            ConfigError {
                line: member.line,
                message: format!("[sources.{}]: {error}", member.name),
                hint: Some(
                    "write a source as a section such as [sources.ACCOUNT], or one tap for all types \
                     as tap = [\"tap-pipedrive\"]"
                        .to_owned(),
                ),
            }
        })?;
        sources.insert(object_type, source(&member)?);
    }
    Ok(sources)
}

/// Reads a source as the command line has it: `TYPE={ … }`.
pub(crate) fn named_source(text: &str) -> Result<(ObjectType, Guarded<SourceTable>), ConfigError> {
    let wrong = |message: String| ConfigError {
        line: 1,
        message,
        hint: None,
    };
    let table = DeTable::parse(text).map_err(|error| wrong(error.message().to_owned()))?;
    let mut entries = table.get_ref().iter();
    let (Some((key, value)), None) = (entries.next(), entries.next()) else {
        return Err(wrong("it must be one TYPE={ ... }".to_owned()));
    };
    let object_type: ObjectType = key
        .get_ref()
        .parse()
        .map_err(|error: gong_crm::record::UnknownObjectType| wrong(error.to_string()))?;
    let member = Member {
        text,
        name: key.get_ref().as_ref(),
        line: 1,
        value,
    };
    Ok((object_type, source(&member)?))
}

/// Reads a table `[sources.TYPE]`. Whatever it reads, runs or connects to is one of its powers.
fn source(of: &Member<'_>) -> Result<Guarded<SourceTable>, ConfigError> {
    let mut origins: Vec<Origin> = Vec::new();
    let mut table = SourceTable {
        line: of.line,
        origin: Origin::Command(Vec::new()),
        map: None,
        complete: false,
        deletions: None,
        ignore_fields: BTreeSet::new(),
        lag: Duration::ZERO,
        stable_for: Duration::ZERO,
        timeout: None,
    };
    for member in Member::all(of.text, "sources.TYPE", of.value)? {
        match member.name {
            "files" => origins.push(files(&member)?),
            "command" => origins.push(command(&member)?),
            "sql" => origins.push(sql(&member)?),
            "parquet" => origins.push(parquet(&member)?),
            "map" => table.map = Some(member.string()?.into()),
            "complete" => table.complete = member.boolean()?,
            "deletions" => table.deletions = Some(member.parsed(str::parse)?),
            "ignore-fields" => table.ignore_fields = member.field_names()?,
            "lag" => table.lag = member.parsed(duration)?,
            "stable-for" => table.stable_for = member.parsed(duration)?,
            "timeout" => table.timeout = Some(member.parsed(duration)?),
            _ => return Err(member.unknown(&SOURCE_KEYS)),
        }
    }
    let is_single = origins.len() < 2;
    match origins.pop().filter(|_| is_single) {
        Some(origin) => {
            let mut powers = powers(&origin);
            powers.extend(table.map.clone().map(Power::Read));
            table.origin = origin;
            let setting = format!("sources.{}", of.name);
            Ok(Guarded::new(of.line, setting, powers, table))
        }
        None => Err(ConfigError {
            line: of.line,
            message: format!(
                "[sources.{}] must have one of `files`, `command`, `sql` and `parquet`",
                of.name
            ),
            hint: Some("write, for example, files = \"exports/accounts.ldjson\"".to_owned()),
        }),
    }
}

/// The files, programs and hosts that a source uses.
fn powers(origin: &Origin) -> Vec<Power> {
    match origin {
        Origin::Files { pattern, .. } => vec![Power::Read(pattern.clone())],
        Origin::Command(words) => vec![Power::Run(words.clone())],
        Origin::Sql { url, query } => {
            let mut powers = vec![match url.strip_prefix("sqlite:") {
                Some(path) => Power::Read(path.into()),
                None => Power::Connect(SecretUrl::masked(url)),
            }];
            if Query::is_file(query) {
                powers.push(Power::Read(query.into()));
            }
            powers
        }
        Origin::Parquet { url, .. } => {
            let is_folder = !url.contains("://") && !url.starts_with("env:");
            vec![if is_folder {
                Power::Read(url.into())
            } else {
                Power::Connect(SecretUrl::masked(url))
            }]
        }
        // Sources of an unknown kind are never run.
        other => vec![Power::Connect(other.shown())],
    }
}

/// A path or pattern alone, or `{ glob = "…", take = "latest" }`.
fn files(of: &Member<'_>) -> Result<Origin, ConfigError> {
    if let DeValue::String(pattern) = of.value.get_ref() {
        return Ok(Origin::Files {
            pattern: PathBuf::from(pattern.as_ref()),
            take: Take::One,
        });
    }
    let (mut pattern, mut take) = (PathBuf::new(), Take::One);
    for member in Member::all(of.text, "files", of.value)? {
        match member.name {
            "glob" => pattern = member.string()?.into(),
            "take" => take = member.parsed(str::parse)?,
            _ => return Err(member.unknown(&FILES_KEYS)),
        }
    }
    if pattern.as_os_str().is_empty() {
        return Err(of.wrong("a path, or { glob = \"...\", take = \"latest\" }"));
    }
    Ok(Origin::Files { pattern, take })
}

/// The program and its arguments.
fn command(of: &Member<'_>) -> Result<Origin, ConfigError> {
    words(of, "[\"psql\", \"-f\", \"accounts.sql\"]").map(Origin::Command)
}

/// A list of words such as those of the example; at least one.
pub(super) fn words(of: &Member<'_>, example: &str) -> Result<Vec<String>, ConfigError> {
    let wrong = || of.wrong(&format!("a list of words such as {example}"));
    let DeValue::Array(words) = of.value.get_ref() else {
        return Err(wrong());
    };
    let words = words.iter().map(|word| match word.get_ref() {
        DeValue::String(word) => Ok(word.clone().into_owned()),
        _ => Err(wrong()),
    });
    let words = words.collect::<Result<Vec<_>, _>>()?;
    if words.first().is_none_or(String::is_empty) {
        return Err(wrong());
    }
    Ok(words)
}

/// `{ url = "…", query = "…" }`.
fn sql(of: &Member<'_>) -> Result<Origin, ConfigError> {
    let (mut url, mut query) = (String::new(), String::new());
    for member in Member::all(of.text, "sql", of.value)? {
        match member.name {
            "url" => url = member.string()?,
            "query" => query = member.string()?,
            _ => return Err(member.unknown(&SQL_KEYS)),
        }
    }
    if url.is_empty() || query.is_empty() {
        return Err(of.wrong("{ url = \"env:CRM_DATABASE_URL\", query = \"accounts.sql\" }"));
    }
    Ok(Origin::Sql { url, query })
}

/// A URL alone, or `{ url = "…", take = "latest" }`.
fn parquet(of: &Member<'_>) -> Result<Origin, ConfigError> {
    if let DeValue::String(url) = of.value.get_ref() {
        return Ok(Origin::Parquet {
            url: url.clone().into_owned(),
            take: Take::One,
        });
    }
    let (mut url, mut take) = (String::new(), Take::One);
    for member in Member::all(of.text, "parquet", of.value)? {
        match member.name {
            "url" => url = member.string()?,
            "take" => take = member.parsed(str::parse)?,
            _ => return Err(member.unknown(&PARQUET_KEYS)),
        }
    }
    if url.is_empty() {
        return Err(of.wrong("a URL, or { url = \"s3://exports/leads/\", take = \"parts\" }"));
    }
    Ok(Origin::Parquet { url, take })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::file::ConfigFile;
    use crate::config::guard::{self, Trust};

    /// The table of a file that is named.
    fn table(guarded: Guarded<SourceTable>) -> SourceTable {
        let named = guard::Origin {
            path: PathBuf::from("gong-crm.toml"),
            trust: Trust::Named("--config"),
        };
        guarded.allowed_by(&named).unwrap().value
    }

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
        let source = |object_type| table(file.top.sources[&object_type].clone());
        let deals = source(ObjectType::Deal);
        let latest = Origin::Files {
            pattern: "exports/deals-*.csv".into(),
            take: Take::Latest,
        };
        assert_eq!(
            (&deals.origin, deals.complete, deals.line),
            (&latest, true, 6)
        );
        assert_eq!(deals.lag, Duration::from_mins(10));
        assert!(deals.ignore_fields.contains("score"));
        let users = source(ObjectType::BusinessUser);
        assert_eq!(users.deletions, Some(Deletions::Never));
        assert!(!users.complete);
    }

    #[test]
    fn source_of_the_command_line_is_a_table_of_the_file() {
        let (object_type, guarded) = named_source(
            "DEAL={ sql = { url = 'env:CRM', query = 'deals.sql' }, complete = true }",
        )
        .unwrap();
        let table = table(guarded);
        assert_eq!(object_type, ObjectType::Deal);
        let expected = Origin::Sql {
            url: "env:CRM".to_owned(),
            query: "deals.sql".to_owned(),
        };
        assert_eq!((table.origin, table.complete), (expected, true));
        for text in [
            "DEAL",
            "DEALS={}",
            "DEAL={}",
            "DEAL={files='x'}\nLEAD={files='y'}",
        ] {
            assert!(named_source(text).is_err(), "{text}");
        }
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
                "[sources.DEAL] must have one of `files`, `command`, `sql` and `parquet`",
            ),
            (
                "[sources.DEAL]\nfiles = 'x'\nignore-fields = ['isDeleted']",
                3,
                "`ignore-fields`: isDeleted cannot be ignored",
            ),
            (
                "[sources.DEAL]\nfiles = 'x'\ncommand = ['psql']",
                1,
                "[sources.DEAL] must have one of",
            ),
            (
                "[sources.DEAL]\ncommand = 'psql -c x'",
                2,
                "`command` must be a list of words",
            ),
            (
                "[sources.DEAL]\nsql = { url = 'env:X' }",
                2,
                "`sql` must be { url = ",
            ),
            (
                "[sources]\ntap = ['tap-pipedrive']",
                2,
                "`tap` needs either",
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
