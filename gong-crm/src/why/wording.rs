//! How moments, commands and reasons are written in explanations.

use jiff::{SignedDuration, Timestamp};

use crate::ObjectType;

/// How long Gong may take to show what it accepted, as its documentation of 2023 says of deals.
pub(super) const SHOWN_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// A moment to the minute, in UTC.
pub(super) fn day(seconds: i64) -> String {
    let at = Timestamp::from_second(seconds).unwrap_or_default();
    at.strftime("%Y-%m-%d %H:%MZ").to_string()
}

/// The command that explains a record, to be copied.
pub(super) fn command(object_type: ObjectType, id: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.@+".contains(letter);
    if !id.is_empty() && id.chars().all(is_plain) {
        format!("gong-crm why {object_type} {id}")
    } else {
        let id = id.replace('\'', r"'\''");
        format!("gong-crm why {object_type} '{id}'")
    }
}

/// A reason without the words that its sentence says already.
pub(super) fn without_prefix(reason: &str) -> &str {
    reason.strip_prefix("held back: ").unwrap_or(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_quotes_ids_for_a_shell() {
        assert_eq!(command(ObjectType::Deal, "d-1"), "gong-crm why DEAL d-1");
        assert_eq!(
            command(ObjectType::Deal, "it's one"),
            r"gong-crm why DEAL 'it'\''s one'"
        );
    }
}
