//! Which records that a version refers to were not in Gong when it was sent.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ObjectType;

/// How the reasons begin of records that wait for one that they refer to.
pub(crate) const REFERS: &str = "held back: it refers to ";

/// The types of the records that a version refers to and that Gong did not have, as far as the
/// ledger knew, when the version was sent.
///
/// Gong may silently drop a record that refers to an account, owner or stage that it does not have.
/// Such a record is sent again once Gong has accepted what it refers to.
///
/// ```
/// use gong_crm::ObjectType;
/// use gong_crm::ledger::MissingParents;
///
/// let mut missing = MissingParents::default();
/// assert!(missing.is_empty());
/// missing.add(ObjectType::Account);
/// assert!(missing.contains(ObjectType::Account));
/// assert!(!missing.contains(ObjectType::Stage));
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingParents(u8);

impl MissingParents {
    /// Adds a type.
    pub fn add(&mut self, object_type: ObjectType) {
        self.0 |= bit(object_type);
    }

    /// These types and those of another.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether a record of this type was missing.
    pub fn contains(self, object_type: ObjectType) -> bool {
        self.0 & bit(object_type) != 0
    }

    /// One bit for each type; the two highest are not used.
    pub(crate) fn bits(self) -> u8 {
        self.0
    }

    /// The types of such bits.
    pub(crate) fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    /// Whether none was missing.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The types.
    pub fn types(self) -> impl Iterator<Item = ObjectType> {
        let types = ObjectType::ALL.into_iter();
        types.filter(move |object_type| self.contains(*object_type))
    }
}

impl fmt::Debug for MissingParents {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.types()).finish()
    }
}

/// The bit of a type. Written in files: never change one.
fn bit(object_type: ObjectType) -> u8 {
    match object_type {
        ObjectType::Stage => 1,
        ObjectType::BusinessUser => 2,
        ObjectType::Account => 4,
        ObjectType::Contact => 8,
        ObjectType::Deal => 16,
        ObjectType::Lead => 32,
    }
}
