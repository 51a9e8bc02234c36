//! Where people see records, and from where a reason keeps one away.

use std::fmt;

use serde::Serialize;

use super::{Effect, Reason, Visible};
use crate::ObjectType;

/// Where people see a record in Gong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Place {
    /// Deals: the board of the owner.
    DealBoard,
    /// Contacts and deals: the page of their account.
    AccountPage,
    /// Contacts and leads: the calls and mails of their address.
    Activities,
    /// Accounts: their own page.
    OwnPage,
    /// Business users: as the owner of deals.
    DealOwner,
    /// Stages: as a stage of deals.
    DealStage,
}

/// As it follows on "people see it".
impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::DealBoard => "on the deal board",
            Self::AccountPage => "on the page of its account",
            Self::Activities => "with calls and mails",
            Self::OwnPage => "on its own page",
            Self::DealOwner => "as the owner of deals",
            Self::DealStage => "as a stage of deals",
        })
    }
}

/// Whether people see a record in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PlaceView {
    /// The place.
    pub place: Place,
    /// Whether people see the record there.
    pub visible: Visible,
}

/// Where people see records of a type.
pub(super) fn of_type(object_type: ObjectType) -> &'static [Place] {
    match object_type {
        ObjectType::Deal => &[Place::DealBoard, Place::AccountPage],
        ObjectType::Contact => &[Place::AccountPage, Place::Activities],
        ObjectType::Lead => &[Place::Activities],
        ObjectType::Account => &[Place::OwnPage],
        ObjectType::BusinessUser => &[Place::DealOwner],
        ObjectType::Stage => &[Place::DealStage],
    }
}

/// Where people see a record with these reasons.
pub(super) fn places(object_type: ObjectType, reasons: &[Reason]) -> Vec<PlaceView> {
    let view = |place: &Place| {
        let has = |effect| {
            let mut reasons = reasons.iter();
            reasons.any(|reason| reason.effect == effect && reason.places.contains(place))
        };
        let visible = if has(Effect::Hides) {
            Visible::No
        } else if has(Effect::LeavesOpen) {
            Visible::Unknown
        } else {
            Visible::Yes
        };
        PlaceView {
            place: *place,
            visible,
        }
    };
    of_type(object_type).iter().map(view).collect()
}
