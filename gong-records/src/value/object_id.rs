//! `ObjectId`: the stable id of a record in the CRM.

use super::{FromText, InvalidValue, text_value};
use crate::rule::Rule;

/// A record's id in the CRM: 1 to 64 letters, digits, hyphens and underscores, or an email address.
///
/// It must stay the same for the record's whole life: Gong updates the record with the same id.
/// Gong's text forbids the underscore and its own example uses it, so it is accepted here and the
/// check warns about it.
///
/// ```
/// use gong_records::ObjectId;
///
/// assert_eq!("0061t00000AbCdE".parse::<ObjectId>()?.as_str(), "0061t00000AbCdE");
/// assert!("jane.doe@acme.example".parse::<ObjectId>().is_ok());
/// assert!("A/9".parse::<ObjectId>().is_err());
/// # Ok::<(), gong_records::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId(Box<str>);

/// The most characters that an id may have.
pub(crate) const MAX_LENGTH: usize = 64;

text_value!(ObjectId, |id| &id.0);

impl FromText for ObjectId {
    fn from_text(text: &str) -> Result<Self, InvalidValue> {
        check(text).map(|()| Self(text.into()))
    }
}

/// Checks that the text is a valid id.
pub(crate) fn check(text: &str) -> Result<(), InvalidValue> {
    if text.is_empty() {
        return Err(InvalidValue::new(Rule::ObjectIdLength, "it is empty"));
    }
    let length = text.chars().count();
    if length > MAX_LENGTH {
        return Err(InvalidValue::new(
            Rule::ObjectIdLength,
            format!("it has {length} characters; Gong accepts at most {MAX_LENGTH}"),
        ));
    }
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    match text.chars().find(|character| !plain(*character)) {
        None => Ok(()),
        Some(_) if is_plain_email_address(text) => Ok(()),
        Some(other) => Err(InvalidValue::new(
            Rule::ObjectIdCharset,
            format!(
                "character {other:?} is not allowed; use letters, digits and hyphens, or an email \
                 address"
            ),
        )),
    }
}

/// An address that HTML's `<input type=email>` accepts: ASCII, dots between the parts of the domain.
fn is_plain_email_address(text: &str) -> bool {
    let Some((name, domain)) = text.split_once('@') else {
        return false;
    };
    let in_name =
        |byte: u8| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte);
    let in_domain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !name.is_empty()
        && name.bytes().all(in_name)
        && domain
            .split('.')
            .all(|part| !part.is_empty() && part.bytes().all(in_domain))
}

impl AsRef<str> for ObjectId {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_keep_the_documented_rule() {
        for good in [
            "a",
            "A-9",
            "user1_Id_In_The_CRM",
            "j.d@acme.example",
            &"x".repeat(64),
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        let rule = |text: &str| check(text).unwrap_err().rule();
        assert_eq!(rule(""), Rule::ObjectIdLength);
        assert_eq!(rule(&"x".repeat(65)), Rule::ObjectIdLength);
        for bad in ["A/9", "a b", "a.b", "é", "a@b@c", "a@b..c", "ä@b.c", "a\n"] {
            assert_eq!(rule(bad), Rule::ObjectIdCharset, "{bad:?}");
        }
    }
}
