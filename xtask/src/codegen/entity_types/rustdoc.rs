//! The documentation of a type and its fields.

use proc_macro2::TokenStream;
use serde_json::Value;

use super::super::entity_model::{Entity, Field, Kind, Presence, pascal_case};
use super::{always, docs, plain};

/// The type's documentation: Gong's meaning, then a record built from the spec's own example.
pub(super) fn type_docs(entity: &Entity) -> TokenStream {
    let mut lines = vec![
        entity.description.clone(),
        String::new(),
        "# Example".to_owned(),
        String::new(),
    ];
    lines.push("```".to_owned());
    lines.push(format!("use gong_records::{};", entity.name));
    lines.push(String::new());
    lines.push(format!("let record = {}::builder()", entity.name));
    let mut custom = Vec::new();
    for (name, value) in entity.example.as_object().into_iter().flatten() {
        match entity.fields.iter().find(|field| field.name == *name) {
            Some(field) => lines.push(format!(
                "    .{}({})",
                field.rust_name,
                literal(field, value)
            )),
            None => custom.push(format!("    .custom({name:?}, {})", custom_literal(value))),
        }
    }
    lines.extend(custom);
    lines.push("    .build()?;".to_owned());
    lines.push(format!(
        "assert_eq!(serde_json::to_value(&record)?, serde_json::json!({}));",
        entity.example
    ));
    lines.push("# Ok::<(), Box<dyn std::error::Error>>(())".to_owned());
    lines.push("```".to_owned());
    let required: Vec<&Field> = entity.fields.iter().filter(|field| always(field)).collect();
    lines.push(String::new());
    lines.push("The required fields are enough:".to_owned());
    lines.push(String::new());
    lines.push("```".to_owned());
    lines.extend(bare_record(entity, &required, None));
    lines.push("assert!(record.is_ok());".to_owned());
    lines.push("```".to_owned());
    // Each differs from the one above by one setter, so nothing else can keep it from compiling.
    for missing in &required {
        lines.push(String::new());
        lines.push(format!(
            "Without `{}` it does not compile:",
            missing.rust_name
        ));
        lines.push(String::new());
        lines.push("```compile_fail".to_owned());
        lines.extend(bare_record(entity, &required, Some(missing)));
        lines.push("```".to_owned());
    }
    docs(&lines.join("\n"))
}

/// Source that builds a record from its required fields, without one of them.
fn bare_record(entity: &Entity, required: &[&Field], missing: Option<&Field>) -> Vec<String> {
    let mut lines = vec![format!(
        "let record = gong_records::{}::builder()",
        entity.name
    )];
    for field in required {
        if missing.is_some_and(|missing| missing.name == field.name) {
            continue;
        }
        let value = field.example.clone().unwrap_or_default();
        let value = literal(field, &value);
        lines.push(format!("    .{}({value})", field.rust_name));
    }
    lines.push("    .build();".to_owned());
    lines
}

/// A custom field's example value as Rust source.
fn custom_literal(value: &Value) -> String {
    match value {
        Value::Null => "serde_json::Value::Null".to_owned(),
        Value::Array(_) | Value::Object(_) => format!("serde_json::json!({value})"),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

/// An example value as Rust source.
pub(super) fn literal(field: &Field, value: &Value) -> String {
    match (&field.kind, value) {
        (Kind::Choice { name, .. }, Value::String(word)) => {
            format!("gong_records::{name}::{}", pascal_case(word))
        }
        _ => value.to_string(),
    }
}

/// A field's documentation: its meaning, whether it must be there, its default, its consequence.
pub(super) fn field_doc(field: &Field) -> String {
    let mut paragraphs = vec![field.description.clone()];
    let name = &field.name;
    paragraphs.push(match field.presence {
        Presence::Required => format!("`{name}` on the wire; required."),
        Presence::UnlessDeleted => {
            format!("`{name}` on the wire; required unless the record is a deletion.")
        }
        Presence::Optional => format!("`{name}` on the wire; optional."),
    });
    if let Some(default) = field
        .derived_default
        .clone()
        .or_else(|| field.default.as_ref().map(plain))
    {
        paragraphs.push(format!("Default: {default}."));
    }
    paragraphs.extend(
        field
            .when_missing
            .iter()
            .map(|text| format!("When missing: {text}")),
    );
    paragraphs.extend(
        field
            .discouraged
            .iter()
            .map(|text| format!("Discouraged: {text}")),
    );
    if field.undocumented {
        paragraphs
            .push("Gong's field table does not list it; one of its examples sends it.".to_owned());
    }
    paragraphs.join("\n\n")
}
