//! `gong-client/src/operation.rs`: each operation's name, method, path, scope and summary.

use anyhow::{Context, Result};
use quote::quote;
use serde_json::Value;

use super::Artifact;
use super::entity_types::{docs, ident, rust};
use super::spec::Spec;

const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

/// Writes the enum of operations.
pub(super) fn artifact(spec: &Spec) -> Result<Artifact> {
    let paths = spec
        .document
        .get("paths")
        .and_then(Value::as_object)
        .context("no paths")?;
    let mut variants = Vec::new();
    let mut facts = Vec::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().into_iter().flatten() {
            if !METHODS.contains(&method.as_str()) {
                continue;
            }
            let text = |key: &str| {
                operation
                    .get(key)
                    .and_then(Value::as_str)
                    .map(str::trim)
                    .with_context(|| format!("{method} {path} has no {key}"))
            };
            let id = text("operationId")?;
            let scope = text("x-scope")?;
            let summary = text("summary")?;
            let method = method.to_uppercase();
            let variant = ident(&upper_first(id));
            let doc = docs(&format!(
                "{}.\n\n`{method} {path}`, scope `{scope}`.",
                summary.trim_end_matches('.')
            ));
            variants.push(quote! { #doc #variant });
            facts.push(quote! {
                Self::#variant => Facts {
                    id: #id, method: #method, path: #path, scope: #scope, summary: #summary,
                }
            });
        }
    }
    let names = variants.iter().map(|variant| {
        let name = variant.clone().into_iter().last();
        quote! { Self::#name }
    });
    let part = upload_part(spec).context("the upload has no part")?;
    let tokens = quote! {
        //! The operations of Gong's interface that this crate calls.

        /// One operation of Gong's interface.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Operation {
            #(#variants,)*
        }

        /// The name of the one part of an upload, which is the file.
        pub const UPLOAD_PART: &str = #part;

        struct Facts {
            id: &'static str,
            method: &'static str,
            path: &'static str,
            scope: &'static str,
            summary: &'static str,
        }

        impl Operation {
            /// Every operation, in the order of openapi.yaml.
            pub const ALL: &'static [Self] = &[#(#names),*];

            /// Gong's own name of the operation, such as `uploadCrmData`.
            pub fn id(self) -> &'static str {
                self.facts().id
            }

            /// The HTTP method, such as `POST`.
            pub fn method(self) -> &'static str {
                self.facts().method
            }

            /// The path, such as `/v2/crm/entities`.
            pub fn path(self) -> &'static str {
                self.facts().path
            }

            /// The scope that a bearer token needs for it; access keys have them all.
            pub fn scope(self) -> &'static str {
                self.facts().scope
            }

            /// A summary of the operation in one line.
            pub fn summary(self) -> &'static str {
                self.facts().summary
            }

            fn facts(self) -> Facts {
                match self {
                    #(#facts,)*
                }
            }
        }

        impl std::fmt::Display for Operation {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(formatter, "{} {}", self.method(), self.path())
            }
        }
    };
    Ok(Artifact {
        path: "gong-client/src/operation.rs".into(),
        contents: rust(spec, &tokens)?,
    })
}

/// The name of the one property of the only form.
fn upload_part(spec: &Spec) -> Option<&str> {
    let paths = spec.document.get("paths")?.as_object()?;
    let operations = paths.values().filter_map(Value::as_object).flatten();
    let form = "/requestBody/content/multipart~1form-data/schema/properties";
    let parts = operations
        .filter_map(|(_, operation)| operation.pointer(form))
        .find_map(Value::as_object)?;
    parts.keys().next().map(String::as_str)
}

fn upper_first(name: &str) -> String {
    let mut characters = name.chars();
    characters
        .next()
        .map(|first| first.to_uppercase().chain(characters).collect())
        .unwrap_or_default()
}
