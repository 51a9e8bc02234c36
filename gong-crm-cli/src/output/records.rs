//! Records that are not in Gong after a push or a sync.

use gong_crm::push::{FileReport, RecordError};

use crate::output::Output;
use crate::output::table::count;

/// How many of a file's errors a person is shown; JSON and the rejects file have all of them.
const SHOWN_ERRORS: usize = 50;

/// Records of a file that are not in Gong, each with the reason.
pub(crate) fn records(file: &FileReport, errors: &[&RecordError], output: Output) {
    let path = file.path.display();
    for error in errors.iter().take(SHOWN_ERRORS) {
        let record = match &error.object_id {
            Some(object_id) => format!("objectId {object_id}: "),
            None => String::new(),
        };
        let line = match error.source_line {
            0 => String::new(),
            line => format!(":{line}"),
        };
        output.stdout(&format!("{path}{line}: {record}{}", error.description));
    }
    if errors.len() > SHOWN_ERRORS {
        output.stdout(&format!(
            "{path}: {} more; `gong-crm rejects` lists them",
            count((errors.len() - SHOWN_ERRORS) as u64)
        ));
    }
}
