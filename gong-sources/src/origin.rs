//! The source of records, as a table `[sources.TYPE]` describes it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use gong_crm::source::{FilesSource, Source, Take};

use crate::open_error::OpenError;
use crate::options::SourceOptions;
use crate::secret::SecretUrl;

/// The source of the records of one type.
///
/// ```
/// use std::path::Path;
///
/// use gong_sources::{Origin, SourceOptions};
///
/// let origin = Origin::Sql {
///     url: "sqlite:crm.db".to_owned(),
///     query: "select id as \"objectId\" from accounts".to_owned(),
/// };
/// assert!(origin.runs_something());
/// # #[cfg(feature = "sqlite")]
/// assert!(origin.open(Path::new("."), SourceOptions::default()).is_ok());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// Files that a CRM or a warehouse exports.
    Files {
        /// A path or a pattern.
        pattern: PathBuf,
        /// Which files count where several fit.
        take: Take,
    },
    /// A program's standard output.
    Command(Vec<String>),
    /// A query to a database.
    Sql {
        /// `sqlite:PATH`, `postgres://…` or `mysql://…`; `env:NAME` or `file:PATH` for one of these.
        url: String,
        /// A file whose name ends in `.sql`, or the query itself.
        query: String,
    },
    /// Parquet files in a folder or an object store.
    Parquet {
        /// A folder, or `s3://…`, `gs://…`, `az://…`, `https://…`; `env:NAME` or `file:PATH` for one
        /// of these.
        url: String,
        /// Which files count where several are there.
        take: Take,
    },
}

impl Origin {
    /// Whether reading it runs a program or connects to somewhere, which a configuration file may ask
    /// for only once it is trusted.
    pub fn runs_something(&self) -> bool {
        !matches!(self, Self::Files { .. })
    }

    /// The programs and hosts that it would use, without secrets.
    pub fn shown(&self) -> String {
        match self {
            Self::Files { pattern, .. } => pattern.display().to_string(),
            Self::Command(words) => words.join(" "),
            Self::Sql { url, query } => format!("{query} at {}", SecretUrl::masked(url)),
            Self::Parquet { url, .. } => SecretUrl::masked(url),
        }
    }

    /// Opens the source; nothing is read, run or connected to. Paths are relative to the folder.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when this build does not have the source, or when its URL or query cannot be
    /// found.
    pub fn open(
        &self,
        folder: &Path,
        options: SourceOptions,
    ) -> Result<Arc<dyn Source>, OpenError> {
        match self {
            Self::Files { pattern, take } => {
                let mut source = FilesSource::new(folder.join(pattern))
                    .take(*take)
                    .complete(options.is_complete)
                    .lag(options.lag)
                    .stable_for(options.stable_for);
                if let Some(converter) = options.converter {
                    source = source.converter(converter, options.mapping);
                }
                Ok(Arc::new(source))
            }
            Self::Command(words) => command(words, folder, options),
            Self::Sql { url, query } => {
                let url = SecretUrl::resolve(url, folder)?;
                crate::sql::open(url, query, folder, options)
            }
            Self::Parquet { url, take } => {
                parquet(&SecretUrl::resolve(url, folder)?, *take, folder, options)
            }
        }
    }
}

#[cfg(feature = "command")]
fn command(
    words: &[String],
    folder: &Path,
    options: SourceOptions,
) -> Result<Arc<dyn Source>, OpenError> {
    use crate::command::CommandSource;

    let [program, arguments @ ..] = words else {
        return Err(OpenError::NoCommand);
    };
    let source = CommandSource::new(program, arguments)
        .directory(folder)
        .options(options);
    Ok(Arc::new(source))
}

#[cfg(not(feature = "command"))]
fn command(_: &[String], _: &Path, _: SourceOptions) -> Result<Arc<dyn Source>, OpenError> {
    Err(OpenError::NotBuilt("command"))
}

#[cfg(feature = "parquet")]
fn parquet(
    url: &SecretUrl,
    take: Take,
    folder: &Path,
    options: SourceOptions,
) -> Result<Arc<dyn Source>, OpenError> {
    let source = crate::parquet::ParquetSource::new(url, folder)?;
    Ok(Arc::new(source.take(take).options(options)))
}

#[cfg(not(feature = "parquet"))]
fn parquet(
    _: &SecretUrl,
    _: Take,
    _: &Path,
    _: SourceOptions,
) -> Result<Arc<dyn Source>, OpenError> {
    Err(OpenError::NotBuilt("parquet"))
}
