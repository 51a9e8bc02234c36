//! The page of a rule: why it exists, its source, its evidence, and examples.

use std::fmt::{self, Write as _};

use super::Rule;
use crate::object_type::ObjectType;

/// Why a rule exists.
#[derive(Debug)]
#[non_exhaustive]
pub struct Explanation {
    /// The effect of a violation.
    pub why: &'static str,
    /// Where it is documented or was observed.
    pub source: &'static str,
    /// How reliable the source is.
    pub evidence: Evidence,
    /// An example that breaks the rule.
    pub bad: Sample,
    /// The same example, fixed.
    pub good: Sample,
}

/// How well a rule is founded: the grades A to D of `docs/service-notes.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// Gong's current documentation, or a standard that it names.
    Documented,
    /// A recorded response of the live service.
    Recorded,
    /// Gong's documentation of 2023, since rewritten.
    Historical,
    /// Gong's documentation says this and the opposite.
    Contradicted,
    /// A conclusion of this project.
    Inferred,
}

impl Evidence {
    /// Whether the evidence is good enough to call a violation an error: current documentation (A)
    /// or a recorded response (B).
    pub fn is_firm(self) -> bool {
        matches!(self, Self::Documented | Self::Recorded)
    }
}

/// The effect of a violation of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effect {
    /// Gong rejects the file, the line or the value, as far as the evidence goes.
    Rejected,
    /// It is unclear which record or which value is meant, for any reader of the file.
    Ambiguous,
    /// Gong accepts the record, but does not use or display the value as intended.
    Accepted,
    /// A push of gong-crm avoids it; other ways to upload the file do not.
    Handled,
}

impl fmt::Display for Effect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Rejected => "Gong rejects it",
            Self::Ambiguous => "it is unclear which record or value is meant",
            Self::Accepted => "Gong accepts it, but does not use it as intended",
            Self::Handled => "`gong-crm push` avoids it",
        })
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Documented => "documented",
            Self::Recorded => "recorded from Gong",
            Self::Historical => "documented in 2023, removed since",
            Self::Contradicted => "documented, and contradicted by Gong's own examples",
            Self::Inferred => "inferred by this project",
        })
    }
}

/// An example that keeps or breaks a rule.
#[derive(Debug)]
pub enum Sample {
    /// A file that can be printed.
    File(Example),
    /// A description, where a file would be too large.
    Words(&'static str),
}

/// A small record file.
#[derive(Debug)]
#[non_exhaustive]
pub struct Example {
    /// The type of its records.
    pub object_type: ObjectType,
    /// Its bytes.
    pub content: &'static [u8],
    /// Other files that are checked together with it.
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
    /// The rule's page in Markdown: the rule, its reason, source and evidence, a bad and a good
    /// example.
    ///
    /// ```
    /// let page = gong_records::Rule::TimestampFraction.page();
    /// assert!(page.starts_with("## timestamp-fraction\n"));
    /// ```
    pub fn page(self) -> String {
        let explanation = self.explain();
        let mut page = format!(
            "## {self}\n\n{}\n\n{}\n\nSeverity: {}. Effect: {}. Evidence: {} ({}).\n",
            self.summary(),
            explanation.why,
            self.severity(),
            effect(self.effect(), explanation.evidence),
            explanation.evidence,
            explanation.source,
        );
        sample(&mut page, "Bad", &explanation.bad);
        sample(&mut page, "Good", &explanation.good);
        page
    }
}

/// What follows from a breach, as surely as the evidence allows.
fn effect(effect: Effect, evidence: Evidence) -> String {
    match effect {
        Effect::Rejected if !evidence.is_firm() => "Gong may reject it".to_owned(),
        effect => effect.to_string(),
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
                text.push_str(&format!("\nchecked together with, as {object_type}:\n"));
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

/// Bytes as text, with escapes for what is not printable.
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
