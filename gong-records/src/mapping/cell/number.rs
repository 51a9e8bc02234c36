//! Numbers as people write them: `1.234,56 €`, `(1,200.00)`, `12,5 %`.

use super::CellError;
use super::ascii::with_ascii_digits;
use crate::mapping::model::{MappingError, Words};
use crate::value::is_json_number;

/// How numbers are written.
#[derive(Debug)]
pub(in crate::mapping) struct Numbers {
    decimal: char,
    thousands: Option<char>,
    /// Longest first, so that `US$` is tried before `$`.
    currency: Vec<String>,
}

/// As Gong accepts them.
impl Default for Numbers {
    fn default() -> Self {
        Self {
            decimal: '.',
            thousands: None,
            currency: Vec::new(),
        }
    }
}

impl Numbers {
    pub(in crate::mapping) fn new(
        decimal: char,
        thousands: Option<char>,
        currency: &Words,
    ) -> Result<Self, MappingError> {
        for (key, sign) in [("decimal", Some(decimal)), ("thousands", thousands)] {
            let Some(sign) = sign else { continue };
            if sign.is_alphanumeric() || "+-()%".contains(sign) {
                return Err(MappingError::new(format!(
                    "{sign:?} can't be a separator in numbers; decimal and thousands are \
                     characters such as \",\" and \".\""
                ))
                .within(key));
            }
        }
        if thousands == Some(decimal) {
            return Err(MappingError::new(format!(
                "decimal and thousands are both {decimal:?}; they must differ"
            ))
            .within("thousands"));
        }
        let mut currency: Vec<String> = currency
            .iter()
            .map(str::to_lowercase)
            .filter(|sign| !sign.is_empty())
            .collect();
        currency.sort_by_key(|sign| std::cmp::Reverse(sign.len()));
        Ok(Self {
            decimal,
            thousands,
            currency,
        })
    }

    /// The same with the decimal sign and that of thousands exchanged; nothing if others are used.
    pub(in crate::mapping) fn exchanged(&self) -> Option<Self> {
        let (decimal, thousands) = match self.decimal {
            '.' => (',', '.'),
            ',' => ('.', ','),
            _ => return None,
        };
        Some(Self {
            decimal,
            thousands: Some(thousands),
            currency: self.currency.clone(),
        })
    }

    pub(in crate::mapping) fn decimal(&self) -> char {
        self.decimal
    }

    /// A number as it is written.
    pub(in crate::mapping) fn example(&self) -> String {
        match self.thousands {
            Some(thousands) => format!("1{thousands}234{}50", self.decimal),
            None => format!("1234{}50", self.decimal),
        }
    }

    /// Whether the decimal sign is where a sign of thousands would be: three digits follow it.
    pub(in crate::mapping) fn is_like_thousands(&self, cell: &str) -> bool {
        let is_digit = |one: char| one.is_ascii_digit();
        let number = cell.trim_matches(|one: char| !is_digit(one));
        number
            .split_once(self.decimal)
            .is_some_and(|(whole, fraction)| {
                (1..=3).contains(&whole.len())
                    && whole.chars().all(is_digit)
                    && !whole.starts_with('0')
                    && fraction.len() == 3
                    && fraction.chars().all(is_digit)
            })
    }

    /// Appends a number that has nothing but digits, its separators and a currency, as most have; says
    /// whether it is one. The others take [`read`](Self::read), which gives the same.
    pub(in crate::mapping) fn append_plain(&self, cell: &str, line: &mut Vec<u8>) -> bool {
        let before = line.len();
        let is_plain = self
            .plain(self.without_exact_currency(cell), line)
            .is_some();
        if !is_plain {
            line.truncate(before);
        }
        is_plain
    }

    fn plain(&self, number: &str, line: &mut Vec<u8>) -> Option<()> {
        let byte = |sign: char| u8::try_from(sign).ok().filter(u8::is_ascii);
        let decimal = byte(self.decimal)?;
        let thousands = match self.thousands {
            Some(sign) => Some(byte(sign)?),
            None => None,
        };
        let bytes = number.as_bytes();
        // Zeros in front are left out, or found odd.
        let (first, second) = (bytes.first()?, bytes.get(1));
        if !first.is_ascii_digit() || *first == b'0' && second.is_some_and(u8::is_ascii_digit) {
            return None;
        }
        // How many digits follow the last separator, and whether there was one.
        let (mut digits, mut is_grouped) = (0, false);
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            if byte.is_ascii_digit() {
                digits += 1;
                line.push(*byte);
            } else if Some(*byte) == thousands {
                if digits > 3 || is_grouped && digits != 3 {
                    return None;
                }
                (digits, is_grouped) = (0, true);
            } else {
                break;
            }
            at += 1;
        }
        if is_grouped && digits != 3 {
            return None;
        }
        let Some(fraction) = bytes.get(at..).filter(|rest| !rest.is_empty()) else {
            return Some(());
        };
        let fraction = fraction.strip_prefix(&[decimal])?;
        if fraction.is_empty() || !fraction.iter().all(u8::is_ascii_digit) {
            return None;
        }
        line.push(b'.');
        line.extend_from_slice(fraction);
        Some(())
    }

    /// The cell without a currency that is spelled as the mapping has it, in lower case.
    fn without_exact_currency<'a>(&self, cell: &'a str) -> &'a str {
        for sign in &self.currency {
            if let Some(rest) = cell.strip_prefix(sign.as_str()) {
                return rest.trim_start();
            }
            if let Some(rest) = cell.strip_suffix(sign.as_str()) {
                return rest.trim_end();
            }
        }
        cell
    }

    /// The same number as JSON writes it, digit by digit: `1.250,10` is `1250.10`.
    pub(in crate::mapping) fn read(&self, cell: &str) -> Result<String, CellError> {
        if self.thousands.is_none() && self.decimal == '.' && is_json_number(cell) {
            return Ok(cell.to_owned());
        }
        if let Some(plain) = with_ascii_digits(cell) {
            return self.read(&plain);
        }
        let cell = self.without_cents(cell).unwrap_or(cell);
        // A sign may be on either side of the currency: -$99, $-99, ($99), -99 $.
        let (outer, rest) = sign(cell);
        let bare = self.without_currency(rest);
        if !outer
            && bare.len() < cell.len()
            && self.thousands.is_none()
            && self.decimal == '.'
            && is_json_number(bare)
        {
            return Ok(bare.to_owned());
        }
        let (inner, digits) = sign(bare);
        if outer && inner {
            return Err(self.wrong());
        }
        let is_negative = outer || inner;
        let (whole, fraction) = match digits.split_once(self.decimal) {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (digits, None),
        };
        let whole = self.ungrouped(whole).ok_or_else(|| self.wrong())?;
        let fraction = fraction.unwrap_or_default();
        if (whole.is_empty() && fraction.is_empty()) || !is_digits(fraction) {
            return Err(self.wrong());
        }
        // JSON has no zeros in front, and no point without a digit on either side.
        let whole = match whole.trim_start_matches('0') {
            "" => "0",
            significant => significant,
        };
        let minus = if is_negative { "-" } else { "" };
        let point = if fraction.is_empty() { "" } else { "." };
        Ok(format!("{minus}{whole}{point}{fraction}"))
    }

    /// A whole number; zeros after the decimal sign are cut off.
    pub(in crate::mapping) fn integer(&self, cell: &str) -> Result<String, CellError> {
        let number = self.read(cell)?;
        match number.split_once('.') {
            None if !number.contains(['e', 'E']) => Ok(number),
            Some((whole, fraction)) if fraction.bytes().all(|digit| digit == b'0') => {
                Ok(whole.to_owned())
            }
            _ => Err(CellError::new(
                "it is not a whole number",
                "correct the cell",
            )),
        }
    }

    /// The number of percents: `12,5 %` is `12.5`.
    pub(in crate::mapping) fn percent(&self, cell: &str) -> Result<String, CellError> {
        self.read(cell.strip_suffix('%').unwrap_or(cell).trim_end())
    }

    fn without_currency<'a>(&self, cell: &'a str) -> &'a str {
        let lower = cell.to_lowercase();
        for sign in &self.currency {
            if lower.len() != cell.len() {
                // Lower case of another length: rare letters that no number is written with.
                break;
            }
            if lower.starts_with(sign.as_str()) && cell.is_char_boundary(sign.len()) {
                return cell[sign.len()..].trim_start();
            }
            let end = cell.len().saturating_sub(sign.len());
            if lower.ends_with(sign.as_str()) && cell.is_char_boundary(end) {
                return cell[..end].trim_end();
            }
        }
        cell
    }

    /// The number where a dash stands for its cents: `1.000,-` and `500.-`.
    fn without_cents<'a>(&self, cell: &'a str) -> Option<&'a str> {
        const DASHES: [char; 4] = ['-', '–', '—', '−'];
        if !cell.contains(DASHES) {
            return None;
        }
        let bare = self.without_currency(cell);
        let number = bare.trim_end_matches(DASHES);
        let is_cut = number.len() < bare.len();
        let whole = number
            .strip_suffix(self.decimal)
            .or_else(|| number.strip_suffix('.'));
        whole.filter(|whole| is_cut && whole.ends_with(|one: char| one.is_ascii_digit()))
    }

    /// The digits of the whole part, if its separators are in valid positions.
    fn ungrouped(&self, whole: &str) -> Option<String> {
        let Some(thousands) = self.thousands else {
            return is_digits(whole).then(|| whole.to_owned());
        };
        let mut groups = whole.split(|character| is_separator(character, thousands));
        let first = groups.next()?;
        let rest: Vec<&str> = groups.collect();
        // 12,34,567, as in India.
        let is_of_two = |(place, group): (usize, &&str)| {
            let length = if place + 1 == rest.len() { 3 } else { 2 };
            group.len() == length && is_digits(group)
        };
        let is_indian = thousands == ','
            && rest.len() > 1
            && (1..=2).contains(&first.len())
            && rest.iter().enumerate().all(is_of_two);
        let is_grouped = is_indian
            || rest
                .iter()
                .all(|group| group.len() == 3 && is_digits(group))
                && (1..=3).contains(&first.len());
        (is_digits(first) && (rest.is_empty() || is_grouped)).then(|| {
            let mut digits = first.to_owned();
            digits.extend(rest);
            digits
        })
    }

    fn wrong(&self) -> CellError {
        CellError::new(
            format!("it is not a number written like {}", self.example()),
            "correct the cell, or set decimal, thousands and currency in the mapping",
        )
    }
}

/// A space is any space: exports use the narrow and the unbreakable one.
fn is_separator(character: char, thousands: char) -> bool {
    match thousands {
        ' ' => character.is_whitespace(),
        '\'' | '’' => matches!(character, '\'' | '’'),
        other => character == other,
    }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether the number is negative, in any of the ways of ledgers, and what is left of it.
fn sign(text: &str) -> (bool, &str) {
    let minus = ['-', '−'];
    if let Some(inner) = text
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
    {
        return (true, inner.trim());
    }
    if let Some(rest) = text
        .strip_prefix(minus)
        .or_else(|| text.strip_suffix(minus))
    {
        return (true, rest.trim());
    }
    (false, text.strip_prefix('+').unwrap_or(text).trim())
}

/// By how many places a factor moves the decimal point: 0.01 is -2.
pub(super) fn power_of_ten(factor: &str) -> Result<i32, MappingError> {
    let wrong = || {
        MappingError::new(format!(
            "scale is a power of ten such as 0.01 or 1000, found {factor}; for other factors, use \
             an expression"
        ))
        .within("scale")
    };
    let (whole, fraction) = factor.split_once('.').unwrap_or((factor, ""));
    let fraction = fraction.trim_end_matches('0');
    let places = |count: usize| i32::try_from(count).map_err(|_| wrong());
    match (whole, fraction) {
        ("0", fraction) if fraction.trim_start_matches('0') == "1" => Ok(-places(fraction.len())?),
        (whole, "") if whole.starts_with('1') && whole[1..].bytes().all(|one| one == b'0') => {
            places(whole.len() - 1)
        }
        _ => Err(wrong()),
    }
}

/// The number with its decimal point moved to the right, or to the left if `places` is negative;
/// every digit is kept. Nothing for a number with an exponent.
pub(in crate::mapping) fn shift(number: &str, places: i32) -> Option<String> {
    if number.contains(['e', 'E']) {
        return None;
    }
    let (minus, digits) = match number.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", number),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut all = format!("{whole}{fraction}");
    let mut point = i32::try_from(whole.len()).ok()? + places;
    while point <= 0 {
        all.insert(0, '0');
        point += 1;
    }
    let point = usize::try_from(point).ok()?;
    while all.len() < point {
        all.push('0');
    }
    let (whole, fraction) = all.split_at(point);
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        significant => significant,
    };
    let dot = if fraction.is_empty() { "" } else { "." };
    Some(format!("{minus}{whole}{dot}{fraction}"))
}

/// The product of two numbers, exact to the last digit, without zeros at its end; nothing if it has an
/// exponent or more than 38 digits.
pub(in crate::mapping) fn multiply(number: &str, factor: &str) -> Option<String> {
    let parse = |text: &str| {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
        Some((digits, i32::try_from(fraction.len()).ok()?))
    };
    let ((one, places), (other, more)) = (parse(number)?, parse(factor)?);
    let product = one.checked_mul(other)?.to_string();
    let shifted = shift(&product, -(places + more))?;
    Some(match shifted.split_once('.') {
        Some((whole, fraction)) => match fraction.trim_end_matches('0') {
            "" => whole.to_owned(),
            fraction => format!("{whole}.{fraction}"),
        },
        None => shifted,
    })
}

#[cfg(test)]
mod tests;
