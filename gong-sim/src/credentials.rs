//! Access keys, which have all rights, and bearer tokens with scopes.

use std::collections::BTreeSet;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::operation::Operation;

/// The keys and tokens of the simulated company.
#[derive(Debug, Clone, Default)]
pub(crate) struct Credentials {
    pub(crate) keys: Vec<AccessKey>,
    pub(crate) tokens: Vec<BearerToken>,
}

/// An access key, which has all rights, and its secret.
#[derive(Clone)]
pub(crate) struct AccessKey {
    pub(crate) key: String,
    pub(crate) secret: String,
}

/// One token of an OAuth app.
#[derive(Clone)]
pub(crate) struct BearerToken {
    pub(crate) token: String,
    pub(crate) scopes: BTreeSet<String>,
}

impl BearerToken {
    /// At most four letters of the token, and at most the half of a short one.
    pub(crate) fn beginning(&self) -> String {
        let shown = 4.min(self.token.chars().count() / 2);
        self.token.chars().take(shown).collect()
    }
}

// Secrets of a simulator protect little, but logs are pasted together with those of real ones.
impl fmt::Debug for AccessKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AccessKey")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BearerToken")
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

/// A scope that no operation of the simulator needs: most likely a spelling mistake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{scope:?} is not a scope; {advice}")]
pub struct UnknownScope {
    scope: String,
    advice: String,
}

/// Checks that every scope is that of an operation.
pub(crate) fn check_scopes(
    scopes: impl IntoIterator<Item = impl AsRef<str>>,
) -> Result<(), UnknownScope> {
    let known = Operation::ALL.map(Operation::scope);
    for scope in scopes {
        let scope = scope.as_ref();
        if known.contains(&scope) {
            continue;
        }
        let distance = |known: &&&str| strsim::damerau_levenshtein(scope, known);
        let nearest = known.iter().min_by_key(distance);
        let advice = match nearest.filter(|nearest| distance(nearest) <= 3) {
            Some(nearest) => format!("did you mean {nearest}?"),
            None => {
                let all: BTreeSet<&str> = known.into_iter().collect();
                let all: Vec<&str> = all.into_iter().collect();
                format!("the scopes are {}", all.join(", "))
            }
        };
        return Err(UnknownScope {
            scope: scope.to_owned(),
            advice,
        });
    }
    Ok(())
}

/// Why a request may not pass.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    Unauthenticated(&'static str),
    MissingScope(&'static str),
}

/// Random letters and digits.
pub(crate) fn random_text(length: usize) -> std::io::Result<String> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789aZ";
    let mut bytes = vec![0; length];
    getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
    Ok(bytes
        .into_iter()
        .map(|byte| char::from(LETTERS[usize::from(byte % 64)]))
        .collect())
}

impl Credentials {
    pub(crate) fn admit(&self, headers: &HeaderMap, operation: Operation) -> Result<(), Denied> {
        let Some(header) = headers.get(AUTHORIZATION) else {
            return Err(Denied::Unauthenticated("Missing authorization header"));
        };
        let header = header.to_str().unwrap_or_default();
        let (scheme, value) = header.split_once(' ').unwrap_or((header, ""));
        let value = value.trim();
        if scheme.eq_ignore_ascii_case("basic") {
            let given = STANDARD.decode(value).unwrap_or_default();
            let is_pair =
                |known: &AccessKey| format!("{}:{}", known.key, known.secret).into_bytes() == given;
            if self.keys.iter().any(is_pair) {
                return Ok(());
            }
            return Err(Denied::Unauthenticated("Invalid access key or secret"));
        }
        if scheme.eq_ignore_ascii_case("bearer") {
            let Some(token) = self.tokens.iter().find(|known| known.token == value) else {
                return Err(Denied::Unauthenticated("Invalid access token"));
            };
            let scope = operation.scope();
            return if token.scopes.contains(scope) {
                Ok(())
            } else {
                Err(Denied::MissingScope(scope))
            };
        }
        Err(Denied::Unauthenticated("Unsupported authorization scheme"))
    }
}
