//! Lists of records in notes and reasons.

use std::fmt::Display;

/// The first of some names, at most so many, and how many more there are.
pub(crate) fn some_of<I>(names: I, most: usize) -> String
where
    I: ExactSizeIterator<Item: Display>,
{
    let more = match names.len().saturating_sub(most) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let named: Vec<String> = names.take(most).map(|name| name.to_string()).collect();
    format!("{}{more}", named.join(", "))
}
