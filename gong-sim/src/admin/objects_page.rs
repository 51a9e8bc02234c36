//! The page of one type's objects, with its search.

use std::collections::HashMap;

use axum::extract::{Path, Query, State};
use axum::response::Response;
use http::StatusCode;
use maud::html;

use super::html::grouped;
use super::pages::{ROWS, page_number, pager, show, show_with};
use crate::object_type::ObjectType;
use crate::shared::SharedRef;
use crate::store::State as SimState;

pub(super) async fn objects(
    State(shared): State<SharedRef>,
    Path(object_type): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let Some(object_type) = ObjectType::from_name(&object_type) else {
        return show_with(
            StatusCode::NOT_FOUND,
            "No such type",
            &html! { p { "There are no objects of this type." } },
        );
    };
    let search = query.get("q").map(String::as_str).unwrap_or_default();
    let page_number = page_number(&query);
    let state = shared.state();
    let (total, rows) = find(&state, object_type, search, page_number);
    let path = format!("/_sim/pages/objects/{object_type}");
    let content = html! {
        form method="get" action=(path) role="search" {
            label { "Text in the record " input type="search" name="q" value=(search) autofocus; }
            " " button { "Search" }
        }
        p id="count" { (grouped(total as u64)) @if search.is_empty() { " objects" } @else { " objects found" } }
        table {
            @for (id, record) in &rows {
                tr { td { code { (id) } } td { code { (record) } } }
            }
        }
        (pager(&path, &[("q", search)], page_number, total))
    };
    show(object_type.as_str(), &content)
}

/// How many records contain the text, and those of one page.
fn find(
    state: &SimState,
    object_type: ObjectType,
    search: &str,
    page_number: usize,
) -> (usize, Vec<(String, String)>) {
    let Some(integration) = state.current() else {
        return (0, Vec::new());
    };
    let table = integration.table(object_type);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let first = page_number.saturating_sub(1).saturating_mul(ROWS);
    if search.is_empty() {
        let rows = table.iter().skip(first).take(ROWS);
        return (
            table.len(),
            rows.map(|(id, bytes)| (id.to_owned(), text(bytes)))
                .collect(),
        );
    }
    let search = Search::new(search);
    let mut total = 0;
    let mut rows = Vec::new();
    for (id, bytes) in table.iter().filter(|(_, bytes)| search.is_in(bytes)) {
        if (first..first.saturating_add(ROWS)).contains(&total) {
            rows.push((id.to_owned(), text(bytes)));
        }
        total += 1;
    }
    (total, rows)
}

/// Finds the text in any case.
#[derive(Debug)]
struct Search {
    lower: String,
}

impl Search {
    fn new(text: &str) -> Self {
        Self {
            lower: text.to_lowercase(),
        }
    }

    fn is_in(&self, record: &[u8]) -> bool {
        let needle = self.lower.as_bytes();
        let Some(first) = needle.first() else {
            return true;
        };
        if !self.lower.is_ascii() {
            let record = String::from_utf8_lossy(record).to_lowercase();
            return record.contains(&self.lower);
        }
        // Most records do not match, and plain letters can be compared without a copy.
        memchr::memchr2_iter(*first, first.to_ascii_uppercase(), record).any(|start| {
            record[start..]
                .get(..needle.len())
                .is_some_and(|found| found.eq_ignore_ascii_case(needle))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_found_in_any_case() {
        let record = "{\"name\":\"ÄRGER Gmbh\"}".as_bytes();
        for text in ["gmbh", "GMBH", "ärger", "\"name\"", ""] {
            assert!(Search::new(text).is_in(record), "{text}");
        }
        for text in ["gmbhx", "arger", "}}"] {
            assert!(!Search::new(text).is_in(record), "{text}");
        }
    }
}
