//! `EmailAddress`: the address by which Gong matches people.

use super::{FromText, InvalidValue, text_value};
use crate::rule::Rule;

/// An email address: one `@`, something on both sides, no spaces.
///
/// Gong uses it to match activities to contacts and leads, and its users to business users.
///
/// ```
/// use gong_records::EmailAddress;
///
/// assert!("john.smith@acme.example".parse::<EmailAddress>().is_ok());
/// assert!("john smith@acme.example".parse::<EmailAddress>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress(Box<str>);

text_value!(EmailAddress, |address| &address.0);

impl FromText for EmailAddress {
    fn from_text(text: &str) -> Result<Self, InvalidValue> {
        check(text).map(|()| Self(text.into()))
    }
}

/// Checks that the text is an email address.
pub(crate) fn check(text: &str) -> Result<(), InvalidValue> {
    let invalid = |message: &'static str| Err(InvalidValue::new(Rule::EmailFormat, message));
    if text.chars().any(char::is_whitespace) {
        return invalid("it contains a space");
    }
    match text.split_once('@') {
        None => invalid("it has no @"),
        Some((_, domain)) if domain.contains('@') => invalid("it has more than one @"),
        Some(("", _)) => invalid("nothing is before the @"),
        Some((_, "")) => invalid("nothing is after the @"),
        Some(_) => Ok(()),
    }
}
