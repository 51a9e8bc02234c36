//! A row as a JSON object.

use std::io::{self, Write};

/// Writes rows as JSON objects, one per line. Columns without a value are omitted.
#[derive(Debug)]
pub(super) struct RowWriter {
    /// Each column's name as a JSON string with its colon.
    keys: Vec<String>,
    line: Vec<u8>,
}

impl RowWriter {
    pub(super) fn new(keys: impl Iterator<Item = impl AsRef<str>>) -> Self {
        Self {
            keys: keys
                .map(|name| format!("{}:", serde_json::Value::from(name.as_ref())))
                .collect(),
            line: Vec::new(),
        }
    }

    pub(super) fn begin(&mut self) {
        self.line.clear();
        self.line.push(b'{');
    }

    /// Adds a value that is JSON already, such as a number.
    pub(super) fn json(&mut self, column: usize, json: &str) {
        self.key(column);
        self.line.extend_from_slice(json.as_bytes());
    }

    /// Adds a text.
    pub(super) fn text(&mut self, column: usize, text: &str) {
        self.key(column);
        // Writing a string into memory does not fail.
        drop(serde_json::to_writer(&mut self.line, text));
    }

    fn key(&mut self, column: usize) {
        if self.line.len() > 1 {
            self.line.push(b',');
        }
        let key = self.keys.get(column).map_or("", String::as_str);
        self.line.extend_from_slice(key.as_bytes());
    }

    pub(super) fn end(&mut self, to: &mut impl Write) -> io::Result<()> {
        self.line.extend_from_slice(b"}\n");
        to.write_all(&self.line)
    }
}
