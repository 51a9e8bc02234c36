//! What `--help` says of each command.

use crate::invocation::{Invocation, assert_transcript};

#[test]
fn help_of_every_command_is_worth_reading() {
    for (name, arguments) in [
        ("help", &["--help"][..]),
        ("help_check", &["check", "--help"]),
        ("help_push", &["push", "--help"]),
        ("help_resume", &["resume", "--help"]),
        ("help_jobs", &["jobs", "--help"]),
        ("help_status", &["status", "--help"]),
        ("help_integration", &["integration", "--help"]),
        (
            "help_integration_register",
            &["integration", "register", "--help"],
        ),
        ("help_sim", &["sim", "--help"]),
    ] {
        assert_transcript!(name, Invocation::new(arguments));
    }
}
