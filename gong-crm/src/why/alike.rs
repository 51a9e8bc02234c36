//! What an unknown id may have been meant to be.

use super::WhyError;
use super::looker::Looker;
use super::sources::text;
use crate::ObjectType;
use crate::coverage::each_held;

/// What an unknown id resembles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Alike {
    /// An id that differs in case only.
    Case(String),
    /// It is the address of this business user.
    Address(String),
    /// It is the name of this stage.
    Name(String),
    /// A record of another type has the id.
    Type(ObjectType),
}

impl Looker<'_> {
    /// What an id that was never sent may have been meant to be.
    pub(super) async fn alike(
        &self,
        object_type: ObjectType,
        id: &str,
    ) -> Result<Option<Alike>, WhyError> {
        let ledger = self.client.ledger();
        let address = match object_type {
            ObjectType::BusinessUser if id.contains('@') => Some(self.address(id).await?),
            _ => None,
        };
        let mut found = None;
        let mut ids = Vec::new();
        each_held(ledger, self.space, object_type, |other, state| {
            if is_same_but_case(other, id) {
                found = Some(Alike::Case(other.to_owned()));
            } else if address.is_some() && state.address == address && found.is_none() {
                found = Some(Alike::Address(other.to_owned()));
            }
            if object_type == ObjectType::Stage {
                ids.push(other.to_owned());
            }
        })
        .await?;
        if found.is_none() {
            for other in ids {
                let stage = self.stage_line(&other).await?.unwrap_or_default();
                if text(&stage, "name").is_some_and(|name| name.eq_ignore_ascii_case(id)) {
                    found = Some(Alike::Name(other));
                    break;
                }
            }
        }
        let lines = self.sources.lines_with(object_type, id).await;
        for line in lines.ok().flatten().unwrap_or_default() {
            let Some(other) = text(&line, "objectId").filter(|_| found.is_none()) else {
                continue;
            };
            let has = |field| text(&line, field).is_some_and(|text| text.eq_ignore_ascii_case(id));
            found = match object_type {
                _ if is_same_but_case(other, id) => Some(Alike::Case(other.to_owned())),
                ObjectType::BusinessUser if has("emailAddress") => {
                    Some(Alike::Address(other.to_owned()))
                }
                ObjectType::Stage if has("name") => Some(Alike::Name(other.to_owned())),
                _ => None,
            };
        }
        if found.is_none() {
            for other in ObjectType::ALL {
                if other != object_type && self.state(other, id).await?.is_some() {
                    return Ok(Some(Alike::Type(other)));
                }
            }
        }
        Ok(found)
    }
}

fn is_same_but_case(one: &str, other: &str) -> bool {
    one != other && one.eq_ignore_ascii_case(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_id_is_not_alike() {
        assert!(is_same_but_case("U-ADA", "u-ada"));
        assert!(!is_same_but_case("u-ada", "u-ada"));
        assert!(!is_same_but_case("u-ada", "u-bob"));
    }
}
