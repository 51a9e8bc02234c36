//! Numbers as exact decimals.

/// The most digits on either side of the point that are written out; the rest has an exponent.
const MAX_PLAIN_DIGITS: usize = 64;

/// The one spelling of a number's value: equal numbers give equal bytes, however many digits they
/// have.
///
/// Exponents beyond 18 digits are kept as they are written: such a number equals the same spelling
/// with other digits for its mantissa only by chance, and never a different number. The check
/// rejects it anyway.
pub(super) fn canonical<'a>(number: &'a [u8], scratch: &'a mut Vec<u8>) -> &'a [u8] {
    let (is_negative, digits) = match number.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, number),
    };
    let whole = count_digits(digits);
    let is_canonical = whole <= MAX_PLAIN_DIGITS
        && match digits.get(whole) {
            None => digits != b"0" || !is_negative,
            Some(b'.') => {
                let fraction = count_digits(&digits[whole + 1..]);
                whole + 1 + fraction == digits.len()
                    && fraction <= MAX_PLAIN_DIGITS
                    && !digits.ends_with(b"0")
            }
            Some(_) => false,
        };
    if is_canonical {
        return number;
    }
    scratch.clear();
    write_canonical(is_negative, digits, whole, scratch);
    scratch
}

fn count_digits(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count()
}

fn write_canonical(is_negative: bool, number: &[u8], whole: usize, out: &mut Vec<u8>) {
    let mut rest = &number[whole..];
    let mut fraction: &[u8] = &[];
    if let Some(after) = rest.strip_prefix(b".") {
        let (digits, exponent) = after.split_at(count_digits(after));
        fraction = digits;
        rest = exponent;
    }
    let digits = [&number[..whole], fraction].concat();
    let leading = digits.iter().take_while(|digit| **digit == b'0').count();
    let trailing = digits
        .iter()
        .rev()
        .take_while(|digit| **digit == b'0')
        .count();
    if leading == digits.len() {
        out.push(b'0');
        return;
    }
    let significant = &digits[leading..digits.len() - trailing];
    if is_negative {
        out.push(b'-');
    }
    let shift = to_i64(trailing) - to_i64(fraction.len());
    match exponent(rest) {
        Exponent::Number(exponent) => write_decimal(significant, exponent + shift, out),
        Exponent::Huge(text) => {
            out.extend_from_slice(significant);
            out.extend_from_slice(format!("e{shift}E").as_bytes());
            out.extend_from_slice(text);
        }
    }
}

/// Writes digits, whose first and last are not zero, times a power of ten.
fn write_decimal(digits: &[u8], exponent: i64, out: &mut Vec<u8>) {
    let max = to_i64(MAX_PLAIN_DIGITS);
    // Digits before the point.
    let whole = to_i64(digits.len()) + exponent;
    let zeros = |count: i64| {
        std::iter::repeat_n(
            b'0',
            usize::try_from(count).unwrap_or(0).min(MAX_PLAIN_DIGITS),
        )
    };
    if whole > max || exponent < -max {
        out.extend_from_slice(digits);
        out.extend_from_slice(format!("e{exponent}").as_bytes());
    } else if exponent >= 0 {
        out.extend_from_slice(digits);
        out.extend(zeros(exponent));
    } else if let Ok(whole @ 1..) = usize::try_from(whole) {
        out.extend_from_slice(&digits[..whole]);
        out.push(b'.');
        out.extend_from_slice(&digits[whole..]);
    } else {
        out.extend_from_slice(b"0.");
        out.extend(zeros(-whole));
        out.extend_from_slice(digits);
    }
}

enum Exponent<'a> {
    Number(i64),
    /// A sign and more digits than can be counted with.
    Huge(&'a [u8]),
}

fn exponent(text: &[u8]) -> Exponent<'_> {
    let Some(text) = text.strip_prefix(b"e").or_else(|| text.strip_prefix(b"E")) else {
        return Exponent::Number(0);
    };
    let text = text.strip_prefix(b"+").unwrap_or(text);
    let (sign, digits) = match text.strip_prefix(b"-") {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    let digits = &digits[zeros..];
    if digits.len() > 18 {
        return Exponent::Huge(text);
    }
    let value = digits
        .iter()
        .fold(0, |value, digit| value * 10 + i64::from(digit & 15));
    Exponent::Number(sign * value)
}

/// A length of something in memory.
fn to_i64(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(number: &str) -> String {
        let mut scratch = Vec::new();
        String::from_utf8(canonical(number.as_bytes(), &mut scratch).to_vec()).unwrap()
    }

    #[test]
    fn equal_numbers_have_one_spelling() {
        for (canonical, spellings) in [
            (
                "1",
                vec![
                    "1",
                    "1.0",
                    "1e0",
                    "10e-1",
                    "0.1E+1",
                    "1.000E-0",
                    "100e-00002",
                ],
            ),
            (
                "0",
                vec!["0", "-0", "0.0", "-0.00", "0e99999999999999999999", "-0E-5"],
            ),
            ("1250.1", vec!["1250.1", "1250.10", "12501e-1", "1.2501e3"]),
            ("-0.005", vec!["-0.005", "-5e-3", "-0.50E-2"]),
            (
                "125000",
                vec!["125000", "1.25e5", "125000.000", "12500000e-2"],
            ),
            (
                "12345678901234567890.123456789",
                vec!["12345678901234567890.1234567890"],
            ),
            ("1e400", vec!["1e400", "10e399", "0.1E401"]),
            ("1e-400", vec!["1e-400", "10e-401", "0.001e-397"]),
        ] {
            for spelling in spellings {
                assert_eq!(of(spelling), canonical, "{spelling}");
            }
        }
    }

    #[test]
    fn different_numbers_have_different_spellings() {
        let numbers = [
            "0",
            "1",
            "-1",
            "10",
            "0.1",
            "1.5",
            "9007199254740993",
            "9007199254740992",
            "0.30000000000000004",
            "0.3",
            "1e64",
            "1e63",
            "1e-64",
            "1e-65",
            "1e400",
            "1e401",
            "1e1000000000000000000000",
            "1e1000000000000000000001",
            "1e-1000000000000000000000",
        ];
        for one in numbers {
            for other in numbers {
                assert_eq!(of(one) == of(other), one == other, "{one} {other}");
            }
        }
    }

    #[test]
    fn long_numbers_switch_to_an_exponent_in_every_spelling() {
        for zeros in [62, 63, 64, 65, 300] {
            assert_eq!(
                of(&format!("1{}", "0".repeat(zeros))),
                of(&format!("1e{zeros}"))
            );
            assert_eq!(
                of(&format!("0.{}1", "0".repeat(zeros))),
                of(&format!("1e-{}", zeros + 1))
            );
        }
        assert!(of("1e999999999999999999").len() < 30);
    }
}
