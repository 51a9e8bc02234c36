//! Other ways to write a value that mean the same to Gong.

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use serde_json::Value;

/// The values that may have been sent if Gong returns this value.
///
/// The ledger keeps hashes only, so a value can't be compared by its meaning; the forms in which it is
/// usually written are tried instead.
pub(super) fn forms(held: &Value) -> Vec<Value> {
    match held {
        Value::Null => vec![Value::Array(Vec::new())],
        // A number in quotes is the same number.
        Value::Number(number) => vec![Value::String(number.to_string())],
        Value::String(text) => {
            let mut forms = Vec::new();
            if let Ok(number @ Value::Number(_)) = serde_json::from_str(text) {
                forms.push(number);
            }
            if let Some(day) = start_of_day(text) {
                forms.push(day.into());
            }
            if let Ok(moment) = text.parse::<Timestamp>() {
                forms.extend(moments(moment));
            } else if text.parse::<jiff::civil::Date>().is_ok() {
                forms.push(format!("{text}T00:00:00Z").into());
            }
            forms
        }
        _ => Vec::new(),
    }
}

/// The day whose first moment a date-time is, as written.
fn start_of_day(text: &str) -> Option<&str> {
    let (day, rest) = text.split_once('T')?;
    let is_day = day.parse::<jiff::civil::Date>().is_ok();
    (is_day && rest.starts_with("00:00:00")).then_some(day)
}

/// A moment in every zone that a CRM may be set to, as Gong documents date-times.
fn moments(moment: Timestamp) -> impl Iterator<Item = Value> {
    let quarters = -12 * 4..=14 * 4;
    let text = move |quarter: i32| {
        let offset = Offset::from_seconds(quarter * 15 * 60).ok()?;
        let zoned = moment.to_zoned(TimeZone::fixed(offset));
        Some(zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string().into())
    };
    let utc = moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    std::iter::once(utc.into()).chain(quarters.filter_map(text))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn usual_spellings_of_a_value_are_tried() {
        for (held, sent) in [
            (json!(45.66), json!("45.66")),
            (json!("45.66"), json!(45.66)),
            (json!("2026-03-01T00:00:00Z"), json!("2026-03-01")),
            (json!("2026-03-01"), json!("2026-03-01T00:00:00Z")),
            (
                json!("2026-03-01T08:30:00.000Z"),
                json!("2026-03-01T08:30:00Z"),
            ),
            (
                json!("2026-03-01T08:30:00Z"),
                json!("2026-03-01T14:15:00+05:45"),
            ),
            (json!(null), json!([])),
        ] {
            assert!(forms(&held).contains(&sent), "{held} {sent}");
        }
    }

    #[test]
    fn no_form_has_another_meaning() {
        assert!(forms(&json!("Acme")).is_empty());
        assert!(forms(&json!(true)).is_empty());
        assert!(!forms(&json!("2026-03-01T10:00:00Z")).contains(&json!("2026-03-01")));
    }
}
