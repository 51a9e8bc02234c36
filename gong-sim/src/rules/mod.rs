//! The rules of the simulator, their evidence, and their switches.

mod page;
mod table;

pub use page::rules_page;
pub(crate) use table::RuleId;
pub use table::{RULES, Rule};

use std::fmt;

/// The evidence of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Evidence {
    /// Gong's own current documentation says so.
    Documented,
    /// A response of the live service shows it.
    Recorded,
    /// Neither says so: a guess, or an old or second-hand statement.
    Assumed,
}

impl Evidence {
    /// The tag as it is printed on the page of rules.
    ///
    /// ```
    /// assert_eq!(gong_sim::Evidence::Recorded.as_str(), "recorded");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Recorded => "recorded",
            Self::Assumed => "assumed",
        }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A name that is in no row of [`RULES`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no rule named \"{name}\"; docs/simulator-rules.md lists them all")]
pub struct UnknownRule {
    name: String,
}

impl UnknownRule {
    /// The name that was asked for.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The switch positions of all rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RuleSet(u128);

impl RuleSet {
    /// Every rule at the position its row in the table gives.
    pub(crate) fn standard() -> Self {
        let mut set = Self(0);
        for (index, rule) in RULES.iter().enumerate() {
            set.put(index, rule.on_by_default);
        }
        set
    }

    /// Every rule that rejects something is on.
    pub(crate) fn strict() -> Self {
        let mut set = Self::standard();
        for (index, rule) in RULES.iter().enumerate() {
            if rule.rejects {
                set.put(index, true);
            }
        }
        set
    }

    /// Every rule that rejects something and is merely assumed is off.
    pub(crate) fn lenient() -> Self {
        let mut set = Self::standard();
        for (index, rule) in RULES.iter().enumerate() {
            if rule.rejects && rule.evidence == Evidence::Assumed {
                set.put(index, false);
            }
        }
        set
    }

    pub(crate) fn is_on(self, rule: RuleId) -> bool {
        self.0 & (1 << rule as usize) != 0
    }

    pub(crate) fn is_on_at(self, index: usize) -> bool {
        self.0 & (1 << index) != 0
    }

    /// Turns the rule of this name on or off.
    pub(crate) fn set(&mut self, name: &str, on: bool) -> Result<(), UnknownRule> {
        let index = RULES
            .iter()
            .position(|rule| rule.name == name)
            .ok_or_else(|| UnknownRule {
                name: name.to_owned(),
            })?;
        self.put(index, on);
        Ok(())
    }

    fn put(&mut self, index: usize, on: bool) {
        if on {
            self.0 |= 1 << index;
        } else {
            self.0 &= !(1 << index);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_readable() {
        let mut names: Vec<_> = RULES.iter().map(|rule| rule.name).collect();
        assert!(names.iter().all(|name| {
            name.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        }));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), RULES.len());
        assert!(
            RULES.len() <= 128,
            "the switches no longer fit their 128 bits"
        );
    }

    #[test]
    fn unknown_rule_is_rejected_by_name() {
        let rejected = RuleSet::standard().set("no-such-rule", true).unwrap_err();
        assert_eq!(rejected.name(), "no-such-rule");
    }

    #[test]
    fn lenient_turns_no_documented_rule_off() {
        let (lenient, standard) = (RuleSet::lenient(), RuleSet::standard());
        for (index, rule) in RULES.iter().enumerate() {
            if rule.evidence != Evidence::Assumed {
                assert_eq!(
                    lenient.is_on_at(index),
                    standard.is_on_at(index),
                    "{}",
                    rule.name
                );
            }
        }
    }
}
