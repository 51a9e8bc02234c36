//! Whether the fast way and the exact way agree, for tests and fuzzing.

use super::blocks::PADDING;
use super::ids::KnownIds;
use super::options::Options;
use super::record::{Yardstick, inspect};
use super::scan::{Scanned, Scanner};
use crate::record::ObjectType;
use crate::schema::EntitySchema;

/// Reads each line both ways and compares.
///
/// Not part of the public interface: it is there for the tests and the fuzzing of the check.
#[derive(Debug)]
pub struct Differential {
    object_type: ObjectType,
    schema: Option<EntitySchema>,
    scanner: Scanner,
    known_ids: KnownIds,
}

/// What the two ways said of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Both find it good.
    Good,
    /// Both find something to say, or the fast way leaves it to the exact one.
    Left {
        /// Whether the exact way finds it good after all.
        is_good: bool,
    },
}

impl Differential {
    /// A comparison for lines of this type.
    pub fn new(object_type: ObjectType, schema: Option<EntitySchema>) -> Self {
        let known_ids = KnownIds::default();
        let options = Options::default();
        let scanner = Scanner::new(
            &yardstick(object_type, schema.as_ref(), &known_ids),
            &options,
        );
        Self {
            object_type,
            schema,
            scanner,
            known_ids,
        }
    }

    /// Reads a line both ways; what follows a line feed is left out.
    ///
    /// # Errors
    ///
    /// What they disagree about.
    pub fn compare(&mut self, line: &[u8]) -> Result<Verdict, String> {
        let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let mut bytes = line.to_vec();
        bytes.push(b'\n');
        // What follows a line must not matter, so let it be something that would.
        bytes.extend(br#"","objectId":"X"}"#);
        bytes.resize(line.len() + 1 + PADDING, b'"');
        let mut scanned = Scanned::default();
        let accepted = self.scanner.scan(&bytes, 0, &mut scanned);
        let Ok(text) = str::from_utf8(line) else {
            return match accepted {
                None => Ok(Verdict::Left { is_good: false }),
                Some(_) => Err("a line was accepted that is not UTF-8".to_owned()),
            };
        };
        let text = text.strip_suffix('\r').unwrap_or(text);
        let yardstick = yardstick(self.object_type, self.schema.as_ref(), &self.known_ids);
        let inspection = inspect(text, false, false, &yardstick);
        let is_good = inspection.problems.is_empty();
        for (name, as_long_as) in &inspection.custom_names {
            self.scanner.learn(name, *as_long_as);
        }
        if accepted.is_none() {
            return Ok(Verdict::Left { is_good });
        }
        if accepted != Some(line.len() + 1) {
            return Err(format!(
                "the line ends at {}, not at {accepted:?}",
                line.len() + 1
            ));
        }
        if !is_good {
            return Err(format!(
                "a line was accepted that has {:?}",
                inspection.problems
            ));
        }
        let id = str::from_utf8(&line[scanned.object_id]).ok();
        if id != inspection.object_id.as_deref() {
            return Err(format!("the ids are {id:?} and {:?}", inspection.object_id));
        }
        let modified = scanned
            .modified
            .and_then(|range| str::from_utf8(&line[range]).ok());
        if modified != inspection.modified.as_ref().map(|(text, _)| text.as_str()) {
            return Err(format!(
                "the dates are {modified:?} and {:?}",
                inspection.modified
            ));
        }
        let email_address = scanned
            .email_address
            .and_then(|range| str::from_utf8(&line[range]).ok());
        let of_inspection = inspection.email_address.as_ref();
        if email_address != of_inspection.map(|(text, _)| text.as_str()) {
            return Err("the email addresses differ".to_owned());
        }
        if scanned.is_deleted != inspection.is_deleted {
            return Err("only one of them sees a deletion".to_owned());
        }
        Ok(Verdict::Good)
    }
}

fn yardstick<'a>(
    object_type: ObjectType,
    schema: Option<&'a EntitySchema>,
    known_ids: &'a KnownIds,
) -> Yardstick<'a> {
    Yardstick {
        format: object_type.line_format(),
        schema: schema.filter(|schema| schema.fields(object_type).is_some()),
        known_ids,
    }
}
