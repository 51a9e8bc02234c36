//! The location and the description of snapshots.

use insta::Settings;

/// Compares a text with `tests/snapshots/{name}.snap`; the description is a sentence for its reader.
#[track_caller]
pub(crate) fn snapshot(name: &str, description: &str, text: &str) {
    let mut settings = Settings::clone_current();
    settings.set_snapshot_path("../../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_description(description);
    settings.bind(|| insta::assert_snapshot!(name, text));
}
