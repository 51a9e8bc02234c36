//! The order of uploads: records are sent after those that they refer to, and deleted before them.

use crate::ObjectType;
use crate::ledger::{Direction, Upload};

/// Which uploads must have their verdict before which: by direction and type, then by step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Level {
    direction: Direction,
    rank: u8,
    step: u16,
}

impl Level {
    /// Types that are referred to come before those that refer to them, and go after them. Stages
    /// and users come at once: they refer to nothing.
    pub(super) fn new(object_type: ObjectType, direction: Direction, step: u16) -> Self {
        let rank = match object_type {
            ObjectType::Stage | ObjectType::BusinessUser => 0,
            ObjectType::Account => 1,
            ObjectType::Contact => 2,
            ObjectType::Deal => 3,
            ObjectType::Lead => 4,
        };
        let rank = match direction {
            Direction::Upsert => rank,
            Direction::Delete => 4 - rank,
        };
        Self {
            direction,
            rank,
            step,
        }
    }

    /// The level of an upload that was planned before.
    pub(super) fn of(upload: &Upload) -> Self {
        let order = upload.order.unwrap_or(upload.direction);
        Self::new(upload.object_type, order, upload.step)
    }

    pub(super) fn step(self) -> u16 {
        self.step
    }

    /// Whether records of the level may refer to records of a type.
    pub(super) fn may_refer_to(self, object_type: ObjectType) -> bool {
        self.direction == Direction::Upsert
            && Self::new(object_type, Direction::Upsert, 0).rank < self.rank
    }

    /// Whether records of the level may refer to accounts that are new.
    pub(super) fn refers_to_accounts(self) -> bool {
        self.direction == Direction::Upsert && self.rank > 1
    }

    pub(super) fn direction(self) -> Direction {
        self.direction
    }
}
