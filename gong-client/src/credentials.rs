//! Credentials of a client, which are never printed.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};

/// An access key pair, or a bearer token.
///
/// ```
/// use gong_client::Credentials;
///
/// let credentials = Credentials::access_key("KEY", "very secret");
/// assert_eq!(format!("{credentials:?}"), "AccessKey(..)");
/// ```
#[derive(Clone)]
pub struct Credentials(Kind);

#[derive(Clone)]
enum Kind {
    AccessKey {
        key: SecretString,
        secret: SecretString,
    },
    BearerToken(SecretString),
}

impl Credentials {
    /// The access key and its secret, which a technical administrator creates at
    /// Admin center > Settings > Ecosystem > API.
    ///
    /// ```
    /// use gong_client::Credentials;
    ///
    /// let credentials = Credentials::access_key("key", "secret");
    /// assert_eq!(format!("{credentials:?}"), "AccessKey(..)");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn access_key(key: impl Into<SecretString>, secret: impl Into<SecretString>) -> Self {
        Self(Kind::AccessKey {
            key: key.into(),
            secret: secret.into(),
        })
    }

    /// A bearer token from Gong's OAuth, valid for the scopes of its app and for its own base URL.
    ///
    /// ```
    /// use gong_client::Credentials;
    ///
    /// let credentials = Credentials::bearer_token("token");
    /// assert_eq!(format!("{credentials:?}"), "BearerToken(..)");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn bearer_token(token: impl Into<SecretString>) -> Self {
        Self(Kind::BearerToken(token.into()))
    }

    /// The value of the header `Authorization`.
    pub(crate) fn header(&self) -> SecretString {
        match &self.0 {
            Kind::AccessKey { key, secret } => {
                use base64::Engine as _;
                let pair = format!("{}:{}", key.expose_secret(), secret.expose_secret());
                let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
                format!("Basic {encoded}").into()
            }
            Kind::BearerToken(token) => format!("Bearer {}", token.expose_secret()).into(),
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.0 {
            Kind::AccessKey { .. } => "AccessKey(..)",
            Kind::BearerToken(_) => "BearerToken(..)",
        })
    }
}
