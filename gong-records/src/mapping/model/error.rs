//! Why a mapping can't be used, with the position in its file and the intended key.

use crate::mapping::nearest::nearest;
use crate::mapping::places::place;

/// Why a mapping can't be used: what is wrong, where, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct MappingError {
    pub(super) message: String,
    /// The keys that lead to what is wrong, from within the table of the object type.
    pub(super) about: Vec<String>,
}

impl MappingError {
    pub(in crate::mapping) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            about: Vec::new(),
        }
    }

    /// About what this key means, or about what is within it.
    #[must_use]
    pub(in crate::mapping) fn within(mut self, key: &str) -> Self {
        self.about.insert(0, key.to_owned());
        self
    }

    /// The same with something before the message.
    #[must_use]
    pub(in crate::mapping) fn prefixed(mut self, prefix: &str) -> Self {
        self.message.insert_str(0, prefix);
        self
    }

    pub(super) fn of_toml(error: &toml::de::Error, text: &str) -> Self {
        let place = error.span().map(|span| {
            let (line, column) = place(text, span.start);
            format!("line {line}, column {column}: ")
        });
        let message = error.message();
        // Serde's derive lists the known keys in its message and nowhere else.
        let mut quoted = message.split('`').skip(1).step_by(2);
        let message = match quoted
            .next()
            .filter(|_| message.starts_with("unknown field"))
        {
            Some(key) => {
                let known: Vec<&str> = quoted.collect();
                match nearest(key, known.iter().copied()) {
                    Some(meant) => format!("unknown key `{key}`; did you mean `{meant}`?"),
                    None => format!("unknown key `{key}`; known: {}", known.join(", ")),
                }
            }
            None => message.trim_end().replace('\n', "; "),
        };
        Self::new(place.unwrap_or_default() + &message)
    }
}
