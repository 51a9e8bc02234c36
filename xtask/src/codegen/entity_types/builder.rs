//! A type's builder and its short constructor of deletions.

use anyhow::{Context, Result};
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::super::entity_model::{Entity, Field, Presence, pascal_case};
use super::rustdoc::{field_doc, literal};
use super::{always, article, docs, human, ident, rust_type};

pub(super) fn builder(entity: &Entity) -> Result<TokenStream> {
    let name = ident(&entity.name);
    let builder_name = ident(&format!("{}Builder", entity.name));
    let start_doc = docs(&format!(
        "Starts {} {}; [`build`]({builder_name}::build) checks it.",
        article(&entity.object_type),
        human(&entity.object_type),
    ));
    let required: Vec<&Field> = entity.fields.iter().filter(|field| always(field)).collect();
    let states: Vec<Ident> = required.iter().copied().map(state).collect();
    let set = required.iter().map(|_| quote! { Set });
    let builder_doc = docs(&format!(
        "Builds {} [`{}`], with one setter per field; created by [`{}::builder`].\n\n\
         Setters accept a value or an `Option`. The type parameters say which required fields are \
         set: [`build`](Self::build) exists only if all are.",
        article(&entity.name),
        entity.name,
        entity.name
    ));
    let kinds: Vec<TokenStream> = entity.fields.iter().map(rust_type).collect();
    let names: Vec<Ident> = entity
        .fields
        .iter()
        .map(|field| ident(&field.rust_name))
        .collect();
    let wires = entity.fields.iter().map(|field| &field.name);
    let missing = required.iter().map(|field| {
        let (name, wire) = (ident(&field.rust_name), &field.name);
        quote! {
            if #name.is_none() {
                validation.missing(#wire);
            }
        }
    });
    let setters = entity
        .fields
        .iter()
        .map(|field| setter(field, &builder_name, &required));
    let assemble = assemble(entity, &quote! { #name });
    let deletion = deletion(entity)?;
    Ok(quote! {
        #builder_doc
        #[derive(Debug, Clone)]
        #[must_use = "a builder makes a record with `build`"]
        pub struct #builder_name<#(#states = Unset),*> {
            inputs: Inputs,
            given: PhantomData<(#(#states,)*)>,
        }

        /// The inputs of a builder.
        #[derive(Debug, Clone, Default)]
        struct Inputs {
            #(#names: Input<#kinds>,)*
            custom: CustomInput,
        }

        impl #name {
            #start_doc
            pub fn builder() -> #builder_name {
                #builder_name {
                    inputs: Inputs::default(),
                    given: PhantomData,
                }
            }

            #deletion
        }

        impl<#(#states),*> #builder_name<#(#states),*> {
            #(#setters)*

            /// Adds a custom field, with any value that is JSON; shown in Gong once the field is
            /// in the entity schema.
            pub fn custom(mut self, name: impl Into<String>, value: impl serde::Serialize) -> Self {
                self.inputs.custom.push(name.into(), &value);
                self
            }
        }

        impl #builder_name<#(#set),*> {
            /// Checks every value against Gong's rules and makes the record.
            ///
            /// # Errors
            ///
            /// [`InvalidRecord`] lists every value that breaks a rule, each with the rule's name.
            pub fn build(self) -> Result<#name, InvalidRecord> {
                let mut validation = Validation::new(&LINE_FORMAT);
                #(let #names = validation.take(#wires, self.inputs.#names);)*
                #(#missing)*
                let custom_fields = validation.custom(self.inputs.custom);
                #assemble
            }
        }
    })
}

/// The parameter of a builder that says whether a required field was given.
fn state(field: &Field) -> Ident {
    ident(&format!("Has{}", pascal_case(&field.rust_name)))
}

fn setter(field: &Field, builder_name: &Ident, required: &[&Field]) -> TokenStream {
    let docs = docs(&field_doc(field));
    let name = ident(&field.rust_name);
    let kind = rust_type(field);
    if !always(field) {
        return quote! {
            #docs
            pub fn #name(mut self, #name: impl Into<Input<#kind>>) -> Self {
                self.inputs.#name = #name.into();
                self
            }
        };
    }
    let states = required.iter().map(|other| {
        if other.name == field.name {
            quote! { Set }
        } else {
            let state = state(other);
            quote! { #state }
        }
    });
    quote! {
        #docs
        pub fn #name(mut self, #name: impl Into<Input<#kind>>) -> #builder_name<#(#states),*> {
            self.inputs.#name = #name.into();
            #builder_name {
                inputs: self.inputs,
                given: PhantomData,
            }
        }
    }
}

/// The end of both ways into the type: all required values at hand and no rule broken, or an error.
pub(super) fn assemble(entity: &Entity, name: &TokenStream) -> TokenStream {
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
            (Ok(()), #(Some(#required)),*) => Ok(#name { #(#all,)* custom_fields }),
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
            #(let #names = validation.take(#wires, #names.into());)*
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
