//! Whether the scanner and the exact check agree, for tests and fuzzing.

use super::blocks::PADDING;
use super::context::CheckContext;
use super::ids::IdIndex;
use super::names::NameCache;
use super::record::{FixedLines, RecordChecker, inspect};
use super::scan::{Scanned, Scanner};
use super::severities::{Severities, SeverityTable};
use crate::object_type::ObjectType;
use crate::schema::EntitySchema;

/// Checks each line in both ways and compares.
///
/// Not part of the public interface: it is for the tests and the fuzzing of the check.
#[derive(Debug)]
pub struct Differential<'a> {
    context: CheckContext<'a>,
    scanner: Scanner<'a>,
    names: NameCache,
}

/// The findings of the fast path and the full check in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The scanner accepted it, and the exact check finds it good.
    Good,
    /// The scanner read it, and both find the same problems.
    Same,
    /// The scanner did not read it.
    NotRead {
        /// Whether the exact check finds it good.
        is_good: bool,
    },
}

/// The context of a [`Differential`].
#[derive(Debug)]
pub struct Setup {
    object_type: ObjectType,
    schema: Option<EntitySchema>,
    known_ids: IdIndex,
}

impl Setup {
    /// A comparison of lines of this type.
    pub fn new(object_type: ObjectType, schema: Option<EntitySchema>) -> Self {
        Self {
            object_type,
            schema,
            known_ids: IdIndex::default(),
        }
    }

    /// Begins to compare.
    pub fn differential(&self) -> Differential<'_> {
        let context = CheckContext::new(self.object_type, self.schema.as_ref(), &self.known_ids);
        let severities = SeverityTable::new(&Severities::default());
        Differential {
            context,
            scanner: Scanner::new(&context, &severities),
            names: NameCache::new(context.format),
        }
    }
}

impl Differential<'_> {
    /// Checks a line in both ways; what follows a line feed is omitted.
    ///
    /// # Errors
    ///
    /// The difference.
    pub fn compare(&mut self, line: &[u8]) -> Result<Verdict, String> {
        let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let mut bytes = line.to_vec();
        bytes.push(b'\n');
        // What follows a line must not matter, so let it be something that would.
        bytes.extend(br#"","objectId":"X"}"#);
        bytes.resize(line.len() + 1 + PADDING, b'"');
        let mut scanned = Scanned::default();
        let next = self.scanner.scan(&bytes, 0, &mut scanned);
        let Ok(text) = str::from_utf8(line) else {
            return match next {
                None => Ok(Verdict::NotRead { is_good: false }),
                Some(_) => Err("the scanner read a line that is not UTF-8".to_owned()),
            };
        };
        let text = text.strip_suffix('\r').unwrap_or(text);
        let expected = inspect(text, false, false, &self.context, &mut self.names, None);
        let is_good = expected.problems.is_empty();
        let fixed = FixedLines {
            scanner: &mut self.scanner,
            scanned: &mut Scanned::default(),
            bytes: &mut Vec::new(),
        };
        let context = &self.context;
        let again = inspect(text, false, false, context, &mut self.names, Some(fixed));
        if again != expected {
            return Err(format!("{again:#?} after a fix, instead of {expected:#?}"));
        }
        let Some(next) = next else {
            return Ok(Verdict::NotRead { is_good });
        };
        if next != line.len() + 1 {
            return Err(format!(
                "the line ends at {}, not at {next}",
                line.len() + 1
            ));
        }
        // A line that is accepted at once must also be accepted by the full check.
        let was_accepted = scanned.is_good() && scanned.names.is_empty();
        if was_accepted && !is_good {
            return Err(format!("accepted, and it has {:?}", expected.problems));
        }
        let checker = RecordChecker::new(&self.context, &mut self.names, true);
        let found = checker.doubts(text, 0, &self.scanner, &scanned, true);
        if found != expected {
            return Err(format!("{found:#?} instead of {expected:#?}"));
        }
        let checker = RecordChecker::new(&self.context, &mut self.names, false);
        let counted = checker.doubts(text, 0, &self.scanner, &scanned, true);
        let rules = |problems: &[super::finding::RawFinding]| {
            let mut rules = problems
                .iter()
                .map(|problem| problem.rule)
                .collect::<Vec<_>>();
            rules.sort();
            rules
        };
        if rules(&counted.problems) != rules(&expected.problems) {
            return Err(format!("counted {:?}", counted.problems));
        }
        Ok(if was_accepted {
            Verdict::Good
        } else {
            Verdict::Same
        })
    }
}
