//! A type's ways to JSON and back, and to its JSON Schema.

use anyhow::{Result, ensure};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::super::entity_model::{Entity, Presence};
use super::builder::assemble;
use super::ident;

pub(super) fn serde(entity: &Entity) -> TokenStream {
    let name = ident(&entity.name);
    let entries = entity.fields.iter().map(|field| {
        let name = ident(&field.rust_name);
        let wire = &field.name;
        if field.presence == Presence::Required {
            quote! { line.serialize_entry(#wire, &self.#name)?; }
        } else {
            quote! {
                if let Some(value) = &self.#name {
                    line.serialize_entry(#wire, value)?;
                }
            }
        }
    });
    let taken = entity.fields.iter().map(|field| {
        let name = ident(&field.rust_name);
        let wire = &field.name;
        quote! { let #name = draft.take(#wire, &mut validation); }
    });
    let unless_deleted = entity
        .fields
        .iter()
        .filter(|field| field.presence == Presence::UnlessDeleted)
        .map(|field| {
            let name = ident(&field.rust_name);
            let wire = &field.name;
            quote! {
                if #name.is_none() && is_deleted != Some(true) {
                    validation.missing(#wire);
                }
            }
        });
    let required = entity
        .fields
        .iter()
        .filter(|field| field.presence == Presence::Required)
        .map(|field| {
            let name = ident(&field.rust_name);
            let wire = &field.name;
            quote! {
                if #name.is_none() {
                    validation.missing(#wire);
                }
            }
        });
    let assemble = assemble(entity, &quote! { Self });
    quote! {
        impl serde::Serialize for #name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap as _;
                let mut line = serializer.serialize_map(None)?;
                #(#entries)*
                for (name, value) in self.custom_fields.raw() {
                    line.serialize_entry(name, value)?;
                }
                line.end()
            }
        }

        impl<'de> serde::Deserialize<'de> for #name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let draft = RawRecord::deserialize(deserializer)?;
                Self::from_draft(draft).map_err(serde::de::Error::custom)
            }
        }

        impl #name {
            fn from_draft(mut draft: RawRecord) -> Result<Self, InvalidRecord> {
                let mut validation = Validation::new(&LINE_FORMAT);
                #(#taken)*
                #(#required)*
                #(#unless_deleted)*
                let custom_fields = draft.into_custom_fields();
                #assemble
            }
        }
    }
}

/// The short way to JSON: each name and its punctuation in one string, nothing between them and the
/// values. A test compares it with the output of serde.
pub(super) fn write_line(entity: &Entity) -> Result<TokenStream> {
    let first = entity.fields.first().map(|field| field.presence);
    ensure!(
        first == Some(Presence::Required),
        "the first field of {} must be required: it is written without a comma before it",
        entity.name
    );
    let entries = entity.fields.iter().enumerate().map(|(index, field)| {
        let name = ident(&field.rust_name);
        let before = if index == 0 { '{' } else { ',' };
        let key = Literal::byte_string(format!("{before}\"{}\":", field.name).as_bytes());
        if field.presence == Presence::Required {
            quote! {
                line.extend_from_slice(#key);
                self.#name.append_json(line);
            }
        } else {
            quote! {
                if let Some(value) = &self.#name {
                    line.extend_from_slice(#key);
                    value.append_json(line);
                }
            }
        }
    });
    Ok(quote! {
        fn write_line(&self, line: &mut Vec<u8>) {
            #(#entries)*
            self.custom_fields.append_json(line);
            line.extend_from_slice(b"}\n");
        }
    })
}
