//! What a rule's page says: why it is there, who says so, and what keeps and breaks it.

use std::fmt::{self, Write as _};

use super::Rule;
use crate::object_type::ObjectType;

/// Why a rule is there.
#[derive(Debug)]
#[non_exhaustive]
pub struct Explanation {
    /// What goes wrong otherwise.
    pub why: &'static str,
    /// Where it is written or was seen.
    pub source: &'static str,
    /// How much the source weighs.
    pub evidence: Evidence,
    /// What breaks the rule.
    pub bad: Sample,
    /// The same, mended.
    pub good: Sample,
}

/// How well a rule is founded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// Gong's current documentation, or a standard that it names.
    Documented,
    /// An answer of Gong's that was recorded.
    Recorded,
    /// Gong's documentation of 2023, since rewritten.
    Historical,
    /// Gong's documentation says both this and something else.
    Contradicted,
    /// A conclusion of this project's.
    Inferred,
}

impl fmt::Display for Evidence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Documented => "documented",
            Self::Recorded => "recorded from Gong",
            Self::Historical => "documented in 2023, gone since",
            Self::Contradicted => "documented, and contradicted by Gong's own examples",
            Self::Inferred => "concluded by this project",
        })
    }
}

/// What keeps or breaks a rule.
#[derive(Debug)]
pub enum Sample {
    /// A file that can be shown.
    File(Example),
    /// Something that can't, in words.
    Words(&'static str),
}

/// A small file for illustration.
#[derive(Debug)]
#[non_exhaustive]
pub struct Example {
    /// What its records are.
    pub object_type: ObjectType,
    /// Its bytes.
    pub content: &'static [u8],
    /// Other files that are checked along with it.
    pub beside: &'static [(ObjectType, &'static str)],
    /// The entity schema that it is checked against.
    pub entity_schema: Option<&'static str>,
}

impl Explanation {
    pub(super) const fn new(
        evidence: Evidence,
        source: &'static str,
        why: &'static str,
        bad: Sample,
        good: Sample,
    ) -> Self {
        Self {
            why,
            source,
            evidence,
            bad,
            good,
        }
    }
}

impl Sample {
    /// Lines of one type.
    pub(super) const fn lines(object_type: ObjectType, text: &'static str) -> Self {
        Self::bytes(object_type, text.as_bytes())
    }

    /// Bytes that need not be text.
    pub(super) const fn bytes(object_type: ObjectType, content: &'static [u8]) -> Self {
        Self::File(Example {
            object_type,
            content,
            beside: &[],
            entity_schema: None,
        })
    }

    /// Lines that are checked along with other files.
    pub(super) const fn beside(
        object_type: ObjectType,
        text: &'static str,
        beside: &'static [(ObjectType, &'static str)],
    ) -> Self {
        Self::File(Example {
            object_type,
            content: text.as_bytes(),
            beside,
            entity_schema: None,
        })
    }

    /// Lines that are checked against an entity schema.
    pub(super) const fn declared(
        object_type: ObjectType,
        text: &'static str,
        entity_schema: &'static str,
    ) -> Self {
        Self::File(Example {
            object_type,
            content: text.as_bytes(),
            beside: &[],
            entity_schema: Some(entity_schema),
        })
    }
}

impl Rule {
    /// The rule's page in Markdown: what it says, why, by whom, and a bad and a good example.
    ///
    /// ```
    /// let page = gong_records::Rule::TimestampFraction.page();
    /// assert!(page.starts_with("## timestamp-fraction\n"));
    /// ```
    pub fn page(self) -> String {
        let explanation = self.explain();
        let mut page = format!(
            "## {self}\n\n{}\n\n{}\n\nSeverity: {}. Evidence: {} ({}).\n",
            self.summary(),
            explanation.why,
            self.severity(),
            explanation.evidence,
            explanation.source,
        );
        sample(&mut page, "Bad", &explanation.bad);
        sample(&mut page, "Good", &explanation.good);
        page
    }
}

fn sample(page: &mut String, title: &str, sample: &Sample) {
    // Writing to a String can't fail.
    let _ = match sample {
        Sample::Words(words) => writeln!(page, "\n{title}: {words}"),
        Sample::File(example) => {
            let mut text = format!("\n{title}, as {}:\n", example.object_type);
            text.push_str(&fenced(&legible(example.content)));
            for (object_type, lines) in example.beside {
                text.push_str(&format!("\nbeside, as {object_type}:\n"));
                text.push_str(&fenced(lines));
            }
            if let Some(schema) = example.entity_schema {
                text.push_str("\nwith the entity schema:\n");
                text.push_str(&fenced(schema));
            }
            page.write_str(&text)
        }
    };
}

fn fenced(text: &str) -> String {
    format!("\n```text\n{}\n```\n", text.trim_end_matches('\n'))
}

/// Bytes as text, what is not printable as an escape.
fn legible(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\n' => text.push('\n'),
                '\u{feff}' | '\0'..='\u{1f}' => text.extend(character.escape_unicode()),
                _ => text.push(character),
            }
        }
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}
