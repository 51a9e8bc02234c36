//! The meaning of each answer, and the rule of push and sync that it changes.

use crate::ledger::{Clearing, Facts, Question};

/// What Gong does.
pub(super) fn message(question: Question, answer: Option<bool>) -> &'static str {
    use Question as Q;
    match (question, answer) {
        (Q::OlderDatesTaken, Some(true)) => "a version with an older modifiedDate takes effect",
        (Q::OlderDatesTaken, Some(false)) => "a version with an older modifiedDate is ignored",
        (Q::GoodLinesTaken, Some(true)) => {
            "the good lines of an upload with a bad line are accepted"
        }
        (Q::GoodLinesTaken, Some(false)) => "an upload with a bad line changes nothing",
        (Q::OmittedClearsCustom, Some(true)) => "an omitted custom field is cleared",
        (Q::OmittedClearsCustom, Some(false)) => "an omitted custom field keeps its value",
        (Q::OmittedClearsStandard, Some(true)) => "an omitted field of Gong's own is cleared",
        (Q::OmittedClearsStandard, Some(false)) => "an omitted field of Gong's own keeps its value",
        (Q::NullClearsCustom, Some(true)) => "null clears a custom field",
        (Q::NullClearsCustom, Some(false)) => "null in a custom field is ignored",
        (Q::NullClearsStandard, Some(true)) => "null clears a field of Gong's own",
        (Q::NullClearsStandard, Some(false)) => "null in a field of Gong's own is ignored",
        (Q::IdsIgnoreCase, Some(true)) => "ids that differ only in case are the same record",
        (Q::IdsIgnoreCase, Some(false)) => "ids that differ only in case are two records",
        (Q::AbsentDeletionTaken, Some(true)) => "the deletion of an absent record is accepted",
        (Q::AbsentDeletionTaken, Some(false)) => "the deletion of an absent record is rejected",
        (Q::OmittedClearsCustom | Q::NullClearsCustom, None) => {
            "not known: no text field is declared for contacts, or Gong does not show it"
        }
        (_, None) => "not known: Gong's responses do not show it",
    }
}

/// What push and sync do because of it.
pub(super) fn rule(facts: &Facts, question: Question) -> &'static str {
    use Question as Q;
    match question {
        Q::OlderDatesTaken => match facts.answer(question) {
            Some(true) => "modifiedDate is sent as the source has it, never raised",
            _ => "modifiedDate is raised if the same or a later one was sent before",
        },
        Q::GoodLinesTaken => match facts.answer(question) {
            Some(true) => {
                "records without an error in a failed upload count as accepted, even if Gong does \
                 not count them"
            }
            Some(false) => "records without an error in a failed upload are sent once more",
            None => {
                "records without an error in a failed upload count as accepted if Gong counts them, \
                 and are sent once more otherwise"
            }
        },
        Q::OmittedClearsCustom | Q::NullClearsCustom => match Clearing::of_custom(facts) {
            Clearing::LeaveOut => "custom fields are cleared by omitting them",
            Clearing::Impossible => "custom fields cannot be cleared, and every plan says so",
            Clearing::Null | Clearing::Unsure => "custom fields are cleared with null",
        },
        Q::OmittedClearsStandard | Q::NullClearsStandard => match Clearing::of_standard(facts) {
            Clearing::LeaveOut => "Gong's own fields are cleared by omitting them",
            Clearing::Null => "Gong's own fields are cleared with null",
            Clearing::Impossible => "Gong's own fields cannot be cleared, and every plan says so",
            Clearing::Unsure => {
                "Gong's own fields are omitted, and drift reads them back first, because this may \
                 not clear them"
            }
        },
        Q::IdsIgnoreCase => match facts.answer(question) {
            Some(false) => {
                "a vanished record is deleted even if the source has its id in another case"
            }
            Some(true) => {
                "a vanished record is not deleted while the source has its id in another case, and two ids \
                 of a file that differ only in case are an error"
            }
            None => "a vanished record is held back while the source has its id in another case",
        },
        Q::AbsentDeletionTaken => match facts.answer(question) {
            Some(true) => "a deletion that Gong rejects counts as rejected",
            _ => "a deletion that Gong rejects counts as done if the record cannot be read back",
        },
    }
}
