//! Custom fields, for the columns that are not one of Gong's fields.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::Writer;
use crate::mapping::draft::header::Header;
use crate::mapping::draft::settings::Content;
use crate::mapping::draft::toml_text::{field_name, quoted};

impl Writer<'_> {
    /// The columns that are none of Gong's fields.
    pub(super) fn custom(&mut self) {
        let file = self.document.file;
        let format = file.object_type.line_format();
        if !format.entity_schema {
            return;
        }
        let deleted = file.roles.column("isDeleted");
        self.used.extend(deleted);
        let mut taken: BTreeSet<String> = format
            .fields
            .iter()
            .map(|field| field.name.to_lowercase())
            .collect();
        let mut names = BTreeMap::<&str, usize>::new();
        for column in &file.table.columns {
            *names.entry(&column.name).or_default() += 1;
        }
        let mut text = String::new();
        let mut nameless = BTreeSet::new();
        for (index, column) in file.table.columns.iter().enumerate() {
            // What a list holds are records of their own.
            let is_of_list = Header::new(&column.name).list_of.is_some_and(|of| {
                let mut fields = format.fields.iter();
                fields.all(|field| field.references != Some(of))
            });
            if self.used.contains(&index) || column.is_of_parent || is_of_list {
                continue;
            }
            if column.name.is_empty() || names.get(column.name.as_str()) != Some(&1) {
                nameless.insert(quoted(&column.name));
                continue;
            }
            let content = self.content(index);
            let field = field_name(&column.name, format, &mut taken);
            if content == Content::Nothing {
                let _ = writeln!(
                    text,
                    "# {field} = {{ from = {}, type = \"STRING\" }}  # every cell is empty",
                    quoted(&column.name)
                );
                continue;
            }
            self.needs_zone |= matches!(
                content,
                Content::DateTime {
                    has_zone: false,
                    ..
                }
            );
            let is_text = matches!(content, Content::Text | Content::List);
            let empty = self.empty(&[index]).filter(|_| !is_text);
            let mut keys = String::new();
            for key in self.strip(index).into_iter().chain(empty) {
                let _ = write!(keys, " {key},");
            }
            let _ = writeln!(
                text,
                "{field} = {{ from = {},{keys} type = \"{}\" }}",
                quoted(&column.name),
                content.field_type()
            );
        }
        if !text.is_empty() {
            self.fields += "\n# Custom fields. Gong shows those that the entity schema declares.\n";
            self.fields += &text;
        }
        if !nameless.is_empty() {
            let names: Vec<String> = nameless.into_iter().collect();
            let _ = writeln!(
                self.fields,
                "\n# Left out, because they have no name, or the same name twice: {}",
                names.join(", ")
            );
        }
    }
}
