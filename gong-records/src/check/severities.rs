//! Which rules are reported, and as errors or warnings.

use std::collections::BTreeSet;

use crate::rule::{Rule, Severity};

/// Changes of the rules' default severities: the flags `--strict`, `--allow` and `--deny`.
///
/// `allow` wins over `deny` and `strict`.
///
/// ```
/// use gong_records::Rule;
/// use gong_records::check::{Severities, Severity};
///
/// let mut severities = Severities::default();
/// severities.allow.insert(Rule::ObjectIdUnderscore);
/// severities.deny.insert(Rule::EmailFormat);
/// assert_eq!(severities.of(Rule::ObjectIdUnderscore), None);
/// assert_eq!(severities.of(Rule::EmailFormat), Some(Severity::Error));
/// assert_eq!(severities.of(Rule::NullValue), Some(Severity::Warning));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Severities {
    /// Warnings count as errors.
    pub strict: bool,
    /// Rules that are never reported, whatever the other settings.
    pub allow: BTreeSet<Rule>,
    /// Rules whose findings are errors.
    pub deny: BTreeSet<Rule>,
}

impl Severities {
    /// How findings of the rule count; `None` if they are not reported.
    pub fn of(&self, rule: Rule) -> Option<Severity> {
        if self.allow.contains(&rule) {
            None
        } else if self.strict || self.deny.contains(&rule) {
            Some(Severity::Error)
        } else {
            Some(rule.severity())
        }
    }

    /// These settings with overrides, such as those of a config file with flags: the overrides win.
    ///
    /// ```
    /// use gong_records::Rule;
    /// use gong_records::check::{Severities, Severity};
    ///
    /// let (mut file, mut flags) = (Severities::default(), Severities::default());
    /// file.allow.extend([Rule::NullValue, Rule::Unsorted]);
    /// flags.deny.insert(Rule::NullValue);
    /// let both = file.overridden_by(&flags);
    /// assert_eq!(both.of(Rule::NullValue), Some(Severity::Error));
    /// assert_eq!(both.of(Rule::Unsorted), None);
    /// ```
    #[must_use]
    pub fn overridden_by(mut self, above: &Self) -> Self {
        self.allow.retain(|rule| !above.deny.contains(rule));
        self.deny.retain(|rule| !above.allow.contains(rule));
        self.allow.extend(&above.allow);
        self.deny.extend(&above.deny);
        self.strict |= above.strict;
        self
    }
}

/// The severities of all rules, for fast access.
#[derive(Debug, Clone, Copy)]
pub(super) struct SeverityTable([Option<Severity>; Rule::ALL.len()]);

impl SeverityTable {
    pub(super) fn new(severities: &Severities) -> Self {
        let mut table = [None; Rule::ALL.len()];
        for rule in Rule::ALL {
            table[*rule as usize] = severities.of(*rule);
        }
        Self(table)
    }

    #[inline]
    pub(super) fn of(&self, rule: Rule) -> Option<Severity> {
        self.0[rule as usize]
    }

    /// Whether findings of the rule are reported.
    #[inline]
    pub(super) fn reports(&self, rule: Rule) -> bool {
        self.of(rule).is_some()
    }
}
