//! Whether a value fits its standard field, and what to write instead.

use serde_json::value::RawValue;

use crate::check::json::parse::unescaped;
use crate::record::{Field, FieldKind, Presence, out_of_range};
use crate::rule::Rule;
use crate::value::{
    Amount, FromJson, InvalidValue, close_date, email_address, object_id, timestamp, url,
};

/// Why a value does not fit, and how to fix it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ValueProblem {
    pub(super) rule: Rule,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

impl ValueProblem {
    fn new(rule: Rule, message: impl Into<String>) -> Self {
        Self {
            rule,
            message: message.into(),
            hint: None,
        }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Checks a value against a standard field. Without `detail`, only the rule is of interest.
pub(super) fn check(field: &Field, value: &RawValue, detail: bool) -> Result<(), ValueProblem> {
    if detail {
        return check_in_detail(field, value);
    }
    let json = value.get();
    let kind = field.kind;
    let is_short_text = json.starts_with('"') && json.len() > 2 && field.max_length.is_none();
    // These checks build no messages; the others are rare.
    let outcome = match kind {
        _ if !is_short_text => None,
        FieldKind::Timestamp => Some(timestamp::check(&unescaped(json))),
        FieldKind::ObjectId => Some(id(field, &unescaped(json))),
        FieldKind::Url => Some(url::check(&unescaped(json))),
        FieldKind::EmailAddress => Some(email_address::check(&unescaped(json))),
        FieldKind::Choice(words) => {
            let is_known = words.contains(&&*unescaped(json));
            Some(if is_known {
                Ok(())
            } else {
                Err(InvalidValue::new(Rule::UnknownWord, ""))
            })
        }
        _ => None,
    };
    match outcome {
        Some(outcome) => {
            outcome.map_err(|invalid| ValueProblem::new(invalid.rule(), String::new()))
        }
        None => check_in_detail(field, value),
    }
}

/// Checks an id.
fn id(field: &Field, id: &str) -> Result<(), InvalidValue> {
    object_id::check(id)?;
    if has_odd_underscore(field, id) {
        return Err(InvalidValue::new(Rule::ObjectIdUnderscore, ""));
    }
    Ok(())
}

/// Whether the record's own id has an underscore, and is not an email address.
fn has_odd_underscore(field: &Field, id: &str) -> bool {
    field.name == "objectId" && id.contains('_') && !id.contains('@')
}

fn check_in_detail(field: &Field, value: &RawValue) -> Result<(), ValueProblem> {
    let json = value.get();
    let is_required = field.presence != Presence::Optional;
    if json == "null" {
        return Err(if is_required {
            ValueProblem::new(Rule::MissingField, "it is null, and it is required")
        } else {
            ValueProblem::new(Rule::NullValue, "it is null").hint("leave the field out")
        });
    }
    match field.kind {
        FieldKind::Boolean => bool::from_json(value)
            .map(drop)
            .map_err(|invalid| boolean(json, &invalid)),
        FieldKind::Amount => Amount::from_json(value)
            .map(drop)
            .map_err(|invalid| number(json, &invalid)),
        FieldKind::Integer { .. } => match i64::from_json(value) {
            Err(invalid) => Err(number(json, &invalid)),
            Ok(number) => match out_of_range(field.kind, number) {
                Some(reason) => Err(ValueProblem::new(Rule::NumberRange, reason)),
                None => Ok(()),
            },
        },
        FieldKind::TextList => Vec::<String>::from_json(value)
            .map(drop)
            .map_err(|invalid| list(json, &invalid)),
        _ if !json.starts_with('"') => Err(not_text(field.kind, json)),
        _ => text(field, &unescaped(json), is_required),
    }
}

fn text(field: &Field, text: &str, is_required: bool) -> Result<(), ValueProblem> {
    if text.is_empty() && is_required {
        return Err(ValueProblem::new(
            Rule::MissingField,
            "it is empty, and it is required",
        ));
    }
    if let Some(most) = field.max_length {
        let length = text.chars().count();
        if length > most {
            let message = format!("it has {length} characters; Gong accepts at most {most}");
            return Err(ValueProblem::new(Rule::TextLength, message));
        }
    }
    let outcome = match field.kind {
        FieldKind::ObjectId => object_id::check(text),
        FieldKind::Timestamp => timestamp::check(text),
        FieldKind::Url => url::check(text),
        FieldKind::EmailAddress => email_address::check(text),
        FieldKind::CloseDate => close_date::check(text),
        FieldKind::Choice(words) => return choice(words, text),
        _ => Ok(()),
    };
    outcome.map_err(|invalid| ValueProblem {
        rule: invalid.rule(),
        message: invalid.message().to_owned(),
        hint: fix(field.kind, text).or_else(|| {
            (text.is_empty() && !is_required).then(|| "leave the field out".to_owned())
        }),
    })?;
    if field.kind == FieldKind::CloseDate && text.len() > DAY {
        let message = "it has a time of day; Gong's example is a day alone";
        let hint = format!("write \"{}\"", &text[..DAY]);
        return Err(ValueProblem::new(Rule::CloseDateTime, message).hint(hint));
    }
    if has_odd_underscore(field, text) {
        let message = "it has an underscore, which Gong's rule forbids and one of its examples has";
        return Err(ValueProblem::new(Rule::ObjectIdUnderscore, message)
            .hint("use letters, digits and hyphens if you can choose"));
    }
    Ok(())
}

/// The length of a day such as `2026-09-30`.
const DAY: usize = 10;

fn choice(words: &[&str], text: &str) -> Result<(), ValueProblem> {
    if words.contains(&text) {
        return Ok(());
    }
    let list = words.join(", ");
    let invalid = ValueProblem::new(
        Rule::UnknownWord,
        format!("it must be one of {list}, in capitals"),
    );
    let plain = text.trim().to_uppercase();
    let meant = words
        .iter()
        .find(|word| plain == **word || plain.ends_with(&format!(" {word}")));
    Err(match meant {
        Some(word) => invalid.hint(format!("write \"{word}\"")),
        None => invalid.hint(format!("write one of {list}")),
    })
}

/// What to write instead of a text that breaks the rule of its kind.
fn fix(kind: FieldKind, text: &str) -> Option<String> {
    match kind {
        FieldKind::Timestamp => fixed_timestamp(text).map(|fixed| format!("write \"{fixed}\"")),
        FieldKind::CloseDate => fixed_timestamp(text)
            .map(|fixed| format!("write \"{}\"", &fixed[..DAY]))
            .or_else(|| Some("write year, month and day: 2026-09-30".to_owned())),
        FieldKind::Url if text.contains('.') && !text.contains([' ', ':']) => {
            Some("put https:// before it".to_owned())
        }
        FieldKind::EmailAddress
            if text.trim() != text && email_address::check(text.trim()).is_ok() =>
        {
            Some("remove the space around it".to_owned())
        }
        FieldKind::EmailAddress if text.contains('<') || text.contains("mailto:") => {
            Some("write the address alone".to_owned())
        }
        FieldKind::EmailAddress if text.contains([',', ';']) => {
            Some("write one address alone".to_owned())
        }
        _ => None,
    }
}

/// The intended date-time, if it is certain.
pub(super) fn fixed_timestamp(text: &str) -> Option<String> {
    let text = text.trim();
    let (day, rest) = text.split_at_checked(DAY)?;
    let rest = rest.trim_start().trim_start_matches(['T', 't']);
    let (time, rest) = rest.split_at_checked("00:00:00".len())?;
    let zone = rest
        .trim_start_matches(['.', ','])
        .trim_start_matches(|digit: char| digit.is_ascii_digit() && rest.starts_with(['.', ',']))
        .trim();
    let zone = match zone.as_bytes() {
        b"Z" | b"z" | b"UTC" => "Z".to_owned(),
        [b'+' | b'-', _, _] => format!("{zone}:00"),
        [b'+' | b'-', digits @ ..] if digits.len() == 4 && zone.is_ascii() => {
            format!("{}:{}", &zone[..3], &zone[3..])
        }
        _ => zone.to_owned(),
    };
    let fixed = format!("{day}T{time}{zone}");
    timestamp::check(&fixed).is_ok().then_some(fixed)
}

fn boolean(json: &str, invalid: &InvalidValue) -> ValueProblem {
    let invalid = ValueProblem::new(invalid.rule(), invalid.message());
    match json.trim_matches('"').to_lowercase().as_str() {
        word @ ("true" | "false") => invalid.hint(format!("write {word}")),
        "1" | "yes" => invalid.hint("write true"),
        "0" | "no" => invalid.hint("write false"),
        _ => invalid,
    }
}

fn number(json: &str, invalid: &InvalidValue) -> ValueProblem {
    let invalid = ValueProblem::new(invalid.rule(), invalid.message());
    let bare = json.trim_matches('"').trim();
    if crate::value::is_json_number(bare) && bare != json {
        return invalid.hint(format!("write {bare}"));
    }
    if json.starts_with('"') {
        return invalid.hint(
            "write a plain number such as 1250.10: a point for decimals, no thousands separators, \
             no currency",
        );
    }
    invalid
}

fn list(json: &str, invalid: &InvalidValue) -> ValueProblem {
    let invalid = ValueProblem::new(invalid.rule(), invalid.message());
    if !json.starts_with('"') {
        return invalid;
    }
    let text = unescaped(json);
    let parts: Vec<&str> = text
        .split([',', ';'])
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect();
    invalid.hint(format!("write [\"{}\"]", parts.join("\", \"")))
}

fn not_text(kind: FieldKind, json: &str) -> ValueProblem {
    let invalid = ValueProblem::new(Rule::WrongType, "it must be a string in double quotes");
    if json.starts_with(['[', '{']) {
        invalid
    } else if kind == FieldKind::Timestamp {
        invalid.hint("write a date-time such as \"2026-03-01T09:30:00+01:00\"")
    } else if kind == FieldKind::CloseDate {
        invalid.hint("write a day such as \"2026-09-30\"")
    } else if json.len() <= "1234567890123456789012".len() {
        invalid.hint(format!("write \"{json}\""))
    } else {
        invalid.hint("put it in double quotes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object_type::ObjectType;

    fn invalid(object_type: ObjectType, name: &str, json: &str) -> Result<(), (Rule, String)> {
        let field = object_type.line_format().field(name).unwrap();
        let value = RawValue::from_string(json.to_owned()).unwrap();
        let found = check(field, &value, true);
        let counted = check(field, &value, false).map_err(|invalid| invalid.rule);
        assert_eq!(
            counted,
            found.clone().map_err(|invalid| invalid.rule),
            "{json}"
        );
        found.map_err(|invalid| (invalid.rule, invalid.hint.unwrap_or_default()))
    }

    #[test]
    fn invalid_values_have_their_rule_and_hint() {
        for (name, json, rule, hint) in [
            ("objectId", "12", Rule::WrongType, "write \"12\""),
            ("objectId", "\"\"", Rule::MissingField, ""),
            ("objectId", "null", Rule::MissingField, ""),
            (
                "accountId",
                "\"\"",
                Rule::ObjectIdLength,
                "leave the field out",
            ),
            ("name", "null", Rule::NullValue, "leave the field out"),
            (
                "modifiedDate",
                "\"2026-03-01T09:30:00.123Z\"",
                Rule::TimestampFraction,
                "write \"2026-03-01T09:30:00Z\"",
            ),
            (
                "modifiedDate",
                "\"2026-03-01 09:30:00+0100\"",
                Rule::TimestampFormat,
                "write \"2026-03-01T09:30:00+01:00\"",
            ),
            (
                "modifiedDate",
                "\"2026-03-01T09:30:00\"",
                Rule::TimestampZone,
                "",
            ),
            (
                "modifiedDate",
                "1767225600",
                Rule::WrongType,
                "write a date-time such as \"2026-03-01T09:30:00+01:00\"",
            ),
            (
                "closeDate",
                "\"30.09.2026\"",
                Rule::DateFormat,
                "write year, month and day: 2026-09-30",
            ),
            (
                "closeDate",
                "\"2026-09-30T00:00:00.000Z\"",
                Rule::TimestampFraction,
                "write \"2026-09-30\"",
            ),
            (
                "closeDate",
                "\"2026-09-30T00:00:00Z\"",
                Rule::CloseDateTime,
                "write \"2026-09-30\"",
            ),
            ("status", "\"Won\"", Rule::UnknownWord, "write \"WON\""),
            (
                "status",
                "\"Closed Lost\"",
                Rule::UnknownWord,
                "write \"LOST\"",
            ),
            (
                "status",
                "\"\"",
                Rule::UnknownWord,
                "write one of WON, LOST, OPEN",
            ),
            ("amount", "\"7000\"", Rule::WrongType, "write 7000"),
            ("isDeleted", "\"true\"", Rule::WrongType, "write true"),
            ("isDeleted", "1", Rule::WrongType, "write true"),
            (
                "url",
                "\"crm.example/1\"",
                Rule::UrlFormat,
                "put https:// before it",
            ),
            (
                "objectId",
                "\"a_b\"",
                Rule::ObjectIdUnderscore,
                "use letters, digits and hyphens if you can choose",
            ),
        ] {
            let outcome = invalid(ObjectType::Deal, name, json);
            assert_eq!(outcome, Err((rule, hint.to_owned())), "{name} {json}");
        }
        assert_eq!(
            invalid(ObjectType::Account, "domains", "\"a.example, b.example\""),
            Err((
                Rule::WrongType,
                "write [\"a.example\", \"b.example\"]".to_owned()
            ))
        );
        for (name, json) in [
            ("ownerId", "\"a_b\""),
            ("objectId", "\"a_b@c.example\""),
            ("amount", "-1.5e300"),
        ] {
            assert_eq!(
                invalid(ObjectType::Deal, name, json),
                Ok(()),
                "{name} {json}"
            );
        }
    }
}
