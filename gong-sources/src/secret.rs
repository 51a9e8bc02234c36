//! URLs with passwords, and the places where they are allowed.

use std::fmt;
use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};

use crate::open_error::OpenError;

/// A URL that can have a password. It is never printed: messages name its origin.
///
/// ```
/// use std::path::Path;
///
/// use gong_sources::SecretUrl;
///
/// let url = SecretUrl::resolve("postgres://crm.acme.example/crm", Path::new(""))?;
/// assert_eq!(url.shown(), "postgres://crm.acme.example/crm");
///
/// let error = SecretUrl::resolve("postgres://ada:secret@crm.acme.example/crm", Path::new(""));
/// assert!(!format!("{:?}", error.unwrap_err()).contains("secret"));
/// # Ok::<(), gong_sources::OpenError>(())
/// ```
#[derive(Clone)]
pub struct SecretUrl {
    text: SecretString,
    shown: String,
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("SecretUrl")
            .field(&self.shown)
            .finish()
    }
}

impl SecretUrl {
    /// Reads a URL: `env:NAME` from an environment variable, `file:PATH` from a file that only its
    /// owner can read; anything else is the URL itself, and must not have a password.
    ///
    /// # Errors
    ///
    /// [`OpenError::Secret`] when the variable is not set, when others can read the file, or when the
    /// URL has a password.
    pub fn resolve(text: &str, folder: &Path) -> Result<Self, OpenError> {
        if let Some(name) = text.strip_prefix("env:") {
            let value = std::env::var(name).unwrap_or_default();
            let value = value.trim();
            if value.is_empty() {
                return Err(OpenError::Secret(format!(
                    "the environment variable {name} is not set"
                )));
            }
            return Ok(Self {
                text: value.to_owned().into(),
                shown: text.to_owned(),
            });
        }
        if let Some(path) = text.strip_prefix("file:").filter(|_| !text.contains("://")) {
            return Self::from_file(&folder.join(path), text);
        }
        if has_password(text) {
            return Err(OpenError::Secret(
                "the URL contains a password: put the URL into an environment variable and write \
                 env:NAME, or into a file with mode 0600 and write file:PATH"
                    .to_owned(),
            ));
        }
        Ok(Self {
            text: text.to_owned().into(),
            shown: text.to_owned(),
        })
    }

    /// A URL for messages: the password before the host, and all parameters, are omitted.
    ///
    /// ```
    /// use gong_sources::SecretUrl;
    ///
    /// let shown = SecretUrl::masked("postgres://ada:secret@crm.acme.example/crm?password=secret");
    /// assert_eq!(shown, "postgres://ada@crm.acme.example/crm");
    /// assert_eq!(SecretUrl::masked("env:CRM_DATABASE_URL"), "env:CRM_DATABASE_URL");
    /// ```
    pub fn masked(text: &str) -> String {
        let Some((scheme, rest)) = text.split_once("://") else {
            return text.to_owned();
        };
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let authority = match authority.rsplit_once('@') {
            Some((user, host)) => {
                let name = user.split(':').next().unwrap_or_default();
                format!("{name}@{host}")
            }
            None => authority.to_owned(),
        };
        format!("{scheme}://{authority}{path}")
    }

    fn from_file(path: &Path, shown: &str) -> Result<Self, OpenError> {
        let shown_path = path.display();
        let unreadable = |error: std::io::Error| {
            OpenError::Secret(format!("{shown_path} can't be read: {error}"))
        };
        private(path).map_err(unreadable)??;
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        Ok(Self {
            text: text.trim().to_owned().into(),
            shown: shown.to_owned(),
        })
    }

    /// Its name in messages: the variable, the file, or a URL without a password.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// The URL, which can hold a password.
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    /// The text before `://` or the first colon; empty if it is not the scheme of a URL, but
    /// something else, perhaps with a password.
    pub(crate) fn scheme(&self) -> &str {
        let (scheme, _) = self.expose().split_once(':').unwrap_or_default();
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || "+-.".contains(letter);
        if scheme.chars().all(is_part) {
            scheme
        } else {
            ""
        }
    }

    /// What the URL leads to, without passwords and keys, for the
    /// [definition](gong_crm::source::Source::definition) of a source: another database behind the
    /// same variable is another source. It is not for messages.
    ///
    /// ```
    /// use std::path::Path;
    ///
    /// use gong_sources::SecretUrl;
    ///
    /// let target = |url| SecretUrl::resolve(url, Path::new("")).map(|url| url.target());
    /// assert_ne!(target("postgres://db/crm")?, target("postgres://db/staging")?);
    /// # Ok::<(), gong_sources::OpenError>(())
    /// ```
    pub fn target(&self) -> String {
        let text = self.expose();
        let masked = Self::masked(text);
        let parameters = text
            .split_once('?')
            .map_or("", |(_, parameters)| parameters);
        let names = ["host=", "hostaddr=", "port=", "dbname=", "socket="];
        let places = parameters
            .split('&')
            .filter(|parameter| names.iter().any(|name| parameter.starts_with(name)));
        let places: Vec<&str> = places.collect();
        format!("{} {masked} {}", self.shown, places.join("&"))
    }
}

/// What the names of parameters with secrets contain, in databases and in signed URLs of object stores.
const SECRETS: [&str; 10] = [
    "password=",
    "passwd=",
    "pwd=",
    "pass=",
    "secret",
    "token",
    "sig=",
    "signature=",
    "credential=",
    "key=",
];

/// Whether the part before the host has a password, or a parameter names one.
fn has_password(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else {
        return false;
    };
    let (authority, more) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let user = authority.rsplit_once('@').map(|(user, _)| user);
    let parameters = more
        .split_once('?')
        .map(|(_, parameters)| parameters.to_lowercase());
    user.is_some_and(|user| user.contains(':'))
        || parameters.is_some_and(|parameters| SECRETS.iter().any(|name| parameters.contains(name)))
}

/// Whether only the owner can read a file.
#[cfg(unix)]
fn private(path: &Path) -> std::io::Result<Result<(), OpenError>> {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = std::fs::metadata(path)?.permissions().mode() & 0o777;
    let of_owner = mode & 0o700;
    Ok(if mode == of_owner {
        Ok(())
    } else {
        let path = path.display();
        Err(OpenError::Secret(format!(
            "{path} contains a secret and can be read by others (mode {mode:03o}): chmod 600 {path}"
        )))
    })
}

/// Other systems have no modes: a file in the user's own directory is private by default.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "fails elsewhere")]
fn private(_path: &Path) -> std::io::Result<Result<(), OpenError>> {
    Ok(Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn password_in_the_config_file_is_rejected() {
        for (text, is_refused) in [
            ("postgres://localhost/crm", false),
            ("postgres://ada@localhost/crm", false),
            ("postgres://ada:x@localhost/crm", true),
            ("postgres://localhost/crm?password=x", true),
            ("https://blobs.example/leads.parquet?sig=x", true),
            (
                "https://b.example/p?X-Amz-Signature=x&X-Amz-Expires=9",
                true,
            ),
            ("https://b.example/p?X-Goog-Credential=x", true),
            ("https://b.example/p?apiKey=x", true),
            ("s3://exports/secret-token/leads/", false),
            ("postgres://localhost/crm?sslmode=require", false),
            ("sqlite:crm.db", false),
            ("s3://exports/leads:2026/", false),
        ] {
            let refused = SecretUrl::resolve(text, Path::new("")).is_err();
            assert_eq!(refused, is_refused, "{text}");
        }
    }

    /// A URL as a variable gives it.
    fn of_variable(text: &str) -> SecretUrl {
        SecretUrl {
            text: text.to_owned().into(),
            shown: "env:CRM".to_owned(),
        }
    }

    #[test]
    fn what_is_no_url_is_not_its_scheme() {
        for text in ["host=db password=hunter2:x", "hunter2", "pass word://db"] {
            assert_eq!(of_variable(text).scheme(), "", "{text}");
        }
        assert_eq!(of_variable("postgres://db/crm").scheme(), "postgres");
    }

    #[test]
    fn another_database_in_the_same_variable_is_another_target() {
        let target = |text| of_variable(text).target();
        let crm = target("postgres://ada:hunter2@db/crm?sslmode=require");
        assert!(!crm.contains("hunter2"), "{crm}");
        assert_eq!(crm, target("postgres://ada:renewed@db/crm?password=x"));
        for other in [
            "postgres://ada:hunter2@db/staging",
            "postgres://ada:hunter2@standby/crm",
            "postgres://ada:hunter2@db/crm?dbname=staging",
        ] {
            assert_ne!(crm, target(other), "{other}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn file_with_a_url_must_be_private() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("crm.url");
        std::fs::write(&path, "postgres://ada:hunter2@db/crm\n").unwrap();
        let set = |mode| {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        set(0o640);
        let error = SecretUrl::resolve("file:crm.url", folder.path()).unwrap_err();
        assert!(error.to_string().contains("mode 640"), "{error}");
        set(0o600);
        let url = SecretUrl::resolve("file:crm.url", folder.path()).unwrap();
        assert_eq!((url.scheme(), url.shown()), ("postgres", "file:crm.url"));
        assert!(!format!("{url:?}").contains("hunter2"));
    }
}
