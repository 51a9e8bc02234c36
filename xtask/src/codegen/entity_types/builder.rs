//! A type's builder and its short constructor of deletions.

use anyhow::{Context, Result};
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::super::entity_model::{Entity, Field, Presence};
use super::rustdoc::{field_doc, literal};
use super::{always, article, docs, human, ident, rust_type};

pub(super) fn builder(entity: &Entity) -> Result<TokenStream> {
    let name = ident(&entity.name);
    let builder_name = ident(&format!("{}Builder", entity.name));
    let builder_module = ident(&format!("{}_builder", entity.module));
    let start_doc = docs(&format!(
        "Starts {} {}; [`build`]({builder_name}::build) checks it.",
        article(&entity.object_type),
        human(&entity.object_type),
    ));
    let finish_doc = docs(
        "Checks every value against Gong's rules and makes the record.\n\n\
         # Errors\n\n\
         [`InvalidRecord`] lists every value that breaks a rule, each with the rule's name.",
    );
    let builder_doc = docs(&format!(
        "Builds {} [`{}`], one setter a field; made by [`{}::builder`].",
        article(&entity.name),
        entity.name,
        entity.name
    ));
    let parameters = entity.fields.iter().map(|field| {
        let docs = docs(&field_doc(field));
        let name = ident(&field.rust_name);
        let kind = rust_type(field);
        if always(field) {
            quote! { #docs #name: Input<#kind> }
        } else {
            quote! { #docs #name: Option<Input<#kind>> }
        }
    });
    let taken = entity.fields.iter().map(|field| {
        let name = ident(&field.rust_name);
        let wire = &field.name;
        if always(field) {
            quote! { let #name = validation.take(#wire, Some(#name)); }
        } else {
            quote! { let #name = validation.take(#wire, #name); }
        }
    });
    let assemble = assemble(entity);
    let deletion = deletion(entity)?;
    Ok(quote! {
        #[bon::bon]
        impl #name {
            #start_doc
            #[builder(
                start_fn(name = builder, vis = "pub"),
                finish_fn(name = build, vis = "pub", doc { #finish_doc }),
                builder_type(name = #builder_name, vis = "pub", doc { #builder_doc }),
                state_mod(name = #builder_module, vis = "pub"),
                on(_, into),
            )]
            fn from_inputs(
                #[builder(field)] custom: CustomInput,
                #(#parameters,)*
            ) -> Result<Self, InvalidRecord> {
                let mut validation = Validation::new(&LINE_FORMAT);
                #(#taken)*
                let custom_fields = validation.custom(custom);
                #assemble
            }

            #deletion
        }

        impl<S: #builder_module::State> #builder_name<S> {
            /// Adds a custom field, with any value that is JSON; shown in Gong once the field is
            /// in the entity schema.
            pub fn custom(mut self, name: impl Into<String>, value: impl serde::Serialize) -> Self {
                self.custom.push(name.into(), &value);
                self
            }
        }
    })
}

/// The end of both ways into the type: all required values at hand and no rule broken, or an error.
pub(super) fn assemble(entity: &Entity) -> TokenStream {
    let required: Vec<Ident> = entity
        .fields
        .iter()
        .filter(|field| field.presence == Presence::Required)
        .map(|field| ident(&field.rust_name))
        .collect();
    let all: Vec<Ident> = entity
        .fields
        .iter()
        .map(|field| ident(&field.rust_name))
        .collect();
    quote! {
        match (validation.finish(), #(#required),*) {
            (Ok(()), #(Some(#required)),*) => Ok(Self { #(#all,)* custom_fields }),
            (Ok(()), ..) => Err(InvalidRecord::incomplete(&LINE_FORMAT)),
            (Err(invalid), ..) => Err(invalid),
        }
    }
}

/// The short constructor of a deletion, where Gong documents deletions of the type.
fn deletion(entity: &Entity) -> Result<TokenStream> {
    let field = entity.fields.iter().find(|field| field.name == "isDeleted");
    let Some(deleted) = field.filter(|field| field.discouraged.is_none()) else {
        return Ok(TokenStream::new());
    };
    let required: Vec<&Field> = entity
        .fields
        .iter()
        .filter(|field| field.presence == Presence::Required)
        .collect();
    let mut example = Vec::new();
    for field in &required {
        let value = field
            .example
            .as_ref()
            .context("a required field needs an example")?;
        example.push(literal(field, value));
    }
    let doc = docs(&format!(
        "The line that deletes {} {} from Gong.\n\n{}\n\n# Errors\n\n[`InvalidRecord`] when a value breaks a rule.\n\n```\nlet record = gong_records::{}::deletion({})?;\nassert!(record.is_deleted());\n# Ok::<(), gong_records::InvalidRecord>(())\n```",
        article(&entity.object_type),
        human(&entity.object_type),
        deleted.description,
        entity.name,
        example.join(", "),
    ));
    let parameters = required.iter().map(|field| {
        let name = ident(&field.rust_name);
        let kind = rust_type(field);
        quote! { #name: impl Into<Input<#kind>> }
    });
    let names: Vec<Ident> = required
        .iter()
        .map(|field| ident(&field.rust_name))
        .collect();
    let wires = required.iter().map(|field| &field.name);
    let values = entity.fields.iter().map(|field| {
        let name = ident(&field.rust_name);
        match (field.presence, field.name.as_str()) {
            (Presence::Required, _) => quote! { #name },
            (_, "isDeleted") => quote! { #name: Some(true) },
            _ => quote! { #name: None },
        }
    });
    Ok(quote! {
        #doc
        pub fn deletion(#(#parameters),*) -> Result<Self, InvalidRecord> {
            let mut validation = Validation::new(&LINE_FORMAT);
            #(let #names = validation.take(#wires, Some(#names.into()));)*
            match (validation.finish(), #(#names),*) {
                (Ok(()), #(Some(#names)),*) => {
                    Ok(Self { #(#values,)* custom_fields: CustomFields::default() })
                }
                (Ok(()), ..) => Err(InvalidRecord::incomplete(&LINE_FORMAT)),
                (Err(invalid), ..) => Err(invalid),
            }
        }
    })
}
