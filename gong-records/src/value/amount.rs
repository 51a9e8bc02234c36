//! `Amount`: a number that is printed exactly as it was given.

use std::fmt;

use serde::ser::Error as _;
use serde_json::value::RawValue;

use super::{FromJson, FromText, InvalidValue};
use crate::rule::Rule;

/// An amount in the company's currency, printed exactly as given: `1250.10` stays `1250.10`.
///
/// Gong has one currency per company, set in its Company Settings; convert other currencies first.
///
/// ```
/// use gong_records::Amount;
///
/// let amount: Amount = "1250.10".parse()?;
/// assert_eq!(serde_json::to_string(&amount).unwrap(), "1250.10");
/// # Ok::<(), gong_records::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Amount(Box<str>);

impl Amount {
    /// The number on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A finite number, in the shortest text that gives the same number back.
    pub(crate) fn from_f64(number: f64) -> Result<Self, InvalidValue> {
        match serde_json::Number::from_f64(number) {
            Some(number) => Ok(Self(number.to_string().into())),
            None => Err(InvalidValue::new(
                Rule::NumberFormat,
                "it is infinite or not a number",
            )),
        }
    }

    pub(crate) fn from_integer(number: impl fmt::Display) -> Self {
        Self(number.to_string().into())
    }
}

impl FromText for Amount {
    fn from_text(text: &str) -> Result<Self, InvalidValue> {
        if is_json_number(text) {
            finite(text)
        } else {
            Err(InvalidValue::new(
                Rule::NumberFormat,
                "it must be a plain number such as 1250.10: a point for decimals, no thousands \
                 separators, no currency sign",
            ))
        }
    }
}

impl FromJson for Amount {
    fn from_json(json: &RawValue) -> Result<Self, InvalidValue> {
        if is_json_number(json.get()) {
            finite(json.get())
        } else {
            Err(InvalidValue::new(
                Rule::WrongType,
                "it must be a number, without quotes",
            ))
        }
    }
}

fn finite(number: &str) -> Result<Amount, InvalidValue> {
    if is_finite(number) {
        Ok(Amount(number.into()))
    } else {
        Err(InvalidValue::new(Rule::NumberFormat, TOO_LARGE))
    }
}

/// The message for a number such as `1e400`.
pub(crate) const TOO_LARGE: &str = "it is too large for a number";

/// Whether JSON parsers read it as a finite number.
pub(crate) fn is_finite(number: &str) -> bool {
    number.parse::<f64>().is_ok_and(f64::is_finite)
}

/// The number grammar of RFC 8259.
pub(crate) fn is_json_number(text: &str) -> bool {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let text = text.strip_prefix('-').unwrap_or(text);
    let whole = digits(text);
    if whole == 0 || (whole > 1 && text.starts_with('0')) {
        return false;
    }
    let mut rest = &text[whole..];
    if let Some(fraction) = rest.strip_prefix('.') {
        let length = digits(fraction);
        if length == 0 {
            return false;
        }
        rest = &fraction[length..];
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let length = digits(exponent);
        return length > 0 && length == exponent.len();
    }
    rest.is_empty()
}

impl std::str::FromStr for Amount {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::from_text(text)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl serde::Serialize for Amount {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Raw JSON, because every number type of Rust would print some amounts differently.
        let raw: &RawValue = serde_json::from_str(&self.0).map_err(S::Error::custom)?;
        raw.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_numbers_are_amounts() {
        for good in [
            "0",
            "-0",
            "7000",
            "0.10",
            "1e5",
            "1.5E-7",
            "12345678901234567890.123456789",
        ] {
            assert!(is_json_number(good), "{good}");
        }
        for bad in [
            "", "-", "01", "1.", ".5", "1e", "1e+", "+1", "1,000", "NaN", "1 ", "0x1",
        ] {
            assert!(!is_json_number(bad), "{bad}");
        }
    }

    #[test]
    fn infinite_number_is_rejected() {
        assert_eq!(
            Amount::from_f64(f64::INFINITY).unwrap_err().rule(),
            Rule::NumberFormat
        );
        assert_eq!(Amount::from_f64(45.66).unwrap().as_str(), "45.66");
    }
}
