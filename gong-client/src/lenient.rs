//! Repairing responses that come from Gong but differ from its documentation.
//!
//! An upload's verdict must not be lost because one element of its errors is null, a line number is
//! a text, or a count is larger than documented.

use serde_json::{Map, Value};

use crate::operation::Operation;

/// A body in which elements of the wrong type are repaired; `None` if the body is not a response of
/// the operation at all.
pub(crate) fn repaired(operation: Operation, body: &[u8]) -> Option<Value> {
    if operation != Operation::GetRequestStatus {
        return None;
    }
    let Ok(Value::Object(mut answer)) = serde_json::from_slice(body) else {
        return None;
    };
    if !answer.get("status").is_some_and(Value::is_string) {
        return None;
    }
    for name in ["totalErrorCount", "totalSuccessCount"] {
        repair_number(&mut answer, name);
    }
    if !answer.get("requestId").is_none_or(Value::is_string) {
        answer.remove("requestId");
    }
    let errors = match answer.remove("errors") {
        Some(Value::Array(errors)) => errors,
        _ => Vec::new(),
    };
    let errors = errors.into_iter().filter_map(|error| {
        let Value::Object(mut error) = error else {
            return None;
        };
        repair_number(&mut error, "line");
        if let Some(description) = error.get_mut("description")
            && !description.is_string()
            && !description.is_null()
        {
            *description = Value::String(description.to_string());
        }
        Some(Value::Object(error))
    });
    answer.insert("errors".to_owned(), errors.collect());
    Some(Value::Object(answer))
}

/// Converts 3.0, "3" and numbers that are too large to a 32-bit number; removes other values.
fn repair_number(object: &mut Map<String, Value>, name: &str) {
    let Some(value) = object.get(name) else {
        return;
    };
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    match number.filter(|number: &f64| number.is_finite()) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a cast of a float saturates"
        )]
        Some(number) => object.insert(name.to_owned(), Value::from(number as i32)),
        None => object.remove(name),
    };
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn odd_elements_do_not_hide_the_verdict() {
        let body = json!({
            "status": "FAILED",
            "requestId": 7,
            "errors": [null, {"line": 3.0, "description": "a"}, {"line": "2", "description": null},
                {"line": [], "description": {"code": 1}}, "text"],
            "totalErrorCount": "3",
            "totalSuccessCount": 99_999_999_999_u64,
        });
        let body = serde_json::to_vec(&body).unwrap();
        let repaired = repaired(Operation::GetRequestStatus, &body).unwrap();
        assert_eq!(
            repaired,
            json!({
                "status": "FAILED",
                "errors": [{"line": 3, "description": "a"}, {"line": 2, "description": null},
                    {"description": "{\"code\":1}"}],
                "totalErrorCount": 3,
                "totalSuccessCount": i32::MAX,
            })
        );
    }

    #[test]
    fn answer_of_a_proxy_is_not_a_verdict() {
        for body in [&b"<html>"[..], b"{}", b"[]", b"{\"status\": 3}"] {
            assert_eq!(repaired(Operation::GetRequestStatus, body), None);
        }
        assert_eq!(
            repaired(Operation::UploadCrmData, b"{\"status\":\"DONE\"}"),
            None
        );
    }
}
