//! Where the files are, and how they are reached.

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gong_crm::source::SourceError;
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::client::{HttpClient, HttpConnector};
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::http::HttpBuilder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ClientOptions, ObjectStore, ObjectStoreScheme};
use percent_encoding::percent_decode_str;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use url::Url;

use crate::open_error::OpenError;
use crate::secret::SecretUrl;
use crate::tls::client_config;

/// A folder, a prefix or a single file.
#[derive(Clone)]
pub(super) struct Location {
    url: Url,
    shown: String,
    target: String,
    prefix: Path,
    /// The header for the user and password of an https URL, which the URL has no more: errors of
    /// the store name it.
    authorization: Option<HeaderValue>,
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
    pub(super) fn parse(whole: &SecretUrl, folder: &FilePath) -> Result<Self, OpenError> {
        let shown = whole.shown().to_owned();
        let wrong = |reason: &str| OpenError::Url(format!("{shown}: {reason}"));
        let mut url = if whole.expose().contains("://") {
            Url::parse(whole.expose()).map_err(|error| wrong(&error.to_string()))?
        } else {
            let path = std::path::absolute(folder.join(whole.expose()))
                .map_err(|error| wrong(&error.to_string()))?;
            Url::from_file_path(path).map_err(|()| wrong("it is not a path"))?
        };
        let (scheme, prefix) = ObjectStoreScheme::parse(&url).map_err(|_| {
            wrong("it is not a folder and does not begin with s3://, gs://, az:// or https://")
        })?;
        let mut authorization = None;
        if scheme == ObjectStoreScheme::Http {
            authorization = basic(&url).map_err(wrong)?;
            // A URL of http has both.
            let _ = url.set_username("");
            let _ = url.set_password(None);
        }
        if url.query().is_some() || url.password().is_some() {
            let shown = SecretUrl::masked(&shown);
            return Err(OpenError::Url(format!(
                "{shown}: a URL with a signature, a key or other parameters can't be read: put \
                 credentials into the environment, as AWS_ACCESS_KEY_ID or AZURE_STORAGE_SAS_TOKEN"
            )));
        }
        Ok(Self {
            target: whole.target(),
            url,
            shown,
            prefix,
            authorization,
        })
    }

    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// What decides where the records come from, as [`SecretUrl::target`].
    pub(super) fn target(&self) -> &str {
        &self.target
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

    /// The folder, if it is one of this machine.
    pub(super) fn local_folder(&self) -> Option<PathBuf> {
        let path = self.url.to_file_path().ok()?;
        path.is_dir().then_some(path)
    }

    // Spark calls a folder `leads.parquet`.
    fn is_local_folder(&self) -> bool {
        self.local_folder().is_some()
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
                    .with_http_connector(Connector::default())
                    .build()
                    .map_err(failed)?,
            ),
            ObjectStoreScheme::GoogleCloudStorage => Arc::new(
                GoogleCloudStorageBuilder::from_env()
                    .with_url(url)
                    .with_http_connector(Connector::default())
                    .build()
                    .map_err(failed)?,
            ),
            ObjectStoreScheme::MicrosoftAzure => Arc::new(
                MicrosoftAzureBuilder::from_env()
                    .with_url(url)
                    .with_http_connector(Connector::default())
                    .build()
                    .map_err(failed)?,
            ),
            _ => Arc::new(
                HttpBuilder::new()
                    .with_url(&self.url[..url::Position::BeforePath])
                    .with_http_connector(Connector {
                        authorization: self.authorization.clone(),
                    })
                    .build()
                    .map_err(failed)?,
            ),
        };
        Ok(store)
    }
}

/// The header for the user and the password of a URL.
fn basic(url: &Url) -> Result<Option<HeaderValue>, &'static str> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok(None);
    }
    let mut pair: Vec<u8> = percent_decode_str(url.username()).collect();
    pair.push(b':');
    pair.extend(percent_decode_str(url.password().unwrap_or_default()));
    let header = format!("Basic {}", STANDARD.encode(pair));
    let mut header =
        HeaderValue::try_from(header).map_err(|_| "its user can't be sent in a header")?;
    header.set_sensitive(true);
    Ok(Some(header))
}

/// HTTP clients with TLS by ring: without a provider of cryptography for the whole process, which a
/// library does not install, the default client of reqwest cannot be built.
#[derive(Debug, Default)]
struct Connector {
    authorization: Option<HeaderValue>,
}

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        let failed =
            |source: Box<dyn std::error::Error + Send + Sync>| object_store::Error::Generic {
                store: "HTTP",
                source,
            };
        let tls = client_config().map_err(|error| failed(Box::new(error)))?;
        let authorization = self.authorization.clone();
        let headers = authorization.map(|value| (AUTHORIZATION, value));
        let client = reqwest::Client::builder()
            .default_headers(headers.into_iter().collect())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Location, String> {
        // As a variable or a private file gives it: there, secrets are allowed.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("url");
        std::fs::write(&path, text).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        let url = SecretUrl::resolve("file:url", folder.path()).unwrap();
        Location::parse(&url, FilePath::new("")).map_err(|error| error.to_string())
    }

    #[test]
    fn password_of_a_url_is_a_header_and_in_no_message() {
        let location = parse("https://ada:hunter%402@files.example/leads.parquet").unwrap();
        assert_eq!(location.url.as_str(), "https://files.example/leads.parquet");
        let header = location.authorization.clone().unwrap();
        assert_eq!(header, format!("Basic {}", STANDARD.encode("ada:hunter@2")));
        assert!(header.is_sensitive());
        let location = parse("https://files.example/leads.parquet").unwrap();
        assert_eq!(location.authorization, None);
    }

    #[test]
    fn signed_url_is_refused_without_its_signature() {
        for url in [
            "https://files.example/p.parquet?X-Amz-Signature=hunter2",
            "s3://key:hunter2@bucket/leads/",
        ] {
            let error = parse(url).unwrap_err();
            assert!(
                error.contains("credentials into the environment"),
                "{error}"
            );
            assert!(!error.contains("hunter2"), "{error}");
        }
        assert!(parse("abfss://container@account.dfs.core.windows.net/leads/").is_ok());
    }
}
