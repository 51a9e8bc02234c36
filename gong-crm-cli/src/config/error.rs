//! The problem with a config file.

use toml::de::DeValue;

/// The problem with a file, and where. It never contains a value, which could be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConfigError {
    pub(crate) line: usize,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

/// The known name that is closest to a misspelt one.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given = name.to_lowercase().replace(['_', ' '], "-");
    known
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&given, candidate), candidate))
        .min_by_key(|(distance, _)| *distance)
        // At most a third of the letters may differ.
        .filter(|(distance, _)| distance * 3 <= given.chars().count())
        .map(|(_, candidate)| candidate)
}

/// The kind of a value, without the value.
pub(super) fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}

/// The line of a byte.
pub(super) fn line(text: &str, byte: usize) -> usize {
    text.get(..byte).unwrap_or(text).matches('\n').count() + 1
}
