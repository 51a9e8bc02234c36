//! The effects of faults.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::verdict::Verdict;
use crate::time::Processing;

/// The effect of a [`Fault`](crate::Fault) on a call.
///
/// As JSON, for `POST /_sim/faults`, an effect is its name in lower case with dashes, or an object
/// with that name and its value: `"lose-answer"`, `{"status": 503}`, `{"delay": 1500}`. Durations
/// are milliseconds there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Effect {
    /// The connection is reset before the body is read. Nothing happens.
    ResetBeforeBody,
    /// The body is read whole, then the connection is reset. Nothing happens, and the client can't
    /// know that.
    ResetAfterBody,
    /// The call is processed, then the connection is reset instead of a response: the client does
    /// not know the outcome.
    LoseAnswer,
    /// The call is processed, and the response is sent after this time.
    Delay(#[serde(with = "crate::time::milliseconds")] Duration),
    /// The body is read at this many bytes per second.
    ReadSlowly(u64),
    /// The body is not read for this time, then the connection is reset.
    StopReading(#[serde(with = "crate::time::milliseconds")] Duration),
    /// The response is sent in chunks of `bytes` with `pause` between them.
    DribbleBody {
        /// The size of a chunk.
        bytes: usize,
        /// The time between two chunks.
        #[serde(with = "crate::time::milliseconds")]
        pause: Duration,
    },
    /// The response is truncated in the middle of its body.
    TruncateBody,
    /// The call has no effect, and the response has this status with an error of the documented
    /// format.
    Status(u16),
    /// The call has no effect, and the response has this status with an HTML page, as proxies send
    /// it.
    HtmlPage(u16),
    /// The response is correct, but its content type is `text/plain`.
    WrongContentType,
    /// The response has undocumented properties.
    UnknownFields,
    /// The response has an undocumented enumeration value: a status of a request, the type of a
    /// field.
    NewEnumValue,
    /// The response is compressed with gzip, whether requested or not.
    Gzip,
    /// The call has no effect, and the response is 429 with this form of `Retry-After`.
    TooManyRequests(RetryAfter),
    /// The call has no effect, and the response is 307 to this origin.
    Redirect(String),
    /// The upload is accepted and then fails whole: a single error for line 0 with this description.
    FailFile(String),
    /// The upload is accepted and then lost: its status is unknown, its id is free, and nothing is
    /// applied.
    LoseUpload,
    /// The upload is accepted, and its status is unknown for this time of the simulator's clock.
    /// Then it is processed.
    UnknownFor(#[serde(with = "crate::time::milliseconds")] Duration),
    /// The processing time of the upload, instead of the setting.
    Processing(Processing),
    /// The upload is processed, and its status has this verdict.
    Verdict(Verdict),
}

impl Effect {
    /// The name that the log shows.
    pub(crate) fn name(&self) -> String {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::String(name)) => name,
            Ok(value) => value.to_string(),
            Err(_) => format!("{self:?}"),
        }
    }
}

/// The forms of `Retry-After`: the documented one, and those that clients should survive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RetryAfter {
    /// Whole seconds, as documented.
    Seconds(u64),
    /// The same time as a number of milliseconds, as one integrator believed for months.
    SecondsAsMilliseconds(u64),
    /// An HTTP date that many seconds from now.
    HttpDate(u64),
    /// Seconds with a fraction.
    Fraction,
    /// No header.
    Absent,
    /// An empty header.
    Empty,
    /// Text that is not a number.
    Garbage,
    /// A negative number.
    Negative,
    /// More seconds than fit 64 bits.
    Huge,
}

impl RetryAfter {
    /// The value of the header at this time.
    pub(crate) fn value(self, now: jiff::Timestamp) -> Option<String> {
        match self {
            Self::Seconds(seconds) => Some(seconds.to_string()),
            Self::SecondsAsMilliseconds(seconds) => Some(seconds.saturating_mul(1_000).to_string()),
            Self::HttpDate(seconds) => {
                let wait =
                    jiff::SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
                let then = now.saturating_add(wait).unwrap_or(jiff::Timestamp::MAX);
                Some(then.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
            }
            Self::Fraction => Some("1.5".to_owned()),
            Self::Absent => None,
            Self::Empty => Some(String::new()),
            Self::Garbage => Some("soon".to_owned()),
            Self::Negative => Some("-1".to_owned()),
            Self::Huge => Some("99999999999999999999".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effects_read_as_they_are_written() {
        for (text, effect) in [
            (r#""lose-answer""#, Effect::LoseAnswer),
            (r#"{"status":503}"#, Effect::Status(503)),
            (
                r#"{"delay":1500}"#,
                Effect::Delay(Duration::from_millis(1_500)),
            ),
            (
                r#"{"dribble-body":{"bytes":1,"pause":5}}"#,
                Effect::DribbleBody {
                    bytes: 1,
                    pause: Duration::from_millis(5),
                },
            ),
            (
                r#"{"too-many-requests":{"seconds":7}}"#,
                Effect::TooManyRequests(RetryAfter::Seconds(7)),
            ),
            (
                r#"{"too-many-requests":"garbage"}"#,
                Effect::TooManyRequests(RetryAfter::Garbage),
            ),
        ] {
            assert_eq!(serde_json::from_str::<Effect>(text).unwrap(), effect);
            assert_eq!(serde_json::to_string(&effect).unwrap(), text);
        }
    }

    #[test]
    fn http_date_has_its_fixed_form() {
        let now = jiff::Timestamp::from_second(784_111_777).unwrap();
        assert_eq!(
            RetryAfter::HttpDate(0).value(now).unwrap(),
            "Sun, 06 Nov 1994 08:49:37 GMT"
        );
    }
}
