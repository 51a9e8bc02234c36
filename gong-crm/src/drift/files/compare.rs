//! Whether two values mean the same to Gong.

use jiff::Timestamp;
use serde_json::Value;

/// Whether Gong has the value that was sent.
pub(super) fn same(field: &str, sent: &Value, held: &Value) -> bool {
    // A record that is not deleted need not say so.
    if field == "isDeleted" {
        return is_true(sent) == is_true(held);
    }
    same_value(sent, held)
}

fn is_true(value: &Value) -> bool {
    value == &Value::Bool(true)
}

fn same_value(sent: &Value, held: &Value) -> bool {
    if sent == held {
        return true;
    }
    match (sent, held) {
        (Value::Number(_), Value::Number(_)) => {
            sent.as_f64() == held.as_f64() && !both_whole(sent, held)
        }
        // A number in quotes is the same number.
        (Value::Number(_), Value::String(text)) => sent.as_f64() == text.parse().ok(),
        (Value::String(text), Value::Number(_)) => held.as_f64() == text.parse().ok(),
        (Value::String(sent), Value::String(held)) => same_moment(sent, held),
        (Value::Array(sent), Value::Array(held)) => same_members(sent, held),
        // An empty list is as good as none.
        (Value::Array(list), Value::Null) | (Value::Null, Value::Array(list)) => list.is_empty(),
        _ => false,
    }
}

/// Whether both are whole numbers, which may differ although they are equal as floating-point
/// numbers.
fn both_whole(sent: &Value, held: &Value) -> bool {
    let is_whole = |value: &Value| value.is_i64() || value.is_u64();
    is_whole(sent) && is_whole(held)
}

fn same_moment(sent: &str, held: &str) -> bool {
    match (sent.parse::<Timestamp>(), held.parse::<Timestamp>()) {
        // Gong does not accept fractions of a second.
        (Ok(sent), Ok(held)) => sent.as_second() == held.as_second(),
        (Err(_), Ok(_)) => is_start_of_day(sent, held),
        (Ok(_), Err(_)) => is_start_of_day(held, sent),
        (Err(_), Err(_)) => false,
    }
}

/// Whether the date-time is the first moment of the day, as written.
fn is_start_of_day(day: &str, moment: &str) -> bool {
    day.parse::<jiff::civil::Date>().is_ok()
        && day.len() == "2026-09-30".len()
        && moment
            .strip_prefix(day)
            .is_some_and(|rest| rest.starts_with("T00:00:00"))
}

fn same_members(sent: &[Value], held: &[Value]) -> bool {
    let mut left: Vec<&Value> = held.iter().collect();
    sent.len() == held.len()
        && sent.iter().all(|value| {
            left.iter()
                .position(|other| same_value(value, other))
                .map(|index| left.swap_remove(index))
                .is_some()
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_that_mean_the_same_are_the_same() {
        for (sent, held) in [
            (
                json!("2026-03-01T09:30:00+01:00"),
                json!("2026-03-01T08:30:00Z"),
            ),
            (
                json!("2026-03-01T08:30:00Z"),
                json!("2026-03-01T08:30:00.000Z"),
            ),
            (json!("2026-03-01"), json!("2026-03-01T00:00:00Z")),
            (json!(1000), json!(1000.0)),
            (json!(12.50), json!(12.5)),
            (json!(45.66), json!("45.66")),
            (json!(null), json!(null)),
            (json!(["a", "b"]), json!(["b", "a"])),
            (json!([]), json!(null)),
        ] {
            assert!(same("f", &sent, &held), "{sent} {held}");
            assert!(same("f", &held, &sent), "{held} {sent}");
        }
        assert!(same("isDeleted", &json!(false), &json!(null)));
    }

    #[test]
    fn different_values_are_reported() {
        for (sent, held) in [
            (
                json!("2026-03-01T09:30:00+01:00"),
                json!("2026-03-01T09:30:00Z"),
            ),
            (json!("2026-03-01"), json!("2026-03-02")),
            (json!("2026-03-01"), json!("2026-03-01T10:00:00Z")),
            (
                json!(9_007_199_254_740_993_u64),
                json!(9_007_199_254_740_992_u64),
            ),
            (json!(1), json!(2)),
            (json!("Acme"), json!("ACME")),
            (json!("x"), json!(null)),
            (json!(null), json!("x")),
            (json!(""), json!(null)),
            (json!(false), json!(null)),
            (json!(["a", "a"]), json!(["a", "b"])),
            (json!(["a"]), json!(["a", "a"])),
        ] {
            assert!(!same("f", &sent, &held), "{sent} {held}");
        }
    }
}
