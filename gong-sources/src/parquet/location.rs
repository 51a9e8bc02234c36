//! Where the files are, and how they are reached.

use std::path::Path as FilePath;
use std::sync::Arc;

use gong_crm::source::SourceError;
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::client::{HttpClient, HttpConnector};
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::http::HttpBuilder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ClientOptions, ObjectStore, ObjectStoreScheme};
use url::Url;

use crate::open_error::OpenError;
use crate::secret::SecretUrl;
use crate::tls::client_config;

/// A folder, a prefix or a single file.
#[derive(Clone)]
pub(super) struct Location {
    url: Url,
    shown: String,
    prefix: Path,
}

impl std::fmt::Debug for Location {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_tuple("Location")
            .field(&self.shown)
            .finish()
    }
}

impl Location {
    pub(super) fn parse(url: &SecretUrl, folder: &FilePath) -> Result<Self, OpenError> {
        let shown = url.shown().to_owned();
        let wrong = |reason: &str| OpenError::Url(format!("{shown}: {reason}"));
        let url = if url.expose().contains("://") {
            Url::parse(url.expose()).map_err(|error| wrong(&error.to_string()))?
        } else {
            let path = std::path::absolute(folder.join(url.expose()))
                .map_err(|error| wrong(&error.to_string()))?;
            Url::from_file_path(path).map_err(|()| wrong("it is not a path"))?
        };
        let (_, prefix) = ObjectStoreScheme::parse(&url).map_err(|_| {
            wrong("it is not a folder and does not begin with s3://, gs://, az:// or https://")
        })?;
        Ok(Self { url, shown, prefix })
    }

    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// The part of the path beneath which the files are.
    pub(super) fn prefix(&self) -> &Path {
        &self.prefix
    }

    /// Whether the URL names one file.
    pub(super) fn is_file(&self) -> bool {
        self.prefix.filename().is_some_and(super::part::is_parquet)
            && !self.url.path().ends_with('/')
            && !self.is_local_folder()
    }

    // Spark calls a folder `leads.parquet`.
    fn is_local_folder(&self) -> bool {
        self.url.to_file_path().is_ok_and(|path| path.is_dir())
    }

    /// The store, with credentials of the environment. Nothing is called yet.
    pub(super) fn connect(&self) -> Result<Arc<dyn ObjectStore>, SourceError> {
        let url = self.url.as_str();
        let failed =
            |error: object_store::Error| SourceError::failed(format!("{}: {error}", self.shown));
        let (scheme, _) = ObjectStoreScheme::parse(&self.url).map_err(SourceError::failed)?;
        let store: Arc<dyn ObjectStore> = match scheme {
            ObjectStoreScheme::Local => Arc::new(LocalFileSystem::new()),
            ObjectStoreScheme::AmazonS3 => Arc::new(
                AmazonS3Builder::from_env()
                    .with_url(url)
                    .with_http_connector(Connector)
                    .build()
                    .map_err(failed)?,
            ),
            ObjectStoreScheme::GoogleCloudStorage => Arc::new(
                GoogleCloudStorageBuilder::from_env()
                    .with_url(url)
                    .with_http_connector(Connector)
                    .build()
                    .map_err(failed)?,
            ),
            ObjectStoreScheme::MicrosoftAzure => Arc::new(
                MicrosoftAzureBuilder::from_env()
                    .with_url(url)
                    .with_http_connector(Connector)
                    .build()
                    .map_err(failed)?,
            ),
            _ => Arc::new(
                HttpBuilder::new()
                    .with_url(&self.url[..url::Position::BeforePath])
                    .with_http_connector(Connector)
                    .build()
                    .map_err(failed)?,
            ),
        };
        Ok(store)
    }
}

/// HTTP clients with TLS by ring: without a provider of cryptography for the whole process, which a
/// library does not install, the default client of reqwest cannot be built.
#[derive(Debug)]
struct Connector;

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        let failed =
            |source: Box<dyn std::error::Error + Send + Sync>| object_store::Error::Generic {
                store: "HTTP",
                source,
            };
        let tls = client_config().map_err(|error| failed(Box::new(error)))?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            // The records of a redirect are not those of the bucket that was named.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(std::time::Duration::from_secs(10))
            .read_timeout(std::time::Duration::from_mins(1))
            .build()
            .map_err(|error| failed(Box::new(error)))?;
        Ok(HttpClient::new(client))
    }
}
