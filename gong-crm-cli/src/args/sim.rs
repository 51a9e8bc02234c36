//! `gong-crm sim`: the settings of the simulator.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use gong_sim::{Fault, GongUser, RateLimit};

use super::duration;

/// Run a Gong simulator to develop against
///
/// It checks credentials, stores what is sent to it, and behaves as Gong documents. Each assumption
/// is a rule with a switch. It listens on 127.0.0.1 by default, and prints the settings that a
/// client needs. With --integration-id, it starts with an integration of that id. Ctrl-C or
/// SIGTERM stops it.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  gong-crm sim --port 8080
  gong-crm sim --port 8080 --state gong.json --seed-from examples/acme
  gong-crm sim --process-polls 3 --rate-limit --rule duplicate-object-id=off
  gong-crm sim --integration-id 5517027188234205706 --bearer-token TOKEN=api:crm:upload
  gong-crm sim --fault '{\"operation\": \"POST /v2/crm/entities\", \"nth\": [1], \"effect\": \"lose-answer\"}'

The page /_sim/ shows what it has; clients in any language control it by HTTP under /_sim/.
Open the link that it prints, or send its token as \"Authorization: Bearer TOKEN\";
/_sim/endpoints lists all endpoints.")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch on the command line"
)]
pub(crate) struct Sim {
    /// Port to listen on [default: a free one]
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    pub(crate) port: u16,
    /// Address to listen on, such as 0.0.0.0 in a container
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub(crate) host: IpAddr,
    /// Also answer requests with this host name, such as a container's; names other than localhost
    /// are rejected
    #[arg(long, value_name = "NAME")]
    pub(crate) allow_host: Vec<String>,
    /// Store its state in this file, across restarts
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// Start with the CRM in this folder, under a registered integration
    #[arg(long, value_name = "DIR")]
    pub(crate) seed_from: Option<PathBuf>,
    /// Access key to accept [default: a random one]
    #[arg(
        long,
        value_name = "KEY",
        env = "GONG_SIM_ACCESS_KEY",
        hide_env_values = true,
        requires = "access_key_secret"
    )]
    pub(crate) access_key: Option<String>,
    /// Secret of that access key; other users can see arguments, so prefer the variable
    #[arg(
        long,
        value_name = "SECRET",
        env = "GONG_SIM_ACCESS_KEY_SECRET",
        hide_env_values = true,
        requires = "access_key"
    )]
    pub(crate) access_key_secret: Option<String>,
    /// Bearer token to accept, with its scopes
    #[arg(long, value_name = "TOKEN=SCOPE,…", value_parser = bearer_token)]
    pub(crate) bearer_token: Vec<BearerToken>,
    /// File of bearer tokens to accept: per line a token and its scopes, separated by spaces
    #[arg(long, value_name = "FILE")]
    pub(crate) bearer_tokens: Option<PathBuf>,
    /// Token that opens /_sim/ [default: a random one]
    #[arg(
        long,
        value_name = "TOKEN",
        env = "GONG_SIM_TOKEN",
        hide_env_values = true
    )]
    pub(crate) admin_token: Option<String>,
    /// Do not serve /_sim/
    #[arg(long)]
    pub(crate) no_admin: bool,
    /// Limit the calls per second and per day [without a value: Gong's 3,10000]
    #[arg(
        long,
        value_name = "SECOND,DAY",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "3,10000",
        value_parser = rate_limit
    )]
    pub(crate) rate_limit: Option<RateLimit>,
    /// Time to process an upload [default: none]
    #[arg(long, value_name = "DURATION", value_parser = duration, group = "process")]
    pub(crate) process_after: Option<Duration>,
    /// Finish processing an upload after this many status requests
    #[arg(long, value_name = "N", group = "process")]
    pub(crate) process_polls: Option<u32>,
    /// Never finish an upload
    #[arg(long, group = "process")]
    pub(crate) process_never: bool,
    /// Time to delete an integration [default: as for an upload]
    #[arg(long, value_name = "DURATION", value_parser = duration, group = "delete")]
    pub(crate) delete_after: Option<Duration>,
    /// Finish deleting an integration after this many status requests
    #[arg(long, value_name = "N", group = "delete")]
    pub(crate) delete_polls: Option<u32>,
    /// Never finish the deletion of an integration
    #[arg(long, group = "delete")]
    pub(crate) delete_never: bool,
    /// Show objects only this long after they were processed
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) read_lag: Option<Duration>,
    /// Time during which contacts and deals cannot refer to a new account, with the rule
    /// account-delay [default: 60s]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) account_delay: Option<Duration>,
    /// Maximum pause of a client in the middle of a body [default: 30s]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) read_timeout: Option<Duration>,
    /// Maximum size of the body of an upload [default: 200000000]
    #[arg(long, value_name = "BYTES")]
    pub(crate) body_limit: Option<u64>,
    /// Number of requests to keep for /_sim/requests [default: 10000]
    #[arg(long, value_name = "N")]
    pub(crate) keep_requests: Option<usize>,
    /// Bytes of request bodies to keep, and of uploaded files [default: 16000000]
    #[arg(long, value_name = "BYTES")]
    pub(crate) keep_bodies: Option<usize>,
    /// Seed of ids and probabilities, to repeat a run [default: 0]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Stop the clock; only POST /_sim/clock advances it
    #[arg(long)]
    pub(crate) virtual_time: bool,
    /// Reject everything that any rule can reject
    #[arg(long, conflicts_with = "lenient")]
    pub(crate) strict: bool,
    /// Reject nothing that only an assumption forbids
    #[arg(long)]
    pub(crate) lenient: bool,
    /// Turn a rule on or off, such as duplicate-object-id=off; /_sim/ lists them
    #[arg(long, value_name = "NAME=on|off", value_parser = rule_switch)]
    pub(crate) rule: Vec<(String, bool)>,
    /// Gong user for the meetings operations, such as
    /// ada@acme.example,no-consent-page,provider-disconnected; if there is none, every address is a
    /// user
    #[arg(long, value_name = "EMAIL", value_parser = user)]
    pub(crate) user: Vec<GongUser>,
    /// Fault to inject, as JSON
    #[arg(long, value_name = "JSON", value_parser = fault)]
    pub(crate) fault: Vec<Fault>,
}

/// A bearer token and its scopes.
#[derive(Clone)]
pub(crate) struct BearerToken {
    pub(crate) token: String,
    pub(crate) scopes: Vec<String>,
}

// Tokens of a simulator protect nothing, but they look like those that do.
impl std::fmt::Debug for BearerToken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("BearerToken")
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

fn bearer_token(text: &str) -> Result<BearerToken, String> {
    let Some((token, scopes)) = text.split_once('=').filter(|(token, _)| !token.is_empty()) else {
        return Err("write TOKEN=SCOPE or TOKEN=SCOPE,SCOPE".to_owned());
    };
    let scopes = scopes.split(',').filter(|scope| !scope.is_empty());
    Ok(BearerToken {
        token: token.to_owned(),
        scopes: scopes.map(str::to_owned).collect(),
    })
}

/// The tokens of a file, one per line with its scopes; empty lines and `#` lines are skipped.
pub(crate) fn bearer_tokens(text: &str) -> Vec<BearerToken> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .filter_map(|line| {
            let mut words = line.split_whitespace().map(str::to_owned);
            Some(BearerToken {
                token: words.next()?,
                scopes: words.collect(),
            })
        })
        .collect()
}

fn rate_limit(text: &str) -> Result<RateLimit, String> {
    text.split_once(',')
        .and_then(|(second, day)| Some((second.parse().ok()?, day.parse().ok()?)))
        .filter(|(second, day)| *second > 0 && *day > 0)
        .map(|(second, day)| RateLimit::new(second, day))
        .ok_or_else(|| {
            "write calls per second and per day, each at least 1, such as 3,10000".to_owned()
        })
}

/// The name of a rule of the simulator and whether it applies.
fn rule_switch(text: &str) -> Result<(String, bool), String> {
    match text.split_once('=') {
        Some((name, "on")) => Ok((name.to_owned(), true)),
        Some((name, "off")) => Ok((name.to_owned(), false)),
        _ => Err(format!(
            "{text:?} is not a switch; write NAME=on or NAME=off"
        )),
    }
}

fn user(text: &str) -> Result<GongUser, String> {
    let mut words = text.split(',');
    let email = words.next().filter(|email| !email.is_empty());
    let mut user = GongUser::new(email.ok_or("an address is missing")?);
    for word in words {
        user = match word {
            "no-consent-page" => user.without_consent_page(),
            "provider-disconnected" => user.with_disconnected_provider(),
            other => {
                return Err(format!(
                    "{other:?} is unknown; write no-consent-page or provider-disconnected"
                ));
            }
        };
    }
    user.validate().map_err(|error| error.to_string())?;
    Ok(user)
}

fn fault(text: &str) -> Result<Fault, String> {
    let fault: Fault = serde_json::from_str(text).map_err(|error| error.to_string())?;
    fault.validate().map_err(|error| error.to_string())?;
    Ok(fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bearer_tokens_are_read_with_their_scopes() {
        let read = bearer_token("t0k=api:crm:upload,api:crm:schema").unwrap();
        assert_eq!(read.token, "t0k");
        assert_eq!(read.scopes, ["api:crm:upload", "api:crm:schema"]);
        assert!(bearer_token("=api:crm:upload").is_err());
        assert!(!format!("{read:?}").contains("t0k"));

        let file = "# tokens\nt0k api:crm:upload  api:crm:schema\n\nbare\n";
        let tokens = bearer_tokens(file);
        assert_eq!(tokens[0].scopes.len(), 2);
        assert_eq!((&*tokens[1].token, tokens[1].scopes.len()), ("bare", 0));
        assert_eq!(tokens.len(), 2);
    }

    #[test]
    fn users_and_limits_are_read() {
        let read = user("ada@acme.example,no-consent-page").unwrap();
        assert!(!read.consent_page && read.provider_connected);
        assert!(user("ada@acme.example,asleep").is_err() && user("").is_err());
        assert_eq!(rate_limit("2,50"), Ok(RateLimit::new(2, 50)));
        assert!(rate_limit("2").is_err() && rate_limit("two,50").is_err());
        assert!(rate_limit("0,0").is_err() && user("nope").is_err());
        assert!(fault(r#"{"nth": [0], "effect": "gzip"}"#).is_err());
    }
}
