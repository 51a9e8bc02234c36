//! The Rust types of the six line formats, with their builders and field tables.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use serde_json::Value;

use super::Artifact;
use super::entity_model::{Entity, Field, Kind, Presence, pascal_case};
use super::spec::Spec;

mod builder;
mod rustdoc;
mod serde;
mod table;

const FOLDER: &str = "gong-records/src/record/generated";

/// One Rust module an entity, and the module that lists them.
pub(super) fn artifacts(spec: &Spec, entities: &[Entity]) -> Result<Vec<Artifact>> {
    let mut artifacts = vec![list(spec, entities)?, object_type(spec, entities)?];
    for entity in entities {
        artifacts.push(Artifact {
            path: format!("{FOLDER}/{}.rs", entity.module).into(),
            contents: rust(spec, &module(spec, entity)?)?,
        });
    }
    Ok(artifacts)
}

/// The banner and the formatted code.
pub(super) fn rust(spec: &Spec, tokens: &TokenStream) -> Result<String> {
    let file = syn::parse2(tokens.clone()).context("generated code is not Rust")?;
    Ok(format!(
        "{}\n{}",
        spec.rust_banner(),
        prettyplease::unparse(&file)
    ))
}

/// The leaf that all other modules may import: the enum alone.
fn object_type(spec: &Spec, entities: &[Entity]) -> Result<Artifact> {
    let object_type = words_of_types(entities);
    let enumeration = object_type.enumeration();
    let tokens = quote! {
        //! The six types of records.

        #enumeration
    };
    Ok(Artifact {
        path: "gong-records/src/object_type.rs".into(),
        contents: rust(spec, &tokens)?,
    })
}

fn words_of_types(entities: &[Entity]) -> Choice {
    let types = entities.iter();
    Choice {
        name: ident("ObjectType"),
        about: "A type of records that Gong takes".to_owned(),
        words: types.map(|entity| entity.object_type.clone()).collect(),
    }
}

fn list(spec: &Spec, entities: &[Entity]) -> Result<Artifact> {
    let modules = entities.iter().map(|entity| ident(&entity.module));
    let exports = entities.iter().map(|entity| {
        let module = ident(&entity.module);
        let name = ident(&entity.name);
        let choices = entity
            .fields
            .iter()
            .filter_map(choice)
            .map(|words| words.name);
        quote! { pub use #module::{#name, #(#choices),*}; }
    });
    let builders = entities.iter().map(|entity| {
        let module = ident(&entity.module);
        let builder = ident(&format!("{}Builder", entity.name));
        quote! { pub use super::#module::#builder; }
    });
    let all_types: Vec<Ident> = entities.iter().map(|entity| ident(&entity.name)).collect();
    let types = all_types.iter();
    let object_types = entities
        .iter()
        .map(|entity| ident(&pascal_case(&entity.object_type)));
    let object_type = words_of_types(entities).field_value();
    let tokens = quote! {
        //! The six line formats, one module each.

        #(mod #modules;)*

        #(#exports)*

        /// The builders of the six types, and whether a required field was given.
        pub mod builder {
            pub use crate::record::setters::{Set, Unset};
            #(#builders)*
        }

        use crate::record::{AppendJson, Record, Input, LineFormat, ObjectType};

        #object_type

        #[cfg(feature = "schemars")]
        mod json_schemas {
            use crate::record::{Record as _, #(#all_types),*};

            #(
                impl schemars::JsonSchema for #all_types {
                    fn schema_name() -> std::borrow::Cow<'static, str> {
                        Self::LINE_FORMAT.name.into()
                    }

                    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                        Self::LINE_FORMAT.json_schema()
                    }
                }
            )*
        }

        /// The line format of an object type.
        pub(crate) fn line_format(object_type: ObjectType) -> &'static LineFormat {
            match object_type {
                #(ObjectType::#object_types => <#types as Record>::LINE_FORMAT,)*
            }
        }
    };
    Ok(Artifact {
        path: format!("{FOLDER}.rs").into(),
        contents: rust(spec, &tokens)?,
    })
}

fn module(spec: &Spec, entity: &Entity) -> Result<TokenStream> {
    let module_doc = format!(" The line format of `{}`.", entity.object_type);
    let name = ident(&entity.name);
    let structure = structure(entity);
    let builder = builder::builder(entity)?;
    let getters = getters(entity);
    let serde = serde::serde(entity);
    let write_line = serde::write_line(entity)?;
    let choices = entity.fields.iter().filter_map(choice).map(|words| {
        let (enumeration, field_value) = (words.enumeration(), words.field_value());
        let parsing = words.parsing();
        quote! { #enumeration #parsing #field_value }
    });
    let scalars: BTreeSet<Ident> = entity
        .fields
        .iter()
        .filter_map(|field| match &field.kind {
            Kind::Scalar(name) => Some(ident(name)),
            _ => None,
        })
        .collect();
    let scalars = scalars.iter();
    let line_format = table::line_format(spec, entity)?;
    let object_type = ident(&pascal_case(&entity.object_type));
    Ok(quote! {
        #![doc = #module_doc]

        use std::marker::PhantomData;

        use crate::record::setters::{Set, Unset};
        use crate::record::{
            AppendJson, CustomFields, CustomInput, RawRecord, Record, Field, FieldKind, Input, Validation,
            InvalidRecord, LineFormat, ObjectType, Presence,
        };
        use crate::value::{#(#scalars),*};

        #structure
        #builder
        #getters
        #serde
        #(#choices)*
        #line_format

        impl Record for #name {
            const OBJECT_TYPE: ObjectType = ObjectType::#object_type;
            const LINE_FORMAT: &'static LineFormat = &LINE_FORMAT;

            fn object_id(&self) -> &ObjectId {
                &self.object_id
            }

            fn is_deleted(&self) -> bool {
                Self::is_deleted(self)
            }

            fn custom_fields(&self) -> &CustomFields {
                &self.custom_fields
            }

            #write_line
        }
    })
}

fn structure(entity: &Entity) -> TokenStream {
    let name = ident(&entity.name);
    let docs = rustdoc::type_docs(entity);
    let fields = entity.fields.iter().map(|field| {
        let name = ident(&field.rust_name);
        let kind = rust_type(field);
        if field.presence == Presence::Required {
            quote! { #name: #kind }
        } else {
            quote! { #name: Option<#kind> }
        }
    });
    quote! {
        #docs
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct #name {
            #(#fields,)*
            custom_fields: CustomFields,
        }
    }
}

/// Whether the builder insists on the field: a builder makes records that are not deletions.
fn always(field: &Field) -> bool {
    field.presence != Presence::Optional
}

fn getters(entity: &Entity) -> TokenStream {
    let name = ident(&entity.name);
    let getters = entity.fields.iter().map(|field| {
        let docs = docs(&rustdoc::field_doc(field));
        let name = ident(&field.rust_name);
        let optional = field.presence != Presence::Required;
        let (kind, value) = match (&field.kind, optional) {
            (Kind::Boolean, true) if field.name == "isDeleted" => {
                (quote! { bool }, quote! { self.#name.unwrap_or(false) })
            }
            (Kind::Boolean, true) => (quote! { Option<bool> }, quote! { self.#name }),
            (Kind::Boolean, false) => (quote! { bool }, quote! { self.#name }),
            (Kind::Integer { .. }, true) => (quote! { Option<i64> }, quote! { self.#name }),
            (Kind::Integer { .. }, false) => (quote! { i64 }, quote! { self.#name }),
            (Kind::Text, true) => (quote! { Option<&str> }, quote! { self.#name.as_deref() }),
            (Kind::Text, false) => (quote! { &str }, quote! { &self.#name }),
            (Kind::TextList, true) => (
                quote! { Option<&[String]> },
                quote! { self.#name.as_deref() },
            ),
            (Kind::TextList, false) => (quote! { &[String] }, quote! { &self.#name }),
            (Kind::Choice { .. }, true) => {
                let kind = rust_type(field);
                (quote! { Option<#kind> }, quote! { self.#name })
            }
            (Kind::Choice { .. }, false) => {
                let kind = rust_type(field);
                (quote! { #kind }, quote! { self.#name })
            }
            (Kind::Scalar(_), true) => {
                let kind = rust_type(field);
                (quote! { Option<&#kind> }, quote! { self.#name.as_ref() })
            }
            (Kind::Scalar(_), false) => {
                let kind = rust_type(field);
                (quote! { &#kind }, quote! { &self.#name })
            }
        };
        quote! {
            #docs
            pub fn #name(&self) -> #kind {
                #value
            }
        }
    });
    quote! {
        impl #name {
            #(#getters)*

            /// The fields that are not Gong's own, in the order in which they were given.
            pub fn custom_fields(&self) -> &CustomFields {
                &self.custom_fields
            }
        }
    }
}

fn choice(field: &Field) -> Option<Choice> {
    match &field.kind {
        Kind::Choice { name, words } => {
            let about = field.description.trim_end_matches('.').to_owned();
            Some(Choice {
                name: ident(name),
                about,
                words: words.clone(),
            })
        }
        _ => None,
    }
}

/// A closed set of values. Closed, because we send it: a value that Gong doesn't know is rejected.
struct Choice {
    name: Ident,
    about: String,
    words: Vec<String>,
}

impl Choice {
    fn variants(&self) -> impl Iterator<Item = Ident> {
        self.words.iter().map(|word| ident(&pascal_case(word)))
    }

    /// The enum and its values, which need no other module.
    fn enumeration(&self) -> TokenStream {
        let Self { name, about, words } = self;
        let variants: Vec<Ident> = self.variants().collect();
        let variant_docs = words
            .iter()
            .map(|word| docs(&format!("`{word}` on the wire.")));
        let listed = words
            .iter()
            .map(|word| format!("`{word}`"))
            .collect::<Vec<_>>()
            .join(", ");
        let doc = docs(&format!(
            "{about}: one of {listed}, and case matters to Gong."
        ));
        quote! {
        #doc
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum #name {
            #(#variant_docs #variants,)*
        }

        impl #name {
            /// The value on the wire.
            pub fn as_str(self) -> &'static str {
                match self {
                    #(Self::#variants => #words,)*
                }
            }
        }

        impl std::fmt::Display for #name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.as_str())
            }
        }

        impl serde::Serialize for #name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
        }
    }

    /// From text that an app has at hand.
    fn parsing(&self) -> TokenStream {
        let Self { name, .. } = self;
        quote! {
            impl std::str::FromStr for #name {
                type Err = crate::value::InvalidValue;

                fn from_str(word: &str) -> Result<Self, Self::Err> {
                    <Self as crate::value::FromText>::from_text(word)
                }
            }

            impl TryFrom<&str> for #name {
                type Error = crate::value::InvalidValue;

                fn try_from(word: &str) -> Result<Self, Self::Error> {
                    <Self as crate::value::FromText>::from_text(word)
                }
            }
        }
    }

    /// What makes it a value of a field.
    fn field_value(&self) -> TokenStream {
        let Self { name, words, .. } = self;
        let variants = self.variants();
        quote! {
            impl crate::value::Word for #name {
                const WORDS: &'static [&'static str] = &[#(#words),*];

                fn from_word(word: &str) -> Option<Self> {
                    match word {
                        #(#words => Some(Self::#variants),)*
                        _ => None,
                    }
                }
            }

            impl From<#name> for Input<#name> {
                fn from(word: #name) -> Self {
                    Self(Ok(Some(word)))
                }
            }

            impl crate::record::Bounded for #name {}

            impl AppendJson for #name {
                fn append_json(&self, line: &mut Vec<u8>) {
                    self.as_str().append_json(line);
                }
            }
        }
    }
}

/// A value as a person reads it: text without quotes, everything else as JSON.
pub(super) fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn rust_type(field: &Field) -> TokenStream {
    match &field.kind {
        Kind::Scalar(name) | Kind::Choice { name, .. } => {
            let name = ident(name);
            quote! { #name }
        }
        Kind::Text => quote! { String },
        Kind::Boolean => quote! { bool },
        Kind::Integer { .. } => quote! { i64 },
        Kind::TextList => quote! { Vec<String> },
    }
}

/// Documentation as one `#[doc]` attribute a line, which is printed as `///`.
pub(super) fn docs(text: &str) -> TokenStream {
    let lines = text.lines().map(|line| {
        if line.is_empty() {
            String::new()
        } else {
            format!(" {line}")
        }
    });
    quote! { #(#[doc = #lines])* }
}

/// `BUSINESS_USER` to `business user`.
fn human(object_type: &str) -> String {
    object_type.to_lowercase().replace('_', " ")
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['A', 'E', 'I', 'O']) {
        "an"
    } else {
        "a"
    }
}

pub(super) fn ident(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}
