//! `EmailAddress`: what Gong matches people by.

use super::{FromText, InvalidValue, text_value};
use crate::rule::Rule;

/// An email address: one `@`, something on both sides, no spaces.
///
/// Gong matches activities to contacts and leads, and its own users to business users, by it.
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

/// Says how the text fails to be an email address.
pub(crate) fn check(text: &str) -> Result<(), InvalidValue> {
    let invalid = |message: &'static str| Err(InvalidValue::new(Rule::EmailFormat, message));
    if text.chars().any(char::is_whitespace) {
        return invalid("it holds a space");
    }
    match text.split_once('@') {
        None => invalid("it has no @"),
        Some((_, domain)) if domain.contains('@') => invalid("it has more than one @"),
        Some(("", _)) => invalid("nothing stands before the @"),
        Some((_, "")) => invalid("nothing stands after the @"),
        Some(_) => Ok(()),
    }
}
