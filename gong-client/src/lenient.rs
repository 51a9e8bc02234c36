//! Repairing responses that come from Gong but differ from its documentation.
//!
//! An upload's verdict must not be lost because one element of its errors is null, a line number is
//! a text, or a count is larger than documented.

use serde_json::{Map, Value, json};

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
    let mut odd = Vec::new();
    for name in ["totalErrorCount", "totalSuccessCount"] {
        odd.extend(repair_number(&mut answer, name));
    }
    if !answer.get("requestId").is_none_or(Value::is_string) {
        answer.remove("requestId");
    }
    let errors = match answer.remove("errors") {
        Some(Value::Array(errors)) => errors,
        None | Some(Value::Null) => Vec::new(),
        Some(error) => vec![error],
    };
    let mut readable = Vec::new();
    for error in errors {
        let Value::Object(mut error) = error else {
            odd.push(format!("an error without a line: {}", text_of(&error)));
            continue;
        };
        repair_number(&mut error, "line");
        if let Some(description) = error.get_mut("description")
            && !description.is_null()
        {
            *description = Value::String(text_of(description));
        }
        readable.push(Value::Object(error));
    }
    // What Gong counted and can be read accounts for all that it says.
    let counted = answer.get("totalErrorCount").and_then(Value::as_u64);
    if counted.is_none_or(|counted| counted > readable.len() as u64) {
        let odd = odd
            .into_iter()
            .map(|odd| json!({"line": 0, "description": odd}));
        readable.extend(odd);
    }
    answer.insert("errors".to_owned(), readable.into());
    Some(Value::Object(answer))
}

/// A text as it is, another value as JSON.
fn text_of(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Converts 3.0, "3" and numbers that are too large to a 32-bit number. Removes another value, and says
/// what it was.
fn repair_number(object: &mut Map<String, Value>, name: &str) -> Option<String> {
    let value = object.get(name).filter(|value| !value.is_null())?;
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    if let Some(number) = number.filter(|number: &f64| number.is_finite()) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a cast of a float saturates"
        )]
        let number = Value::from(number as i32);
        object.insert(name.to_owned(), number);
        return None;
    }
    let odd = format!("{name} is {value}, which is not a number");
    object.remove(name);
    Some(odd)
}

#[cfg(test)]
mod tests {
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
    fn errors_that_name_no_record_are_not_dropped() {
        for (errors, said) in [
            (json!(["something"]), "an error without a line: something"),
            (
                json!("all lines were ignored"),
                "an error without a line: all lines were ignored",
            ),
            (json!([7]), "an error without a line: 7"),
            (json!([null]), "an error without a line: null"),
        ] {
            let body = json!({"status": "DONE", "errors": errors}).to_string();
            let repaired = repaired(Operation::GetRequestStatus, body.as_bytes()).unwrap();
            assert_eq!(
                repaired["errors"],
                json!([{"line": 0, "description": said}])
            );
        }
        let body = json!({"status": "DONE", "errors": null, "totalSuccessCount": "4 of 5"});
        let repaired = repaired(Operation::GetRequestStatus, body.to_string().as_bytes()).unwrap();
        let said = "totalSuccessCount is \"4 of 5\", which is not a number";
        assert_eq!(
            repaired["errors"],
            json!([{"line": 0, "description": said}])
        );
        assert_eq!(repaired.get("totalSuccessCount"), None);
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
