//! `docs/entities.md`: the reference of the six line formats.

use std::fmt::Write as _;

use super::Artifact;
use super::entity_model::{Entity, Field, Kind, Presence};
use super::entity_types::plain;
use super::spec::{Spec, referenced};

/// Writes the reference page.
pub(super) fn artifact(spec: &Spec, entities: &[Entity]) -> Artifact {
    let mut page = String::new();
    for line in spec.banner() {
        let _ = writeln!(page, "<!-- {line} -->");
    }
    page.push_str(
        "\n# The six line formats\n\nA file has records of one type, one JSON object per line, in \
         UTF-8, with at most 200,000,000 bytes per upload. The types are listed in the order in \
         which they are loaded. A field that is not listed is a custom field; Gong shows it once \
         it is in the entity schema of its type.\n",
    );
    for entity in entities {
        section(spec, &mut page, entity);
    }
    Artifact {
        path: "docs/entities.md".into(),
        contents: page,
    }
}

fn section(spec: &Spec, page: &mut String, entity: &Entity) {
    let _ = write!(page, "\n## {}\n\n{}\n\n", entity.name, entity.description);
    let _ = writeln!(
        page,
        "`objectType={}`; file names begin with `{}`; JSON Schema in \
         [`schemas/{module}.schema.json`](../schemas/{module}.schema.json).{}\n",
        entity.object_type,
        entity.file_stem,
        if entity.has_schema {
            ""
        } else {
            " Gong has no entity schema for this type, so it shows no custom fields."
        },
        module = entity.module,
    );
    page.push_str("| field | in Rust | type | required | meaning |\n|---|---|---|---|---|\n");
    for field in &entity.fields {
        let _ = writeln!(
            page,
            "| `{}` | `{}` | {} | {} | {} |",
            field.name,
            field.rust_name,
            kind(spec, field),
            match field.presence {
                Presence::Required => "yes",
                Presence::UnlessDeleted => "unless deleted",
                Presence::Optional => "no",
            },
            meaning(field),
        );
    }
    let _ = write!(page, "\nA line:\n\n```json\n{}\n```\n", entity.example);
    if !entity.retired_names.is_empty() {
        let names: Vec<String> = entity
            .retired_names
            .iter()
            .map(|(old, new)| format!("`{old}` (now `{new}`)"))
            .collect();
        let _ = write!(page, "\nRetired names: {}.\n", names.join(", "));
    }
}

fn kind(spec: &Spec, field: &Field) -> String {
    match &field.kind {
        Kind::Scalar(name) => {
            let about = referenced(&field.schema)
                .and_then(|component| spec.schema(component).ok())
                .and_then(|schema| schema.get("description"))
                .and_then(serde_json::Value::as_str)
                .map(|text| {
                    text.split(". ")
                        .next()
                        .unwrap_or(text)
                        .trim_end_matches('.')
                });
            match about {
                Some(about) => format!("{name}: {}", cell(about)),
                None => name.clone(),
            }
        }
        Kind::Text => match field.max_length {
            Some(most) => format!("text, at most {most} characters"),
            None => "text".to_owned(),
        },
        Kind::Boolean => "`true` or `false`".to_owned(),
        Kind::Integer {
            minimum: Some(minimum),
            ..
        } => format!("whole number from {minimum}"),
        Kind::Integer { minimum: None, .. } => "whole number".to_owned(),
        Kind::TextList => "list of texts".to_owned(),
        Kind::Choice { words, .. } => words
            .iter()
            .map(|word| format!("`{word}`"))
            .collect::<Vec<_>>()
            .join(", "),
    }
}

fn meaning(field: &Field) -> String {
    let mut parts = vec![cell(&field.description)];
    if let Some(target) = &field.references {
        parts.push(format!("Holds the `objectId` of a {target}."));
    }
    if let Some(default) = field
        .derived_default
        .clone()
        .or_else(|| field.default.as_ref().map(plain))
    {
        parts.push(format!("Default: {}.", cell(&default)));
    }
    parts.extend(
        field
            .when_missing
            .iter()
            .map(|text| format!("**When missing:** {}", cell(text))),
    );
    parts.extend(
        field
            .discouraged
            .iter()
            .map(|text| format!("**Discouraged:** {}", cell(text))),
    );
    if field.undocumented {
        parts.push("Not in Gong's table; one of its examples sends it.".to_owned());
    }
    parts.join(" ")
}

/// Text that is safe in a cell of a table.
fn cell(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace('|', "\\|")
}
