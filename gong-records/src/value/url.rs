//! `Url`: the address of a record in the CRM.

use super::{FromText, InvalidValue, text_value};
use crate::rule::Rule;

/// A full `http` or `https` URL of the record in the CRM.
///
/// ```
/// use gong_records::Url;
///
/// assert!("https://crm.example/deals/42".parse::<Url>().is_ok());
/// assert!("HTTPS://CRM.example/geschäfte/42".parse::<Url>().is_ok());
/// assert!("crm.example/deals/42".parse::<Url>().is_err());
/// assert!("https://crm.example/\u{1}".parse::<Url>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Url(Box<str>);

text_value!(Url, |url| &url.0);

impl FromText for Url {
    fn from_text(text: &str) -> Result<Self, InvalidValue> {
        check(text).map(|()| Self(text.into()))
    }
}

/// Checks that the text is a full URL.
pub(crate) fn check(text: &str) -> Result<(), InvalidValue> {
    let invalid = |message: &'static str| Err(InvalidValue::new(Rule::UrlFormat, message));
    let is_known =
        |scheme: &str| scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
    let scheme = text.split_once("://");
    let Some((_, rest)) = scheme.filter(|(scheme, _)| is_known(scheme)) else {
        return invalid("it must begin with https:// or http://");
    };
    if rest.is_empty() || rest.starts_with('/') {
        return invalid("it has no host");
    }
    if text.chars().any(char::is_whitespace) {
        return invalid("it contains a space; write %20");
    }
    if text.chars().any(char::is_control) {
        return invalid("it contains a control character; remove it");
    }
    Ok(())
}
