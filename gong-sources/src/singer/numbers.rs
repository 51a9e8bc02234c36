//! The canonical notation of numbers: taps write ids as `9001.0`, and numbers that do not fit a
//! float.

/// The largest exponent that is written out.
const MAX_EXPONENT: i64 = 400;

/// Writes a JSON value with each number in one spelling: whole numbers without a fraction, no
/// exponents, and numbers that a 64-bit float does not hold exactly as text, which keeps every digit.
pub(super) fn plain_numbers(json: &str, out: &mut Vec<u8>) {
    let bytes = json.as_bytes();
    let mut at = 0;
    let mut is_in_text = false;
    while let Some(&byte) = bytes.get(at) {
        if is_in_text {
            match byte {
                b'"' => is_in_text = false,
                b'\\' => {
                    out.push(byte);
                    at += 1;
                }
                _ => {}
            }
            out.extend(bytes.get(at));
            at += 1;
        } else if byte == b'-' || byte.is_ascii_digit() {
            let rest = &bytes[at..];
            let length = rest
                .iter()
                .position(|byte| !byte.is_ascii_digit() && !b"+-.eE".contains(byte))
                .unwrap_or(rest.len());
            number(&json[at..at + length], out);
            at += length;
        } else {
            is_in_text = byte == b'"';
            // Line breaks between values would split the line.
            if !matches!(byte, b'\n' | b'\r') {
                out.push(byte);
            }
            at += 1;
        }
    }
}

fn number(text: &str, out: &mut Vec<u8>) {
    // Most are short whole numbers.
    let is_whole = text.bytes().all(|byte| byte.is_ascii_digit());
    if is_whole && text.len() < 16 {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    let Some(plain) = plain(text) else {
        out.extend_from_slice(text.as_bytes());
        return;
    };
    let is_exact = if plain.contains('.') {
        let value = plain.parse::<f64>();
        value.is_ok_and(|value| value.to_string() == plain)
    } else {
        plain.parse::<i64>().is_ok() || plain.parse::<u64>().is_ok()
    };
    if is_exact {
        out.extend_from_slice(plain.as_bytes());
    } else {
        out.push(b'"');
        out.extend_from_slice(plain.as_bytes());
        out.push(b'"');
    }
}

/// A number without exponent and without zeros at the end of its fraction.
fn plain(text: &str) -> Option<String> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text),
    };
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (digits, 0),
    };
    if exponent.abs() > MAX_EXPONENT {
        return None;
    }
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let point = i64::try_from(whole.len()).ok()? + exponent;
    let (whole, fraction) = match usize::try_from(point) {
        Ok(point) if point >= all.len() => (format!("{all:0<point$}"), String::new()),
        Ok(point) => (all[..point].to_owned(), all[point..].to_owned()),
        Err(_) => {
            let zeros = "0".repeat(usize::try_from(-point).ok()?);
            (String::new(), format!("{zeros}{all}"))
        }
    };
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let fraction = fraction.trim_end_matches('0');
    Some(match (whole, fraction) {
        ("0", "") => "0".to_owned(),
        (whole, "") => format!("{sign}{whole}"),
        (whole, fraction) => format!("{sign}{whole}.{fraction}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_get_one_spelling_and_keep_every_digit() {
        for (given, expected) in [
            ("9001", "9001"),
            ("9001.0", "9001"),
            ("-0.0", "0"),
            ("9900.00", "9900"),
            ("125000.50", "125000.5"),
            ("1e3", "1000"),
            ("1.25E+2", "125"),
            ("1e-7", "0.0000001"),
            ("1.2345678901234567e+19", "12345678901234567000"),
            ("9007199254740993", "9007199254740993"),
            ("18446744073709551616", "\"18446744073709551616\""),
            (
                "12345678901234567890.123456789",
                "\"12345678901234567890.123456789\"",
            ),
            ("-0.1", "-0.1"),
            ("0.30000000000000004", "0.30000000000000004"),
            ("1e999", "1e999"),
            (
                r#"{"a":1.0,"b":"1.0 \" 2.0","c":[1.50,null]}"#,
                r#"{"a":1,"b":"1.0 \" 2.0","c":[1.5,null]}"#,
            ),
            ("{\n\"a\": true}", "{\"a\": true}"),
        ] {
            let mut out = Vec::new();
            plain_numbers(given, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected, "{given}");
        }
    }
}
