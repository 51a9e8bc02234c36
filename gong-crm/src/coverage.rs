//! How many records people can see: deals whose owner is a user of Gong, and the others by owner.
//!
//! Gong shows a deal on nobody's board if no Gong user has its owner's address. [`Client::coverage`]
//! counts that from the ledger; [`Owners`] counts it over any lines.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::TryStreamExt as _;
use gong_client::error::Error;
use gong_client::users::User;
use gong_records::check::FileConverter;
use gong_records::io::lines::Lines;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::compare::{HashKey, Reader};
use crate::ledger::{Current, Ledger, LedgerError, Space};
use crate::source::{Sink, SourceError, SourceFile};
use crate::{IntegrationId, ObjectType};

/// How many records of the ledger are read at once.
const PAGE: usize = 4_096;

/// The people who are users of Gong, by hashes of their addresses under the key of a ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct GongUsers {
    /// When they were listed.
    pub at: Timestamp,
    active: HashSet<u64>,
    inactive: HashSet<u64>,
}

/// Whether a person is a user of Gong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Seat {
    /// An active user.
    Active,
    /// A user who is not active.
    Inactive,
    /// No user has the address.
    NotAUser,
    /// The business user has no address, or was not sent to Gong.
    NoAddress,
}

impl GongUsers {
    /// Adds a user of Gong with all addresses.
    fn add(&mut self, key: HashKey, user: &User) {
        let is_active = user.is_active != Some(false);
        for address in user.addresses() {
            self.add_address(key, address, is_active);
        }
    }

    fn add_address(&mut self, key: HashKey, address: &str, is_active: bool) {
        let users = if is_active {
            &mut self.active
        } else {
            &mut self.inactive
        };
        users.insert(key.of_address(address));
    }

    /// How many addresses there are.
    pub fn len(&self) -> usize {
        self.active.len() + self.inactive.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn seat(&self, address: Option<u64>) -> Seat {
        match address {
            None => Seat::NoAddress,
            Some(address) if self.active.contains(&address) => Seat::Active,
            Some(address) if self.inactive.contains(&address) => Seat::Inactive,
            Some(_) => Seat::NotAUser,
        }
    }
}

/// Deals by their owners.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Coverage {
    /// How many deals there are, without those that are deleted.
    pub deals: u64,
    /// How many of them have no owner.
    pub without_owner: u64,
    /// The owners who are not active users of Gong, the one with the most deals first.
    pub unseen: Vec<UnseenOwner>,
}

/// An owner of deals who is not an active user of Gong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UnseenOwner {
    /// The `objectId` of the business user; `None` if no business user with the owner's id was sent.
    pub owner_id: Option<String>,
    /// Why the owner's deals are on nobody's board.
    pub seat: Seat,
    /// How many deals.
    pub deals: u64,
}

impl Coverage {
    /// How many deals belong to owners who are not active users of Gong.
    pub fn unseen_deals(&self) -> u64 {
        self.unseen.iter().map(|owner| owner.deals).sum()
    }
}

/// The one sentence about all deals.
impl fmt::Display for Coverage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unseen, deals) = (self.unseen_deals(), self.deals);
        if unseen == 0 && self.without_owner == 0 {
            return write!(formatter, "the owners of all {deals} deals are Gong users");
        }
        let owners = self.unseen.len();
        if unseen > 0 {
            let who = if owners == 1 {
                "1 owner who is not an active Gong user".to_owned()
            } else {
                format!("{owners} owners who are not active Gong users")
            };
            write!(formatter, "{unseen} of {deals} deals belong to {who}")?;
        }
        if self.without_owner > 0 {
            let and = if unseen > 0 { "; " } else { "" };
            write!(
                formatter,
                "{and}{} of {deals} deals have no owner",
                self.without_owner
            )?;
        }
        Ok(())
    }
}

/// Counts deals by their owners over lines of business users and deals, in any order.
///
/// ```
/// use gong_crm::coverage::Owners;
/// use gong_crm::ObjectType;
///
/// let mut owners = Owners::new(&["ada@acme.example"]);
/// owners.add_line(
///     ObjectType::BusinessUser,
///     br#"{"objectId":"u-1","modifiedDate":"2026-01-15T09:30:00Z","emailAddress":"bob@acme.example"}"#,
/// );
/// owners.add_line(
///     ObjectType::Deal,
///     br#"{"objectId":"d-1","modifiedDate":"2026-01-15T09:30:00Z","ownerId":"u-1"}"#,
/// );
/// let coverage = owners.coverage();
/// assert_eq!(
///     coverage.to_string(),
///     "1 of 1 deals belong to 1 owner who is not an active Gong user"
/// );
/// assert_eq!(coverage.unseen[0].owner_id.as_deref(), Some("u-1"));
/// ```
pub struct Owners {
    users: GongUsers,
    readers: BTreeMap<ObjectType, Reader<'static>>,
    /// The addresses of business users, by id.
    addresses: HashMap<String, Option<u64>>,
    /// How many deals each owner has.
    deals: HashMap<String, u64>,
    all: u64,
    without_owner: u64,
}

impl fmt::Debug for Owners {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Addresses and ids are personal data.
        formatter
            .debug_struct("Owners")
            .field("deals", &self.all)
            .finish_non_exhaustive()
    }
}

impl Owners {
    /// Nothing counted yet; these are the addresses of Gong's active users.
    pub fn new(active: &[&str]) -> Self {
        let key = HashKey::from_bytes([0; 16]);
        let mut users = GongUsers::default();
        for address in active {
            users.add_address(key, address, true);
        }
        Self::with(key, users)
    }

    /// The same under a ledger's key.
    pub(crate) fn with(key: HashKey, users: GongUsers) -> Self {
        let types = [ObjectType::BusinessUser, ObjectType::Deal];
        let reader = |object_type| (object_type, Reader::new(key, object_type, &|_| 0));
        Self {
            users,
            readers: types.into_iter().map(reader).collect(),
            addresses: HashMap::new(),
            deals: HashMap::new(),
            all: 0,
            without_owner: 0,
        }
    }

    /// Adds the address of a user of Gong.
    pub fn add_user(&mut self, address: &str, is_active: bool) {
        let key = HashKey::from_bytes([0; 16]);
        self.users.add_address(key, address, is_active);
    }

    /// Counts the lines of a file; with a converter, what that makes of it.
    ///
    /// # Errors
    ///
    /// [`SourceError::Failed`] when it can't be read or converted.
    pub fn add_file(
        &mut self,
        object_type: ObjectType,
        path: &Path,
        converter: Option<&Arc<dyn FileConverter>>,
    ) -> Result<(), SourceError> {
        if !self.readers.contains_key(&object_type) {
            return Ok(());
        }
        let mut sink = Sink::new(object_type, path.to_path_buf(), None, Timestamp::now());
        sink.add_file(path, converter)?;
        for file in sink.finish()? {
            self.add_lines(object_type, &file.lines)?;
        }
        Ok(())
    }

    fn add_lines(&mut self, object_type: ObjectType, path: &Path) -> std::io::Result<()> {
        if self.readers.contains_key(&object_type) {
            let mut lines = Lines::open(path)?;
            while let Some(line) = lines.next_line()? {
                self.add_line(object_type, line.bytes);
            }
        }
        Ok(())
    }

    /// Counts a line. Lines of other types, and those that are no records, do not count.
    pub fn add_line(&mut self, object_type: ObjectType, line: &[u8]) {
        let Some(reader) = self.readers.get_mut(&object_type) else {
            return;
        };
        let Ok(facts) = reader.read(line) else {
            return;
        };
        if facts.is_deleted {
            return;
        }
        if object_type == ObjectType::BusinessUser {
            self.addresses
                .insert(facts.object_id.into_owned(), facts.address);
            return;
        }
        self.all += 1;
        let references = reader.references(line).unwrap_or_default();
        let owner = references
            .into_iter()
            .find(|reference| reference.object_type == ObjectType::BusinessUser);
        match owner {
            Some(owner) => *self.deals.entry(owner.object_id.into_owned()).or_default() += 1,
            None => self.without_owner += 1,
        }
    }

    /// What was counted.
    pub fn coverage(&self) -> Coverage {
        let mut unseen: Vec<UnseenOwner> = self
            .deals
            .iter()
            .map(|(owner_id, deals)| UnseenOwner {
                owner_id: Some(owner_id.clone()),
                seat: self
                    .users
                    .seat(self.addresses.get(owner_id).copied().flatten()),
                deals: *deals,
            })
            .filter(|owner| owner.seat != Seat::Active)
            .collect();
        sort(&mut unseen);
        Coverage {
            deals: self.all,
            without_owner: self.without_owner,
            unseen,
        }
    }
}

fn sort(unseen: &mut [UnseenOwner]) {
    unseen.sort_by(|one, other| {
        let key = |of: &UnseenOwner| (std::cmp::Reverse(of.deals), of.owner_id.clone());
        key(one).cmp(&key(other))
    });
}

/// Why coverage can't be counted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CoverageError {
    /// Gong's users can't be listed.
    #[error(transparent)]
    Request(#[from] Error),
    /// The ledger can't be used.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl Client {
    /// Lists Gong's users, and keeps hashes of their addresses in the ledger. One call per 100 users.
    ///
    /// # Errors
    ///
    /// See [`CoverageError`]; a token needs the scope `api:users:read`.
    pub async fn gong_users(
        &self,
        integration_id: IntegrationId,
    ) -> Result<GongUsers, CoverageError> {
        let ledger = self.ledger();
        let key = HashKey::from_bytes(ledger.identity().await?.key());
        let mut users = GongUsers {
            at: self.clock.now(),
            ..GongUsers::default()
        };
        let mut listed = self.api().users();
        while let Some(user) = listed.try_next().await? {
            users.add(key, &user);
        }
        let space = ledger.space(self.base_url(), integration_id).await?;
        ledger.put_gong_users(space, &users).await?;
        Ok(users)
    }

    /// Counts the deals that Gong holds by their owners, and which of these are users of Gong, as
    /// [`gong_users`](Self::gong_users) lists them. No call is made: the rest is in the ledger.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the ledger can't be read.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use gong_crm::push::{Options, Records};
    /// use gong_crm::{BusinessUser, Deal};
    /// # use gong_crm::{Client, Credentials};
    /// # let sim = gong_sim::Simulator::builder().start().await?;
    /// # let integration_id = sim.register_integration("Acme CRM", "ada@acme.example").into();
    /// # let keys = Credentials::access_key(sim.access_key(), sim.access_key_secret());
    /// # let client = Client::builder().base_url(sim.base_url()).credentials(keys).build()?;
    /// # sim.add_user(gong_sim::GongUser::new("ada@acme.example"));
    /// let at = "2026-01-15T09:30:00Z";
    /// let user = |id: &str, email: &str| {
    ///     BusinessUser::builder().object_id(id).modified_date(at).email_address(email).build()
    /// };
    /// let deal = |id: &str, owner: &str| {
    ///     Deal::builder().object_id(id).modified_date(at).owner_id(owner).build()
    /// };
    /// let mut records = Records::new();
    /// records.add_all([user("u-1", "ada@acme.example")?, user("u-2", "bob@acme.example")?])?;
    /// records.add_all([deal("d-1", "u-1")?, deal("d-2", "u-2")?])?;
    /// client.push_records(integration_id, records, Options::default().simulator()).await?;
    ///
    /// let users = client.gong_users(integration_id).await?;
    /// let coverage = client.coverage(integration_id, &users).await?;
    /// assert_eq!((coverage.deals, coverage.unseen_deals()), (2, 1));
    /// assert_eq!(coverage.unseen[0].owner_id.as_deref(), Some("u-2"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn coverage(
        &self,
        integration_id: IntegrationId,
        users: &GongUsers,
    ) -> Result<Coverage, LedgerError> {
        let ledger = self.ledger();
        let space = ledger.space(self.base_url(), integration_id).await?;
        count(ledger, space, users).await
    }
}

/// Counts the deals of a sync's sources, if Gong's users were listed before and there are any.
pub(crate) async fn of_sources(
    ledger: &Ledger,
    space: Space,
    files: &[(ObjectType, SourceFile)],
) -> Result<Option<Coverage>, LedgerError> {
    let has_deals = files
        .iter()
        .any(|(object_type, _)| *object_type == ObjectType::Deal);
    let users: Option<GongUsers> = ledger.gong_users(space).await?;
    let Some(users) = users.filter(|users| has_deals && !users.is_empty()) else {
        return Ok(None);
    };
    let key = HashKey::from_bytes(ledger.identity().await?.key());
    let mut owners = Owners::with(key, users);
    each_held(ledger, space, ObjectType::BusinessUser, |id, state| {
        owners.addresses.insert(id.to_owned(), state.address);
    })
    .await?;
    let lines: Vec<(ObjectType, PathBuf)> = files
        .iter()
        .map(|(object_type, file)| (*object_type, file.lines.clone()))
        .collect();
    let counting = tokio::task::spawn_blocking(move || {
        for (object_type, path) in lines {
            owners.add_lines(object_type, &path)?;
        }
        Ok::<_, std::io::Error>(owners.coverage())
    });
    let counted = counting.await.map_err(std::io::Error::other).flatten();
    // A file that can't be read is the plan's to tell.
    Ok(counted.ok())
}

/// Counts the deals of the ledger. It has only hashes of the owners, which are compared with those of
/// the business users that it knows.
async fn count(ledger: &Ledger, space: Space, users: &GongUsers) -> Result<Coverage, LedgerError> {
    let key = HashKey::from_bytes(ledger.identity().await?.key());
    let mut seats: HashMap<[u8; 4], (String, Seat)> = HashMap::new();
    each_held(ledger, space, ObjectType::BusinessUser, |id, state| {
        let seat = users.seat(state.address);
        let hash = owner_hash(key, id);
        seats.insert(hash, (id.to_owned(), seat));
    })
    .await?;
    let names = ledger.names(space, ObjectType::Deal).await?;
    let owner = names.number_of("ownerId");
    let mut coverage = Coverage::default();
    let mut deals: HashMap<[u8; 4], u64> = HashMap::new();
    each_held(ledger, space, ObjectType::Deal, |_, state| {
        coverage.deals += 1;
        let field = state.fields.iter().find(|field| Some(field.name) == owner);
        match field.filter(|field| field.hash != crate::ledger::SentField::NULL_SENT) {
            Some(field) => *deals.entry(field.hash).or_default() += 1,
            None => coverage.without_owner += 1,
        }
    })
    .await?;
    for (hash, deals) in deals {
        let (owner_id, seat) = match seats.get(&hash) {
            Some((id, seat)) => (Some(id.clone()), *seat),
            None => (None, Seat::NoAddress),
        };
        if seat != Seat::Active {
            coverage.unseen.push(UnseenOwner {
                owner_id,
                seat,
                deals,
            });
        }
    }
    sort(&mut coverage.unseen);
    Ok(coverage)
}

/// The hash that a deal with this owner has in the ledger.
fn owner_hash(key: HashKey, id: &str) -> [u8; 4] {
    let mut reader = Reader::new(key, ObjectType::Deal, &|_| 0);
    let line = serde_json::json!({"objectId": "d", "ownerId": id}).to_string();
    let fields = reader.fields(line.as_bytes()).unwrap_or_default();
    let owner = fields.iter().find(|field| field.name == "ownerId");
    owner.map_or([0; 4], |field| field.hash.max(1).to_le_bytes())
}

/// Visits every record of a type that Gong holds.
pub(crate) async fn each_held(
    ledger: &Ledger,
    space: Space,
    object_type: ObjectType,
    mut visit: impl FnMut(&str, &crate::ledger::RecordState),
) -> Result<(), LedgerError> {
    let mut after = None;
    loop {
        let page = ledger
            .page_of_records(space, object_type, after, PAGE)
            .await?;
        for (key, state) in &page {
            let is_held = matches!(state.current, Current::Version | Current::Unknown);
            if let Some(id) = Space::object_id(key)
                && is_held
            {
                visit(id, state);
            }
        }
        if page.len() < PAGE {
            return Ok(());
        }
        after = page.last().map(|(key, _)| key.clone());
    }
}
