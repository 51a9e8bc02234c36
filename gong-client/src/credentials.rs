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

    /// Gong answered 401 to the token that was given last: it was revoked, or has ended sooner than
    /// expected. A provider that keeps tokens forgets it and returns true; the call is then made once
    /// more, with the token that [`token`](Self::token) gives next. By default, the call fails.
    fn rejected(&self) -> bool {
        false
    }
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

impl Credentials {
    /// The provider, if there is one.
    pub(crate) fn token_provider(&self) -> Option<Arc<dyn TokenProvider>> {
        match &self.0 {
            Kind::Provider(provider) => Some(Arc::clone(provider)),
            Kind::AccessKey { .. } | Kind::BearerToken(_) => None,
        }
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    use gong_records::ObjectType;
    use gong_sim::Simulator;

    use super::*;
    use crate::retry::RetryLimits;
    use crate::{Client, Upload};

    /// Gives a token that Gong no longer accepts until it is told so.
    #[derive(Debug, Default)]
    struct Cache {
        is_renewed: AtomicBool,
        can_renew: bool,
        rejections: Arc<AtomicU32>,
    }

    impl TokenProvider for Cache {
        fn token(&self) -> Token<'_> {
            let is_renewed = self.is_renewed.load(Ordering::Relaxed);
            let token = if is_renewed { "new" } else { "revoked" };
            Box::pin(async move { Ok(token.into()) })
        }

        fn rejected(&self) -> bool {
            self.rejections.fetch_add(1, Ordering::Relaxed);
            self.is_renewed.store(self.can_renew, Ordering::Relaxed);
            self.can_renew
        }
    }

    async fn rejections(can_renew: bool) -> (Result<(), Error>, u32, Simulator) {
        let scopes = ["api:crm:upload", "api:crm:integrations:read"];
        let simulator = Simulator::builder().bearer_token("new", scopes);
        let simulator = simulator.start().await.unwrap();
        let integration_id = simulator
            .register_integration("Acme CRM", "admin@acme.example")
            .into();
        let cache = Cache {
            can_renew,
            ..Cache::default()
        };
        let rejections = Arc::clone(&cache.rejections);
        let client = Client::builder()
            .base_url(simulator.base_url())
            .credentials(Credentials::provider(cache))
            .retry_limits(RetryLimits::SIMULATOR)
            .build()
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stages.ldjson");
        std::fs::write(&path, "{\"objectId\":\"s\",\"name\":\"Discovery\"}\n").unwrap();
        let id = "stages-1".parse().unwrap();
        let upload = Upload::new(integration_id, ObjectType::Stage, id, path);
        let mut outcome = client.upload(&upload, |_| {}).await;
        if outcome.is_ok() {
            outcome = client.integrations().await.map(drop);
        }
        (outcome, rejections.load(Ordering::Relaxed), simulator)
    }

    #[tokio::test]
    async fn rejected_token_is_renewed_and_the_call_made_once_more() {
        let (outcome, rejections, simulator) = rejections(true).await;
        outcome.unwrap();
        assert_eq!(rejections, 1);
        assert_eq!(simulator.object_count("STAGE"), 1);
    }

    #[tokio::test]
    async fn provider_without_another_token_ends_the_call() {
        let (outcome, rejections, simulator) = rejections(false).await;
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Unauthorized);
        assert_eq!((rejections, simulator.request_count()), (1, 1));
    }
}
