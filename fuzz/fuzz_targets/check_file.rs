//! The check finishes with every file, and each finding has an existing position.

#![no_main]

use gong_crm::ObjectType;
use gong_crm::check::{Options, check_reader};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, content)) = bytes.split_first() else {
        return;
    };
    let object_type = ObjectType::ALL[usize::from(choice % 6)];
    let lines: Vec<String> = content
        .split(|byte| *byte == b'\n')
        .map(|line| String::from_utf8_lossy(line).into_owned())
        .collect();
    let options = Options::default();
    let summary = check_reader(content, "fuzz", object_type, &options, &mut |finding| {
        if finding.line > 0 {
            let line = &lines[usize::try_from(finding.line).unwrap_or(usize::MAX) - 1];
            assert!(finding.column >= 1, "{finding:?}");
            assert!(finding.column <= line.chars().count() as u64 + 1, "{finding:?}");
        }
        assert!(!finding.message.is_empty());
    });
    assert!(summary.is_ok());
});
