//! The settings of a simulator, and its start.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::Duration;

use crate::credentials::{
    AccessKey, BearerToken, Credentials, UnknownScope, check_scopes, random_text,
};
use crate::faults::{Fault, InvalidFault};
use crate::limits::{BODY_LIMIT, RateLimit};
use crate::rules::{RuleSet, UnknownRule};
use crate::shared::SimulatorConfig;
use crate::simulator::Simulator;
use crate::store::file::{self, StateFile};
use crate::store::{
    ACCOUNT_DELAY, DumpError, GongUser, InvalidUser, KEPT_BODY_BYTES, READ_TIMEOUT, SeedError,
    State,
};
use crate::time::{Clock, Processing};

/// Why a simulator could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The port could not be listened on.
    #[error("can't listen on {address}: choose another port, or 0 for any free one")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The thread that serves requests could not be started.
    #[error("can't start the thread that serves requests")]
    Thread(#[source] io::Error),
    /// The operating system returned no random numbers for keys and tokens.
    #[error("the operating system returned no random numbers for an access key")]
    Random(#[source] io::Error),
    /// The state file could not be read.
    #[error("the state file {} can't be used", path.display())]
    StateFile {
        /// The file.
        path: PathBuf,
        /// The problem.
        source: DumpError,
    },
    /// The state file could not be written.
    #[error("the state file {} can't be written", path.display())]
    UnwritableStateFile {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The folder to load could not be loaded.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// A rule was set that does not exist.
    #[error(transparent)]
    UnknownRule(#[from] UnknownRule),
    /// A bearer token was given a scope that does not exist.
    #[error(transparent)]
    UnknownScope(#[from] UnknownScope),
    /// A fault was set that can't take effect.
    #[error(transparent)]
    InvalidFault(#[from] InvalidFault),
    /// A user was added whose address is not one.
    #[error(transparent)]
    InvalidUser(#[from] InvalidUser),
}

/// Whether and to whom `/_sim/` is open.
#[derive(Clone)]
enum Admin {
    Absent,
    RandomToken,
    Token(String),
}

impl std::fmt::Debug for Admin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Absent => "Absent",
            Self::RandomToken => "RandomToken",
            Self::Token(_) => "Token(…)",
        })
    }
}

/// The settings of a simulator; [`start`](Self::start) starts it.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use gong_sim::{Processing, Simulator};
///
/// let sim = Simulator::builder()
///     .access_key("key", "secret")
///     .bearer_token("token", ["api:crm:upload"])
///     .processing(Processing::Polls(2))
///     .start()
///     .await
///     .unwrap();
/// assert!(sim.base_url().starts_with("http://127.0.0.1:"));
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct Builder {
    host: IpAddr,
    port: u16,
    access_key: Option<(String, String)>,
    tokens: Vec<BearerToken>,
    admin: Admin,
    allowed_hosts: Vec<String>,
    integration: Option<(i64, String, String)>,
    rate_limit: Option<RateLimit>,
    processing: Processing,
    deletion: Option<Processing>,
    read_lag: Duration,
    account_delay: Duration,
    body_limit: u64,
    seed: u64,
    clock: Clock,
    rules: RuleSet,
    rule_switches: Vec<(String, bool)>,
    users: Vec<GongUser>,
    faults: Vec<Fault>,
    state_file: Option<PathBuf>,
    seed_folder: Option<PathBuf>,
    kept_requests: usize,
    kept_body_bytes: usize,
    read_timeout: Duration,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            access_key: None,
            tokens: Vec::new(),
            admin: Admin::RandomToken,
            allowed_hosts: Vec::new(),
            integration: None,
            rate_limit: None,
            processing: Processing::Immediate,
            deletion: None,
            read_lag: Duration::ZERO,
            account_delay: ACCOUNT_DELAY,
            body_limit: BODY_LIMIT,
            seed: 0,
            clock: Clock::flowing(),
            rules: RuleSet::standard(),
            rule_switches: Vec::new(),
            users: Vec::new(),
            faults: Vec::new(),
            state_file: None,
            seed_folder: None,
            kept_requests: 10_000,
            kept_body_bytes: KEPT_BODY_BYTES,
            read_timeout: READ_TIMEOUT,
        }
    }
}

impl Builder {
    /// The port; 0, the default, takes any free one.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The address to listen on instead of 127.0.0.1. Requests by another name than `localhost`
    /// or an address need [`allow_host`](Self::allow_host).
    #[must_use]
    pub fn host(mut self, host: IpAddr) -> Self {
        self.host = host;
        self
    }

    /// A host name that clients use for the simulator, such as that of a container. Other names are
    /// rejected, so that no web site can make its own name point to the simulator. Call it again
    /// for more names.
    #[must_use]
    pub fn allow_host(mut self, name: impl Into<String>) -> Self {
        self.allowed_hosts.push(name.into());
        self
    }

    /// The token that opens the endpoints and pages under `/_sim/`, instead of a random one.
    #[must_use]
    pub fn admin_token(mut self, token: impl Into<String>) -> Self {
        self.admin = Admin::Token(token.into());
        self
    }

    /// Serves nothing under `/_sim/`.
    ///
    /// ```
    /// let sim = gong_sim::Simulator::builder().without_admin().start_blocking()?;
    /// assert!(sim.admin_token().is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn without_admin(mut self) -> Self {
        self.admin = Admin::Absent;
        self
    }

    /// An integration that is registered from the start, under this id, unless the state file
    /// has one.
    ///
    /// ```
    /// let sim = gong_sim::Simulator::builder()
    ///     .integration(5517027188234205706, "Acme CRM", "admin@acme.example")
    ///     .start_blocking()?;
    /// assert_eq!(sim.integrations()[0].integration_id, 5517027188234205706);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn integration(
        mut self,
        integration_id: i64,
        name: impl Into<String>,
        owner_email: impl Into<String>,
    ) -> Self {
        self.integration = Some((integration_id, name.into(), owner_email.into()));
        self
    }

    /// The access key and its secret, instead of a random pair.
    #[must_use]
    pub fn access_key(mut self, access_key: impl Into<String>, secret: impl Into<String>) -> Self {
        self.access_key = Some((access_key.into(), secret.into()));
        self
    }

    /// A bearer token with its scopes. Can be called again for more tokens. A scope that no operation
    /// needs keeps the simulator from starting.
    ///
    /// ```
    /// // A token that can register, and nothing else.
    /// let sim = gong_sim::Simulator::builder()
    ///     .bearer_token("token", ["api:crm:integration:register"])
    ///     .start_blocking()?;
    /// assert!(sim.integrations().is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn bearer_token<Scope: Into<String>>(
        mut self,
        token: impl Into<String>,
        scopes: impl IntoIterator<Item = Scope>,
    ) -> Self {
        let scopes: BTreeSet<String> = scopes.into_iter().map(Into::into).collect();
        self.tokens.push(BearerToken {
            token: token.into(),
            scopes,
        });
        self
    }

    /// Limits the calls; by default they are not limited.
    #[must_use]
    pub fn rate_limit(mut self, rate_limit: RateLimit) -> Self {
        self.rate_limit = Some(rate_limit);
        self
    }

    /// The processing time of uploads; [`Processing::Immediate`] by default.
    ///
    /// ```
    /// use gong_sim::{Processing, Simulator};
    ///
    /// // An upload is processed once its status was asked for three times.
    /// let sim = Simulator::builder().processing(Processing::Polls(3)).start_blocking()?;
    /// assert!(sim.uploads().is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn processing(mut self, processing: Processing) -> Self {
        self.processing = processing;
        self
    }

    /// How long the deletion of an integration takes; like uploads by default.
    #[must_use]
    pub fn deletion(mut self, deletion: Processing) -> Self {
        self.deletion = Some(deletion);
        self
    }

    /// How long after its upload is processed an object appears; no time by default.
    #[must_use]
    pub fn read_lag(mut self, read_lag: Duration) -> Self {
        self.read_lag = read_lag;
        self
    }

    /// The time until contacts and deals can refer to a new account, while the rule `account-delay`
    /// is on; 60 seconds by default.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// // Contacts and deals that come within a minute after their accounts never appear.
    /// let sim = gong_sim::Simulator::builder()
    ///     .virtual_time()
    ///     .rule("account-delay", true)
    ///     .account_delay(Duration::from_mins(1))
    ///     .start_blocking()?;
    /// # drop(sim);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn account_delay(mut self, account_delay: Duration) -> Self {
        self.account_delay = account_delay;
        self
    }

    /// The maximum number of bytes in the body of an upload; 200,000,000 by default, as documented.
    /// A smaller limit shows what a client does at the limit without a large file.
    #[must_use]
    pub fn body_limit(mut self, bytes: u64) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Makes ids and probabilities repeatable; 0 by default. Access keys and tokens are random with
    /// any seed.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Stops the clock; only [`Simulator::advance`] and `POST /_sim/clock` move it.
    #[must_use]
    pub fn virtual_time(mut self) -> Self {
        self.clock = Clock::standing();
        self
    }

    /// Rejects everything that any rule can reject.
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.rules = RuleSet::strict();
        self
    }

    /// Rejects nothing on a mere assumption.
    #[must_use]
    pub fn lenient(mut self) -> Self {
        self.rules = RuleSet::lenient();
        self
    }

    /// Turns one rule on or off; [`RULES`](crate::RULES) lists them.
    ///
    /// ```
    /// use gong_sim::Simulator;
    ///
    /// let sim = Simulator::builder().rule("native-integration", true).start_blocking()?;
    /// assert!(sim.integrations().is_empty());
    /// assert!(Simulator::builder().rule("no-such-rule", true).start_blocking().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn rule(mut self, name: impl Into<String>, on: bool) -> Self {
        self.rule_switches.push((name.into(), on));
        self
    }

    /// A Gong user for the meetings operations. While there is none, every address is one.
    #[must_use]
    pub fn user(mut self, user: GongUser) -> Self {
        self.users.push(user);
        self
    }

    /// A fault to begin with. Can be called again for more. One that can't take effect keeps the
    /// simulator from starting.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Keeps integrations, objects, schemas, uploads, users and meetings in this file across
    /// restarts. It is read at the start, if it is there, and written within a second or so of
    /// each change and at the end.
    #[must_use]
    pub fn state_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.state_file = Some(path.into());
        self
    }

    /// Loads a folder of CRM files at the start, unless the state file has an integration.
    /// [`Simulator::seed_from_dir`] says how the files are named.
    ///
    /// ```
    /// let folder = tempfile::tempdir()?;
    /// std::fs::write(
    ///     folder.path().join("stages.ldjson"),
    ///     "{\"objectId\":\"discovery\",\"name\":\"Discovery\"}\n",
    /// )?;
    /// let sim = gong_sim::Simulator::builder().seed_from_dir(folder.path()).start_blocking()?;
    /// assert_eq!(sim.object_count("STAGE"), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn seed_from_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.seed_folder = Some(folder.into());
        self
    }

    /// How long a client can send nothing in the middle of a body before the response is 400; 30
    /// seconds by default, in real time.
    #[must_use]
    pub fn read_timeout(mut self, timeout: Duration) -> Self {
        self.read_timeout = timeout;
        self
    }

    /// How many of the last requests are kept for [`Simulator::requests`]; 10,000 by default.
    #[must_use]
    pub fn keep_requests(mut self, kept: usize) -> Self {
        self.kept_requests = kept;
        self
    }

    /// The number of bytes of request bodies that are kept for [`Simulator::requests`], and also of
    /// uploaded files for [`Simulator::upload_history`]; 16,000,000 by default. The oldest are
    /// removed first, and a single body that is larger is not kept.
    #[must_use]
    pub fn keep_bodies(mut self, bytes: usize) -> Self {
        self.kept_body_bytes = bytes;
        self
    }

    /// Starts the simulator.
    ///
    /// # Errors
    ///
    /// If the port is in use, the state file cannot be read or written, the folder to load cannot be
    /// read, or a rule, scope, fault or user was set that can't be right.
    #[expect(
        clippy::unused_async,
        reason = "asynchronous like the rest of a test that calls it; nothing blocks"
    )]
    pub async fn start(self) -> Result<Simulator, StartError> {
        self.start_blocking()
    }

    /// Starts the simulator from code that is not asynchronous.
    ///
    /// # Errors
    ///
    /// See [`start`](Self::start).
    ///
    /// ```
    /// let sim = gong_sim::Simulator::builder().start_blocking()?;
    /// assert!(sim.base_url().starts_with("http://127.0.0.1:"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn start_blocking(self) -> Result<Simulator, StartError> {
        let mut rules = self.rules;
        for (name, on) in &self.rule_switches {
            rules.set(name, *on)?;
        }
        for token in &self.tokens {
            check_scopes(&token.scopes)?;
        }
        for fault in &self.faults {
            fault.validate()?;
        }
        for user in &self.users {
            user.validate()?;
        }
        let mut state = State::new(self.seed, self.clock, rules);
        state.processing = self.processing;
        state.deletion = self.deletion;
        state.read_lag = self.read_lag;
        state.account_delay = self.account_delay;
        state.read_timeout = self.read_timeout;
        state.kept_body_bytes = self.kept_body_bytes;
        state.body_limit = self.body_limit;
        state.rate_limit = self.rate_limit;
        for user in self.users {
            state.meetings.add_user(user);
        }
        for fault in self.faults {
            state.add_fault(fault);
        }
        if let Some(path) = &self.state_file {
            file::load(&mut state, path).map_err(|source| StartError::StateFile {
                path: path.clone(),
                source,
            })?;
            file::check_writable(path).map_err(|source| StartError::UnwritableStateFile {
                path: path.clone(),
                source,
            })?;
        }
        let version = state.version;
        let has_state = !state.integrations.is_empty();
        let random = |length| random_text(length).map_err(StartError::Random);
        let access_key = match self.access_key {
            Some((key, secret)) => AccessKey { key, secret },
            None => AccessKey {
                key: random(32)?,
                secret: random(64)?,
            },
        };
        let admin_token = match self.admin {
            Admin::Absent => None,
            Admin::RandomToken => Some(random(40)?),
            Admin::Token(token) => Some(token),
        };
        state.credentials = Credentials {
            keys: vec![access_key.clone()],
            tokens: self.tokens,
        };
        if let Some((id, name, owner_email)) = &self.integration
            && state.integrations.is_empty()
        {
            state.register_as(*id, name, owner_email);
        }
        let address = SocketAddr::new(self.host, self.port);
        let listener =
            TcpListener::bind(address).map_err(|source| StartError::Listen { address, source })?;
        if let Some(folder) = &self.seed_folder
            && !has_state
        {
            state.seed_from(folder)?;
        }
        let state_file = self.state_file.map(|path| StateFile::new(path, version));
        let launch = SimulatorConfig {
            access_key,
            admin_token,
            allowed_hosts: self.allowed_hosts,
            state,
            state_file,
            kept_requests: self.kept_requests,
        };
        Simulator::launch(listener, launch).map_err(StartError::Thread)
    }
}

impl Simulator {
    /// The settings of a simulator; everything has a default.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Starts one with every default.
    ///
    /// # Errors
    ///
    /// See [`Builder::start`].
    pub async fn start() -> Result<Self, StartError> {
        Self::builder().start().await
    }
}
