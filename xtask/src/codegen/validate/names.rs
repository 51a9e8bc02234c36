//! Names of the document as names of Rust.

use crate::codegen::entity_model::snake_case;

/// Why a name can't be used in Rust; nothing if it can.
pub(super) fn misfit(name: &str) -> Option<String> {
    let rust = snake_case(name);
    if name.is_empty() {
        Some("a name must not be empty".to_owned())
    } else if syn::parse_str::<syn::Ident>(&rust).is_ok() {
        None
    } else if rust
        .chars()
        .all(|character| character == '_' || character.is_alphanumeric())
        && !rust.starts_with(|first: char| first.is_numeric())
        && rust != "_"
    {
        Some(format!("`{rust}` is a keyword of Rust"))
    } else {
        Some(format!("`{rust}` is not an identifier of Rust"))
    }
}

/// Whether the name is of letters and digits and begins with a letter, capital or not.
pub(super) fn is_camel_case(name: &str, is_capital: bool) -> bool {
    let first = name.chars().next();
    first.is_some_and(|first| {
        if is_capital {
            first.is_ascii_uppercase()
        } else {
            first.is_ascii_lowercase()
        }
    }) && name
        .chars()
        .all(|character| character.is_ascii_alphanumeric())
}

/// The name in the form that [`is_camel_case`] accepts, for a hint.
pub(super) fn camel_case(name: &str, is_capital: bool) -> String {
    let mut camel = String::new();
    let mut is_start = is_capital;
    for character in name.chars() {
        if !character.is_ascii_alphanumeric() {
            is_start = is_start || !camel.is_empty();
        } else if is_start {
            camel.push(character.to_ascii_uppercase());
            is_start = false;
        } else {
            camel.push(character);
        }
    }
    camel
}
