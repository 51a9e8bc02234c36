//! The types of CRM objects.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The six types of objects that a CRM has in Gong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectType {
    /// `ACCOUNT`
    Account,
    /// `CONTACT`
    Contact,
    /// `DEAL`
    Deal,
    /// `LEAD`
    Lead,
    /// `BUSINESS_USER`
    BusinessUser,
    /// `STAGE`
    Stage,
}

impl ObjectType {
    /// All six, in the order of Gong's documentation.
    pub const ALL: [Self; 6] = [
        Self::Account,
        Self::Contact,
        Self::Deal,
        Self::Lead,
        Self::BusinessUser,
        Self::Stage,
    ];

    /// The four types that have an entity schema and can be read back.
    pub const WITH_SCHEMA: [Self; 4] = [Self::Account, Self::Contact, Self::Deal, Self::Lead];

    /// The name on the wire.
    ///
    /// ```
    /// assert_eq!(gong_sim::ObjectType::BusinessUser.as_str(), "BUSINESS_USER");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "ACCOUNT",
            Self::Contact => "CONTACT",
            Self::Deal => "DEAL",
            Self::Lead => "LEAD",
            Self::BusinessUser => "BUSINESS_USER",
            Self::Stage => "STAGE",
        }
    }

    /// The type of this name; case matters, as it does to Gong.
    ///
    /// ```
    /// use gong_sim::ObjectType;
    /// assert_eq!(ObjectType::from_name("DEAL"), Some(ObjectType::Deal));
    /// assert_eq!(ObjectType::from_name("deal"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|object_type| object_type.as_str() == name)
    }

    /// Whether the type has an entity schema and can be read back.
    pub fn has_schema(self) -> bool {
        Self::WITH_SCHEMA.contains(&self)
    }

    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

impl Serialize for ObjectType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ObjectType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::from_name(&name)
            .ok_or_else(|| D::Error::custom(format!("there is no object type \"{name}\"")))
    }
}

impl fmt::Display for ObjectType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
