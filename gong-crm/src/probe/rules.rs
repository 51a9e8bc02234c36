//! What each answer means, and the rule of push and sync that it switches.

use crate::ledger::{Clearing, Facts, Question};

/// What Gong does.
pub(super) fn message(question: Question, answer: Option<bool>) -> &'static str {
    use Question as Q;
    match (question, answer) {
        (Q::OlderDatesTaken, Some(true)) => "a version with an older modifiedDate takes effect",
        (Q::OlderDatesTaken, Some(false)) => "a version with an older modifiedDate is ignored",
        (Q::GoodLinesTaken, Some(true)) => "the good lines of an upload with a bad line are taken",
        (Q::GoodLinesTaken, Some(false)) => "an upload with a bad line changes nothing",
        (Q::OmittedClearsCustom, Some(true)) => "a custom field that is left out is cleared",
        (Q::OmittedClearsCustom, Some(false)) => "a custom field that is left out keeps its value",
        (Q::OmittedClearsStandard, Some(true)) => {
            "a field of Gong's own that is left out is cleared"
        }
        (Q::OmittedClearsStandard, Some(false)) => {
            "a field of Gong's own that is left out keeps its value"
        }
        (Q::NullClearsCustom, Some(true)) => "null clears a custom field",
        (Q::NullClearsCustom, Some(false)) => "null in a custom field is ignored",
        (Q::NullClearsStandard, Some(true)) => "null clears a field of Gong's own",
        (Q::NullClearsStandard, Some(false)) => "null in a field of Gong's own is ignored",
        (Q::IdsIgnoreCase, Some(true)) => "ids that differ only in case are one record",
        (Q::IdsIgnoreCase, Some(false)) => "ids that differ only in case are two records",
        (Q::AbsentDeletionTaken, Some(true)) => {
            "the deletion of a record that is not there is accepted"
        }
        (Q::AbsentDeletionTaken, Some(false)) => {
            "the deletion of a record that is not there is rejected"
        }
        (Q::OmittedClearsCustom | Q::NullClearsCustom, None) => {
            "not known: no text field is declared for contacts, or Gong does not show it"
        }
        (_, None) => "not known: what Gong answered does not tell",
    }
}

/// What push and sync do because of it.
pub(super) fn rule(facts: &Facts, question: Question) -> &'static str {
    use Question as Q;
    match question {
        Q::OlderDatesTaken => match facts.answer(question) {
            Some(true) => "modifiedDate is sent as the source has it, never raised",
            _ => "modifiedDate is raised where Gong was sent the same or a later one",
        },
        Q::GoodLinesTaken => match facts.answer(question) {
            Some(true) => {
                "records without an error in a failed upload count as accepted, also if Gong does not \
                 count them"
            }
            Some(false) => "records without an error in a failed upload are sent once more",
            None => {
                "records without an error in a failed upload count as accepted if Gong counts them, \
                 and are sent once more otherwise"
            }
        },
        Q::OmittedClearsCustom | Q::NullClearsCustom => match Clearing::of_custom(facts) {
            Clearing::LeaveOut => "custom fields are cleared by leaving them out",
            Clearing::Impossible => "custom fields cannot be cleared, and every plan says so",
            Clearing::Null | Clearing::Unsure => "custom fields are cleared with null",
        },
        Q::OmittedClearsStandard | Q::NullClearsStandard => match Clearing::of_standard(facts) {
            Clearing::LeaveOut => "Gong's own fields are cleared by leaving them out",
            Clearing::Null => "Gong's own fields are cleared with null",
            Clearing::Impossible => "Gong's own fields cannot be cleared, and every plan says so",
            Clearing::Unsure => {
                "Gong's own fields are left out, and read back first by drift, since it is not sure \
                 that this clears them"
            }
        },
        Q::IdsIgnoreCase => match facts.answer(question) {
            Some(false) => {
                "a record that vanished is deleted although its id in another case is there"
            }
            _ => "a record that vanished is held back while its id in another case is there",
        },
        Q::AbsentDeletionTaken => match facts.answer(question) {
            Some(true) => "a deletion that Gong rejects counts as rejected",
            _ => "a deletion that Gong rejects is done if the record cannot be read back",
        },
    }
}
