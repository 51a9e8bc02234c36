//! What `--help` says of each command.

use crate::invocation::{Invocation, assert_transcript};

#[test]
fn help_of_every_command_is_worth_reading() {
    for (name, arguments) in [
        ("help", &["--help"][..]),
        ("help_check", &["check", "--help"]),
        ("help_convert", &["convert", "--help"]),
        ("help_push", &["push", "--help"]),
        ("help_resume", &["resume", "--help"]),
        ("help_jobs", &["jobs", "--help"]),
        ("help_status", &["status", "--help"]),
        ("help_integration", &["integration", "--help"]),
        (
            "help_integration_register",
            &["integration", "register", "--help"],
        ),
        (
            "help_integration_delete",
            &["integration", "delete", "--help"],
        ),
        ("help_schema", &["schema", "--help"]),
        ("help_schema_pull", &["schema", "pull", "--help"]),
        ("help_schema_plan", &["schema", "plan", "--help"]),
        ("help_schema_apply", &["schema", "apply", "--help"]),
        ("help_objects_get", &["objects", "get", "--help"]),
        ("help_objects_verify", &["objects", "verify", "--help"]),
        (
            "help_meetings_readiness",
            &["meetings", "readiness", "--help"],
        ),
        ("help_meetings_create", &["meetings", "create", "--help"]),
        ("help_meetings_update", &["meetings", "update", "--help"]),
        ("help_meetings_delete", &["meetings", "delete", "--help"]),
        ("help_doctor", &["doctor", "--help"]),
        ("help_sim", &["sim", "--help"]),
        ("help_json_schema", &["json-schema", "--help"]),
        ("help_completions", &["completions", "--help"]),
        ("help_man", &["man", "--help"]),
    ] {
        assert_transcript!(name, Invocation::new(arguments));
    }
}
