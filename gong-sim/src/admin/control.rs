//! The endpoints that set how the simulator behaves.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::api::{Answered, Rejected, ok, read, read_items};
use crate::credentials::{AccessKey, BearerToken, check_scopes};
use crate::faults::Fault;
use crate::limits::RateLimit;
use crate::rules::{RULES, RuleSet};
use crate::shared::SharedRef;
use crate::store::GongUser;
use crate::time::{Processing, milliseconds};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Advance {
    #[serde(default)]
    advance_seconds: u64,
    #[serde(default)]
    advance_milliseconds: u64,
}

pub(super) async fn clock(State(shared): State<SharedRef>) -> Response {
    let state = shared.state();
    ok(&json!({ "now": state.now().to_string(), "isVirtual": state.clock.stands() }))
}

pub(super) async fn advance(shared: State<SharedRef>, body: Body) -> Answered {
    let Advance {
        advance_seconds,
        advance_milliseconds,
    } = read(body).await?;
    let by = Duration::from_secs(advance_seconds)
        .saturating_add(Duration::from_millis(advance_milliseconds));
    shared.state().advance(by);
    Ok(clock(shared).await)
}

pub(super) async fn faults(State(shared): State<SharedRef>) -> Response {
    let state = shared.state();
    let faults: Vec<Value> = state
        .faults
        .iter()
        .map(|(fault, injections)| {
            let mut shown = serde_json::to_value(fault).unwrap_or_default();
            shown["injections"] = injections.into();
            shown
        })
        .collect();
    ok(&json!({ "faults": faults }))
}

pub(super) async fn add_faults(shared: State<SharedRef>, body: Body) -> Answered {
    let added: Vec<Fault> = read_items(body).await?;
    for fault in &added {
        fault.validate().map_err(Rejected::bad_request)?;
    }
    for fault in added {
        shared.state().add_fault(fault);
    }
    Ok(faults(shared).await)
}

pub(super) async fn clear_faults(State(shared): State<SharedRef>) -> Response {
    shared.state().faults.clear();
    ok(&json!({}))
}

pub(super) async fn rules(State(shared): State<SharedRef>) -> Response {
    let set = shared.state().rules;
    let rules: Vec<Value> = RULES
        .iter()
        .enumerate()
        .map(|(index, rule)| {
            json!({
                "name": rule.name,
                "tag": rule.evidence.as_str(),
                "on": set.is_on_at(index),
                "onByDefault": rule.on_by_default,
                "means": rule.statement,
                "whenOff": rule.otherwise,
                "source": rule.source,
                "date": rule.date,
            })
        })
        .collect();
    ok(&json!({ "rules": rules }))
}

pub(super) async fn set_rules(shared: State<SharedRef>, body: Body) -> Answered {
    let switches: BTreeMap<String, bool> = read(body).await?;
    let mut set = shared.state().rules;
    for (name, on) in &switches {
        set.set(name, *on).map_err(Rejected::bad_request)?;
    }
    shared.state().set_rules(set);
    Ok(rules(shared).await)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Settings {
    /// Sets all rules together.
    rules: Option<Strictness>,
    processing: Option<Processing>,
    deletion: Option<Processing>,
    read_lag_milliseconds: Option<u64>,
    account_delay_milliseconds: Option<u64>,
    kept_body_bytes: Option<usize>,
    body_limit_bytes: Option<u64>,
    read_timeout_milliseconds: Option<u64>,
    kept_requests: Option<usize>,
    virtual_time: Option<bool>,
    seed: Option<u64>,
    rate_limit: Option<RateLimit>,
}

#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Strictness {
    Standard,
    Strict,
    Lenient,
}

impl Strictness {
    fn rules(self) -> RuleSet {
        match self {
            Self::Standard => RuleSet::standard(),
            Self::Strict => RuleSet::strict(),
            Self::Lenient => RuleSet::lenient(),
        }
    }

    /// The one that has these rules; none if single rules were switched.
    fn of(rules: RuleSet) -> Option<Self> {
        let all = [Self::Standard, Self::Strict, Self::Lenient];
        all.into_iter().find(|known| known.rules() == rules)
    }
}

pub(super) async fn settings(State(shared): State<SharedRef>) -> Response {
    let state = shared.state();
    ok(&json!({
        "rules": Strictness::of(state.rules),
        "seed": state.seed,
        "processing": state.processing,
        "deletion": state.deletion.unwrap_or(state.processing),
        "readLagMilliseconds": milliseconds::of(state.read_lag),
        "accountDelayMilliseconds": milliseconds::of(state.account_delay),
        "keptBodyBytes": state.kept_body_bytes,
        "readTimeoutMilliseconds": milliseconds::of(state.read_timeout),
        "keptRequests": shared.log().kept(),
        "virtualTime": state.clock.stands(),
        "bodyLimitBytes": state.body_limit,
        "rateLimit": state.rate_limit,
    }))
}

pub(super) async fn set_settings(shared: State<SharedRef>, body: Body) -> Answered {
    let body: Value = read(body).await?;
    // Absent leaves the limit as it is, null takes it away.
    let is_unlimited = body.get("rateLimit").is_some_and(Value::is_null);
    let wanted: Settings = serde_json::from_value(body).map_err(Rejected::bad_request)?;
    if wanted
        .rate_limit
        .is_some_and(|limit| limit.per_second == 0 || limit.per_day == 0)
    {
        let reason = "a rateLimit of 0 would answer 429 for ever; set at least 1, or null for none";
        return Err(Rejected::bad_request(reason));
    }
    {
        let mut state = shared.state();
        if let Some(strictness) = wanted.rules {
            state.set_rules(strictness.rules());
        }
        state.processing = wanted.processing.unwrap_or(state.processing);
        state.deletion = wanted.deletion.or(state.deletion);
        state.read_lag = wanted
            .read_lag_milliseconds
            .map_or(state.read_lag, Duration::from_millis);
        state.account_delay = wanted
            .account_delay_milliseconds
            .map_or(state.account_delay, Duration::from_millis);
        state.kept_body_bytes = wanted.kept_body_bytes.unwrap_or(state.kept_body_bytes);
        state.read_timeout = wanted
            .read_timeout_milliseconds
            .map_or(state.read_timeout, Duration::from_millis);
        if let Some(stands) = wanted.virtual_time {
            state.clock.set_standing(stands);
        }
        if let Some(seed) = wanted.seed {
            state.set_seed(seed);
        }
        state.body_limit = wanted.body_limit_bytes.unwrap_or(state.body_limit);
        if is_unlimited || wanted.rate_limit.is_some() {
            state.rate_limit = wanted.rate_limit;
        }
    }
    if let Some(bytes) = wanted.kept_body_bytes {
        shared.log().set_kept_body_bytes(bytes);
    }
    if let Some(kept) = wanted.kept_requests {
        shared.log().set_kept(kept);
    }
    Ok(settings(shared).await)
}

pub(super) async fn users(State(shared): State<SharedRef>) -> Response {
    let state = shared.state();
    let users: Vec<_> = state.meetings.users().collect();
    ok(&json!({ "users": users }))
}

pub(super) async fn add_users(shared: State<SharedRef>, body: Body) -> Answered {
    let added: Vec<GongUser> = read_items(body).await?;
    for user in &added {
        user.validate().map_err(Rejected::bad_request)?;
    }
    for user in added {
        shared.state().add_user(user);
    }
    Ok(users(shared).await)
}

/// A credential to accept or to revoke.
#[derive(Debug, Deserialize)]
#[serde(
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields,
    untagged
)]
enum Credential {
    AccessKey {
        access_key: String,
        access_key_secret: Option<String>,
    },
    BearerToken {
        bearer_token: String,
        #[serde(default)]
        scopes: Vec<String>,
    },
}

const CREDENTIAL_FORMS: &str = "send {\"accessKey\": …, \"accessKeySecret\": …} or \
    {\"bearerToken\": …, \"scopes\": […]}";

async fn read_credential(body: Body) -> Result<Credential, Rejected> {
    let value: Value = read(body).await?;
    serde_json::from_value(value).map_err(|_| Rejected::bad_request(CREDENTIAL_FORMS))
}

/// The accepted credentials, without secrets. Of a token its first letters are shown, by which its owner
/// tells it from the others.
pub(super) async fn credentials(State(shared): State<SharedRef>) -> Response {
    let state = shared.state();
    let keys: Vec<_> = state
        .credentials
        .keys
        .iter()
        .map(|known| known.key.as_str())
        .collect();
    let tokens: Vec<_> = state
        .credentials
        .tokens
        .iter()
        .map(|known| json!({ "begins": known.beginning(), "scopes": known.scopes }))
        .collect();
    ok(&json!({ "accessKeys": keys, "bearerTokens": tokens }))
}

pub(super) async fn add_credential(shared: State<SharedRef>, body: Body) -> Answered {
    let added = read_credential(body).await?;
    if let Credential::BearerToken { scopes, .. } = &added {
        check_scopes(scopes).map_err(Rejected::bad_request)?;
    }
    {
        let mut state = shared.state();
        let known = &mut state.credentials;
        match added {
            Credential::AccessKey {
                access_key,
                access_key_secret: Some(secret),
            } => {
                known.keys.retain(|known| known.key != access_key);
                known.keys.push(AccessKey {
                    key: access_key,
                    secret,
                });
            }
            Credential::AccessKey { .. } => return Err(Rejected::bad_request(CREDENTIAL_FORMS)),
            Credential::BearerToken {
                bearer_token,
                scopes,
            } => {
                known.tokens.retain(|known| known.token != bearer_token);
                known.tokens.push(BearerToken {
                    token: bearer_token,
                    scopes: scopes.into_iter().collect(),
                });
            }
        }
    }
    Ok(credentials(shared).await)
}

pub(super) async fn revoke_credential(shared: State<SharedRef>, body: Body) -> Answered {
    let revoked = read_credential(body).await?;
    {
        let mut state = shared.state();
        let known = &mut state.credentials;
        let before = known.keys.len() + known.tokens.len();
        match revoked {
            Credential::AccessKey { access_key, .. } => {
                known.keys.retain(|known| known.key != access_key);
            }
            Credential::BearerToken { bearer_token, .. } => {
                known.tokens.retain(|known| known.token != bearer_token);
            }
        }
        if known.keys.len() + known.tokens.len() == before {
            return Err(Rejected::not_found("no such credential is accepted"));
        }
    }
    Ok(credentials(shared).await)
}
