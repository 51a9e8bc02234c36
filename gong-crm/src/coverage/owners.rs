//! Counts deals by their owners over lines of business users and deals.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::BuildHasher as _;
use std::path::Path;
use std::sync::Arc;

use gong_records::check::FileConverter;
use gong_records::io::lines::Lines;
use jiff::Timestamp;

use super::{Coverage, GongUsers, Seat, UnseenOwner, sort};
use crate::ObjectType;
use crate::compare::{HashKey, Reader};
use crate::source::{Sink, SourceError};

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
///     "1 of 1 deal belongs to 1 owner who is not an active Gong user"
/// );
/// assert_eq!(coverage.unseen[0].owner_id.as_deref(), Some("u-1"));
/// ```
pub struct Owners {
    users: GongUsers,
    readers: BTreeMap<ObjectType, Reader<'static>>,
    /// The newest versions of business users, by id.
    addresses: HashMap<String, Version<u64>>,
    /// The newest versions of deals, by hashes of their ids; the owner by its place in `names`.
    deals: HashMap<u64, Version<usize>>,
    names: Vec<String>,
    places: HashMap<String, usize>,
    hasher: RandomState,
}

/// The newest version of a record, as far as it matters here.
#[derive(Debug, Clone, Copy)]
struct Version<T> {
    modified: Option<i64>,
    is_deleted: bool,
    /// The address of a user, or the owner of a deal.
    value: Option<T>,
}

impl<T> Version<T> {
    /// Keeps the newest version; of equally new ones, the last.
    fn replace_by(&mut self, other: Self) {
        if other.modified >= self.modified {
            *self = other;
        }
    }
}

impl fmt::Debug for Owners {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Addresses and ids are personal data.
        formatter
            .debug_struct("Owners")
            .field("deals", &self.deals.len())
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
    pub(super) fn with(key: HashKey, users: GongUsers) -> Self {
        let types = [ObjectType::BusinessUser, ObjectType::Deal];
        let reader = |object_type| (object_type, Reader::new(key, object_type, &|_| 0));
        Self {
            users,
            readers: types.into_iter().map(reader).collect(),
            addresses: HashMap::new(),
            deals: HashMap::new(),
            names: Vec::new(),
            places: HashMap::new(),
            hasher: RandomState::new(),
        }
    }

    /// Whether there was a business user. If not, nothing is known of any owner.
    pub fn has_business_users(&self) -> bool {
        self.addresses.values().any(|user| !user.is_deleted)
    }

    /// Adds a business user that Gong holds, which any line about it replaces.
    pub(super) fn add_held(&mut self, id: &str, address: Option<u64>) {
        let held = Version {
            modified: None,
            is_deleted: false,
            value: address,
        };
        self.addresses.insert(id.to_owned(), held);
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

    pub(super) fn add_lines(
        &mut self,
        object_type: ObjectType,
        path: &Path,
    ) -> std::io::Result<()> {
        if self.readers.contains_key(&object_type) {
            let mut lines = Lines::open(path)?;
            while let Some(line) = lines.next_line()? {
                self.add_line(object_type, line.bytes);
            }
        }
        Ok(())
    }

    /// Counts a line. Lines of other types, and those that are not records, do not count.
    pub fn add_line(&mut self, object_type: ObjectType, line: &[u8]) {
        let Some(reader) = self.readers.get_mut(&object_type) else {
            return;
        };
        let Ok(facts) = reader.read(line) else {
            return;
        };
        let (modified, is_deleted) = (facts.modified, facts.is_deleted);
        if object_type == ObjectType::BusinessUser {
            let user = Version {
                modified,
                is_deleted,
                value: facts.address,
            };
            let known = self.addresses.entry(facts.object_id.into_owned());
            known.or_insert(user).replace_by(user);
            return;
        }
        let key = self.hasher.hash_one(facts.object_id.as_ref());
        let references = reader.references(line).unwrap_or_default();
        let owner = references
            .into_iter()
            .find(|reference| reference.object_type == ObjectType::BusinessUser);
        let deal = Version {
            modified,
            is_deleted,
            value: owner.map(|owner| self.place(&owner.object_id)),
        };
        self.deals.entry(key).or_insert(deal).replace_by(deal);
    }

    fn place(&mut self, owner: &str) -> usize {
        if let Some(place) = self.places.get(owner) {
            return *place;
        }
        let place = self.names.len();
        self.names.push(owner.to_owned());
        self.places.insert(owner.to_owned(), place);
        place
    }

    /// What was counted: each deal once, in its newest version.
    pub fn coverage(&self) -> Coverage {
        let mut coverage = Coverage::default();
        let mut deals = vec![0_u64; self.names.len()];
        for deal in self.deals.values().filter(|deal| !deal.is_deleted) {
            coverage.deals += 1;
            match deal.value.and_then(|place| deals.get_mut(place)) {
                Some(of_owner) => *of_owner += 1,
                None => coverage.without_owner += 1,
            }
        }
        coverage.unseen = self
            .names
            .iter()
            .zip(deals)
            .filter(|(_, deals)| *deals > 0)
            .map(|(owner_id, deals)| {
                let user = self.addresses.get(owner_id);
                let user = user.filter(|user| !user.is_deleted);
                UnseenOwner {
                    owner_id: Some(owner_id.clone()),
                    seat: self.users.seat(user.and_then(|user| user.value)),
                    owners: 1,
                    deals,
                }
            })
            .filter(|owner| owner.seat != Seat::Active)
            .collect();
        sort(&mut coverage.unseen);
        coverage
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deal_counts_once_in_its_newest_version() {
        let mut owners = Owners::new(&["ada@acme.example"]);
        let user = br#"{"objectId":"u-1","modifiedDate":"2026-01-15T09:30:00Z","emailAddress":"ada@acme.example"}"#;
        assert!(!owners.has_business_users());
        owners.add_line(ObjectType::BusinessUser, user);
        assert!(owners.has_business_users());
        for (id, day, owner) in [
            ("d-1", 2, "u-1"),
            ("d-1", 1, "u-9"),
            ("d-2", 1, "u-9"),
            ("d-2", 2, "u-8"),
        ] {
            let line = format!(
                r#"{{"objectId":"{id}","modifiedDate":"2026-01-0{day}T09:30:00Z","ownerId":"{owner}"}}"#
            );
            owners.add_line(ObjectType::Deal, line.as_bytes());
        }
        let coverage = owners.coverage();
        assert_eq!(coverage.deals, 2);
        let unseen: Vec<_> = coverage
            .unseen
            .iter()
            .map(|owner| owner.owner_id.as_deref())
            .collect();
        assert_eq!(unseen, [Some("u-8")]);
        // A deletion is the newest version, too.
        let gone = br#"{"objectId":"d-2","modifiedDate":"2026-02-01T09:30:00Z","isDeleted":true}"#;
        owners.add_line(ObjectType::Deal, gone);
        assert_eq!(owners.coverage().deals, 1);
    }
}
