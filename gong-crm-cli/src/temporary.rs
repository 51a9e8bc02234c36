//! Where temporary files are, which hold records: in a folder of this process, that the next one deletes
//! if this one is killed.

use gong_crm::io::work_folder::WorkFolder;

use crate::args::Command;

/// What the names of the folders begin with.
const PREFIX: &str = "gong-crm-";

/// Has all temporary files of a command be made in one folder, as long as this value lives. Where no
/// folder can be made, they are made beside each other, as long as there is need for any.
pub(crate) fn folder(command: &Command) -> Option<WorkFolder> {
    if !has_records(command) {
        return None;
    }
    let folder = WorkFolder::create_in(&std::env::temp_dir(), PREFIX).ok()?;
    // Only the first one counts, and there is no other.
    drop(tempfile::env::override_temp_dir(folder.path()));
    Some(folder)
}

/// Whether a command reads records.
fn has_records(command: &Command) -> bool {
    matches!(
        command,
        Command::Check(_)
            | Command::Convert(_)
            | Command::Push(_)
            | Command::Plan(_)
            | Command::Sync(_)
            | Command::Singer(_)
            | Command::Resume(_)
            | Command::Drift(_)
            | Command::Doctor(_)
    )
}
