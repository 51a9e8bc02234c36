//! A type's table of fields.

use anyhow::{Context, Result};
use proc_macro2::TokenStream;
use quote::quote;

use super::super::entity_model::{Entity, Field, Kind, Presence, pascal_case};
use super::super::json_schema;
use super::super::spec::Spec;
use super::{ident, plain};

pub(super) fn line_format(spec: &Spec, entity: &Entity) -> Result<TokenStream> {
    let name = &entity.name;
    let object_type = ident(&pascal_case(&entity.object_type));
    let file_stem = &entity.file_stem;
    let description = &entity.description;
    let entity_schema = entity.has_schema;
    let load_order = u8::try_from(entity.load_order).context("x-load-order is too large")?;
    let retired = entity
        .retired_names
        .iter()
        .map(|(old, new)| quote! { (#old, #new) });
    let fields = entity.fields.iter().map(field_entry);
    let json_schema = serde_json::to_string(&json_schema::schema(spec, entity)?)?;
    Ok(quote! {
        static LINE_FORMAT: LineFormat = LineFormat {
            name: #name,
            object_type: ObjectType::#object_type,
            file_stem: #file_stem,
            description: #description,
            entity_schema: #entity_schema,
            load_order: #load_order,
            retired_names: &[#(#retired),*],
            fields: &[#(#fields),*],
            json_schema: #json_schema,
        };
    })
}

fn field_entry(field: &Field) -> TokenStream {
    let name = &field.name;
    let description = &field.description;
    let kind = match &field.kind {
        Kind::Scalar(scalar) => {
            let scalar = ident(scalar);
            quote! { FieldKind::#scalar }
        }
        Kind::Text => quote! { FieldKind::Text },
        Kind::Boolean => quote! { FieldKind::Boolean },
        Kind::Integer { minimum, is_int32 } => {
            let minimum = option(minimum.as_ref());
            let maximum = if *is_int32 {
                quote! { Some(crate::record::MAX_INT32) }
            } else {
                quote! { None }
            };
            quote! { FieldKind::Integer { minimum: #minimum, maximum: #maximum } }
        }
        Kind::TextList => quote! { FieldKind::TextList },
        Kind::Choice { words, .. } => quote! { FieldKind::Choice(&[#(#words),*]) },
    };
    let presence = match field.presence {
        Presence::Required => quote! { Presence::Required },
        Presence::UnlessDeleted => quote! { Presence::UnlessDeleted },
        Presence::Optional => quote! { Presence::Optional },
    };
    let references = match &field.references {
        Some(target) => {
            let target = ident(&pascal_case(target));
            quote! { Some(ObjectType::#target) }
        }
        None => quote! { None },
    };
    let when_missing = option(field.when_missing.as_ref());
    let discouraged = option(field.discouraged.as_ref());
    let undocumented = field.undocumented;
    let max_length = option(
        field
            .max_length
            .map(proc_macro2::Literal::u64_unsuffixed)
            .as_ref(),
    );
    let default = field
        .derived_default
        .clone()
        .or_else(|| field.default.as_ref().map(plain));
    let default = option(default.as_ref());
    let example = option(field.example.as_ref().map(plain).as_ref());
    quote! {
        Field {
            name: #name,
            description: #description,
            kind: #kind,
            presence: #presence,
            references: #references,
            when_missing: #when_missing,
            discouraged: #discouraged,
            undocumented: #undocumented,
            max_length: #max_length,
            default: #default,
            example: #example,
        }
    }
}

fn option<T: quote::ToTokens>(value: Option<&T>) -> TokenStream {
    match value {
        Some(value) => quote! { Some(#value) },
        None => quote! { None },
    }
}
