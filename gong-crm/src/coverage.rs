//! How many records people can see: deals whose owner is a user of Gong, and the others by owner.
//!
//! Gong shows a deal on nobody's board if no Gong user has its owner's address.
//! [`Client::coverage`] counts such deals in the ledger; [`Owners`] counts them in any lines.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::PathBuf;

use futures_util::TryStreamExt as _;
use gong_client::error::Error;
use gong_client::users::User;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::compare::{HashKey, Reader};
use crate::ledger::{Current, Ledger, LedgerError, Space};
use crate::source::SourceFile;
use crate::{IntegrationId, ObjectType};

mod owners;

pub use owners::Owners;

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
    /// The number of deals without an owner.
    pub without_owner: u64,
    /// The owners who are not active Gong users, those with the most deals first.
    pub unseen: Vec<UnseenOwner>,
}

/// An owner of deals who is not an active user of Gong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UnseenOwner {
    /// The `objectId` of the business user; `None` for all owners of whom no business user was sent, if
    /// only the ledger is known: it has no ids of them.
    pub owner_id: Option<String>,
    /// Why the owner's deals are on nobody's board.
    pub seat: Seat,
    /// How many owners these are: 1, unless their ids are not known.
    pub owners: u64,
    /// How many deals.
    pub deals: u64,
}

impl Coverage {
    /// How many deals belong to owners who are not active users of Gong.
    pub fn unseen_deals(&self) -> u64 {
        self.unseen.iter().map(|owner| owner.deals).sum()
    }

    /// How many owners are not active users of Gong.
    pub fn unseen_owners(&self) -> u64 {
        self.unseen.iter().map(|owner| owner.owners).sum()
    }
}

/// A number with commas between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The one sentence about all deals.
impl fmt::Display for Coverage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unseen, without) = (self.unseen_deals(), self.without_owner);
        let all = match self.deals {
            1 => "1 deal".to_owned(),
            deals => format!("{} deals", grouped(deals)),
        };
        if unseen == 0 && without == 0 {
            return write!(formatter, "{all}: all owners are Gong users");
        }
        if unseen > 0 {
            let belong = if unseen == 1 { "belongs" } else { "belong" };
            let who = match self.unseen_owners() {
                1 => "1 owner who is not an active Gong user".to_owned(),
                owners => format!("{} owners who are not active Gong users", grouped(owners)),
            };
            write!(formatter, "{} of {all} {belong} to {who}", grouped(unseen))?;
        }
        if without > 0 {
            let and = if unseen > 0 { "; " } else { "" };
            let have = if without == 1 { "has" } else { "have" };
            write!(
                formatter,
                "{and}{} of {all} {have} no owner",
                grouped(without)
            )?;
        }
        Ok(())
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

    /// Counts the deals that Gong has by their owners, and which of these are users of Gong, as
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
        owners.add_held(id, state.address);
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
    // The plan reports files that can't be read.
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
    let mut unknown = UnseenOwner {
        owner_id: None,
        seat: Seat::NoAddress,
        owners: 0,
        deals: 0,
    };
    for (hash, deals) in deals {
        match seats.get(&hash) {
            Some((_, Seat::Active)) => {}
            Some((id, seat)) => coverage.unseen.push(UnseenOwner {
                owner_id: Some(id.clone()),
                seat: *seat,
                owners: 1,
                deals,
            }),
            None => {
                unknown.owners += 1;
                unknown.deals += deals;
            }
        }
    }
    if unknown.owners > 0 {
        coverage.unseen.push(unknown);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentence_counts_in_thousands_and_agrees_with_its_numbers() {
        let owner = |owners, deals| UnseenOwner {
            owner_id: None,
            seat: Seat::NoAddress,
            owners,
            deals,
        };
        let mut coverage = Coverage {
            deals: 300_000,
            without_owner: 1,
            unseen: vec![owner(3, 1_350)],
        };
        assert_eq!(
            coverage.to_string(),
            "1,350 of 300,000 deals belong to 3 owners who are not active Gong users; \
             1 of 300,000 deals has no owner"
        );
        coverage = Coverage {
            deals: 1,
            ..Coverage::default()
        };
        assert_eq!(coverage.to_string(), "1 deal: all owners are Gong users");
    }
}
