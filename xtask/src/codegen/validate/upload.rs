//! The form of the upload: one file, in one part.

use serde_json::Value;

use super::examples::uploads;
use super::{Findings, entries, text};
use crate::codegen::problem::{child, choose};

/// Checks the form, and what says how its part is written.
pub(super) fn check(findings: &mut Findings<'_>) {
    for (at, media) in uploads(findings) {
        let schema = findings.target(media.get("schema").unwrap_or(&Value::Null));
        let schema_at = child(&at, "schema");
        let parts: Vec<(&String, &Value)> = entries(schema.get("properties")).collect();
        match parts.as_slice() {
            [(name, part)] if text(part, "format") == "binary" => {
                let is_required = super::texts(schema, "required") == [name.as_str()];
                if !is_required {
                    findings.add(
                        &schema_at,
                        format!("the part `{name}` must be required"),
                        format!("write `required: [{name}]`"),
                    );
                }
            }
            [(name, _)] => findings.add(
                &child(&child(&schema_at, "properties"), name),
                "the part of the upload must be a file",
                "write `type: string` and `format: binary`",
            ),
            _ => findings.add(
                &schema_at,
                format!("the form must have exactly one part, found {}", parts.len()),
                "keep the property that is the file",
            ),
        }
        let names: Vec<&str> = parts.iter().map(|(name, _)| name.as_str()).collect();
        for (name, _) in entries(media.get("encoding")) {
            if !names.contains(&name.as_str()) {
                findings.add(
                    &child(&child(&at, "encoding"), name),
                    format!("the form has no part `{name}`"),
                    choose(name, names.iter().copied()),
                );
            }
        }
        for (example, content) in entries(media.get("examples")) {
            for (name, _) in entries(findings.target(content).get("value")) {
                if !names.contains(&name.as_str()) {
                    findings.add(
                        &format!("{}/value/{name}", child(&child(&at, "examples"), example)),
                        format!("the form has no part `{name}`"),
                        choose(name, names.iter().copied()),
                    );
                }
            }
        }
    }
}
