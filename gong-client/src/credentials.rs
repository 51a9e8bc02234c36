//! Credentials of a client, which are never printed.

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};

use crate::error::{Error, ErrorKind};

/// Provides the bearer token for each call, and renews it before it expires.
///
/// Gong's OAuth tokens are valid for a day. A provider keeps the token in memory and requests the
/// next one from Gong's token endpoint in time. It is called before each call to Gong, so it should
/// nearly always answer from memory. Calls run concurrently, so it should make others wait while it
/// renews the token.
///
/// ```
/// use gong_client::{Credentials, Token, TokenProvider};
///
/// #[derive(Debug)]
/// struct Vault;
///
/// impl TokenProvider for Vault {
///     fn token(&self) -> Token<'_> {
///         Box::pin(async { Ok("a token of the vault".into()) })
///     }
/// }
///
/// let credentials = Credentials::provider(Vault);
/// assert_eq!(format!("{credentials:?}"), "Provider(..)");
/// ```
pub trait TokenProvider: fmt::Debug + Send + Sync {
    /// A token that is valid now. An error fails the call with [`ErrorKind::Unauthorized`].
    fn token(&self) -> Token<'_>;
}

/// A token that is on its way.
pub type Token<'a> = Pin<
    Box<dyn Future<Output = Result<SecretString, Box<dyn StdError + Send + Sync>>> + Send + 'a>,
>;

/// An access key pair, a bearer token, or a provider of tokens.
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
    Provider(Arc<dyn TokenProvider>),
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

    /// Tokens that the app renews. The provider is called before each call to Gong.
    pub fn provider(provider: impl TokenProvider + 'static) -> Self {
        Self(Kind::Provider(Arc::new(provider)))
    }

    /// The value of the header `Authorization`; `None` if a provider supplies it.
    pub(crate) fn header(&self) -> Option<Result<HeaderValue, Error>> {
        match &self.0 {
            Kind::AccessKey { key, secret } => {
                use base64::Engine as _;
                let pair = format!("{}:{}", key.expose_secret(), secret.expose_secret());
                let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
                Some(sensitive(&format!("Basic {encoded}")))
            }
            Kind::BearerToken(token) => Some(bearer(token)),
            Kind::Provider(_) => None,
        }
    }

    /// The value of the header for a call that is made now. The error is a message for people.
    pub(crate) async fn current_header(&self) -> Result<HeaderValue, String> {
        let header = match &self.0 {
            Kind::Provider(provider) => {
                let token = provider.token().await;
                let token = token.map_err(|error| format!("the token provider failed: {error}"))?;
                Some(bearer(&token))
            }
            _ => self.header(),
        };
        let header = header.ok_or_else(|| "there are no credentials".to_owned())?;
        header.map_err(|error| error.to_string())
    }
}

fn bearer(token: &SecretString) -> Result<HeaderValue, Error> {
    sensitive(&format!("Bearer {}", token.expose_secret()))
}

/// A header that is never printed.
fn sensitive(value: &str) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_str(value).map_err(|_| {
        Error::new(
            ErrorKind::Configuration,
            "the credentials contain a character that a header cannot contain, such as a line break",
        )
    })?;
    value.set_sensitive(true);
    Ok(value)
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.0 {
            Kind::AccessKey { .. } => "AccessKey(..)",
            Kind::BearerToken(_) => "BearerToken(..)",
            Kind::Provider(_) => "Provider(..)",
        })
    }
}
