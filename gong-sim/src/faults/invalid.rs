//! Faults that could never take effect as they are written.

use http::{HeaderValue, Uri};

use super::effect::Effect;
use super::plan::Fault;
use crate::operation::Operation;

/// Why a fault could never take effect, or would take effect as another one.
///
/// A test that sets such a fault would pass without having tried anything.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this fault can't take effect: {reason}")]
pub struct InvalidFault {
    reason: String,
}

impl InvalidFault {
    fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
        }
    }
}

impl Fault {
    /// Whether the fault can take effect. A simulator that is started with one that can't does not
    /// start, and `POST /_sim/faults` answers 400.
    ///
    /// # Errors
    ///
    /// [`InvalidFault`] when no call could ever get it, or it would be another fault.
    ///
    /// ```
    /// use gong_sim::{Effect, Fault, Operation};
    ///
    /// assert!(Fault::new(Effect::Status(503)).nth(1).validate().is_ok());
    /// // Calls are counted from 1.
    /// assert!(Fault::new(Effect::Status(503)).nth(0).validate().is_err());
    /// // Only an upload can be lost.
    /// assert!(Fault::new(Effect::LoseUpload).on(Operation::ListUsers).validate().is_err());
    /// ```
    pub fn validate(&self) -> Result<(), InvalidFault> {
        if self.nth.contains(&0) {
            return Err(InvalidFault::new("`nth` counts calls from 1"));
        }
        if let Some(probability) = self.probability
            && !(probability > 0.0 && probability <= 1.0)
        {
            let reason = "`probability` must be more than 0 and at most 1";
            return Err(InvalidFault::new(reason));
        }
        if self.times == Some(0) {
            return Err(InvalidFault::new("`times` must be at least 1"));
        }
        if self.lasts.is_some_and(|time| time.is_zero()) {
            return Err(InvalidFault::new("`lasts` must be at least 1 ms"));
        }
        if let (Some(operation), Some(possible)) = (self.operation, self.effect.operations())
            && !possible.contains(&operation)
        {
            let names: Vec<&str> = possible
                .iter()
                .map(|operation| operation.as_str())
                .collect();
            return Err(InvalidFault::new(format!(
                "`{}` has an effect on {} only",
                self.effect.word(),
                names.join(" and ")
            )));
        }
        self.effect.validate().map_err(InvalidFault::new)
    }
}

impl Effect {
    /// The operations on which it has an effect; `None` for all.
    pub(super) fn operations(&self) -> Option<&'static [Operation]> {
        match self {
            Self::FailFile(_)
            | Self::LoseUpload
            | Self::UnknownFor(_)
            | Self::Processing(_)
            | Self::Verdict(_) => Some(&[Operation::UploadEntities]),
            Self::NewEnumValue => Some(&[Operation::RequestStatus, Operation::ListSchema]),
            _ => None,
        }
    }

    /// Its name without its value.
    fn word(&self) -> String {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::Object(value)) => value.keys().next().cloned(),
            Ok(serde_json::Value::String(name)) => Some(name),
            _ => None,
        }
        .unwrap_or_default()
    }

    fn validate(&self) -> Result<(), String> {
        match self {
            Self::Status(status) | Self::HtmlPage(status) if !(200..=599).contains(status) => Err(
                format!("{status} is not the status of an answer; use 200 to 599"),
            ),
            Self::DribbleBody { bytes: 0, .. } => {
                Err("`bytes` of `dribble-body` must be at least 1".to_owned())
            }
            Self::ReadSlowly(0) => {
                Err("`read-slowly` must be at least 1 byte per second".to_owned())
            }
            Self::Redirect(origin) => {
                let is_header = HeaderValue::from_str(origin).is_ok();
                let parsed = origin.parse::<Uri>().ok();
                let is_url = parsed.is_some_and(|uri| {
                    uri.host().is_some() && matches!(uri.scheme_str(), Some("http" | "https"))
                });
                if is_header && is_url {
                    Ok(())
                } else {
                    Err("`redirect` must be an origin such as https://us-1.api.gong.io".to_owned())
                }
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fault_that_can_never_take_effect_is_invalid() {
        for (fault, reason) in [
            (json!({"nth": [0], "effect": "gzip"}), "from 1"),
            (json!({"nth": [1, 0], "effect": "gzip"}), "from 1"),
            (json!({"probability": 2, "effect": "gzip"}), "at most 1"),
            (json!({"probability": -1, "effect": "gzip"}), "at most 1"),
            (json!({"probability": 0, "effect": "gzip"}), "at most 1"),
            (json!({"times": 0, "effect": "gzip"}), "`times`"),
            (json!({"lasts": 0, "effect": "gzip"}), "`lasts`"),
            (
                json!({"operation": "GET /v2/users", "effect": "lose-upload"}),
                "`lose-upload` has an effect on POST /v2/crm/entities only",
            ),
            (
                json!({"operation": "GET /v2/users", "effect": "new-enum-value"}),
                "`new-enum-value` has an effect on",
            ),
            (json!({"effect": {"status": 42}}), "42 is not"),
            (json!({"effect": {"status": 100}}), "100 is not"),
            (json!({"effect": {"status": 1000}}), "1000 is not"),
            (json!({"effect": {"html-page": 99}}), "99 is not"),
            (json!({"effect": {"redirect": "no url\r\n"}}), "`redirect`"),
            (json!({"effect": {"redirect": "api.gong.io"}}), "`redirect`"),
            (
                json!({"effect": {"dribble-body": {"bytes": 0, "pause": 1}}}),
                "`bytes`",
            ),
            (json!({"effect": {"read-slowly": 0}}), "`read-slowly`"),
        ] {
            let read: Fault = serde_json::from_value(fault.clone()).unwrap();
            let invalid = read.validate().unwrap_err().to_string();
            assert!(invalid.contains(reason), "{fault}: {invalid}");
        }
        for fault in [
            json!({"effect": "lose-upload"}),
            json!({"nth": [1], "probability": 1, "times": 1, "lasts": 1, "effect": {"status": 599}}),
            json!({"effect": {"redirect": "https://us-1.api.gong.io/"}}),
        ] {
            let read: Fault = serde_json::from_value(fault.clone()).unwrap();
            assert_eq!(read.validate(), Ok(()), "{fault}");
        }
        let empty = serde_json::from_value::<Fault>(json!({"nth": [], "effect": "gzip"}));
        assert!(empty.unwrap_err().to_string().contains("`nth` is empty"));
    }
}
