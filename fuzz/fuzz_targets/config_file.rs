//! Does a config file ever bring the parser down, or an error a secret to light?
//!
//! The text is read as it is, and once more with a marked secret before it: whatever is wrong with
//! the rest, no error may repeat the mark.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../gong-crm-cli/src/config_file.rs"]
#[allow(dead_code, reason = "the command uses what this target does not")]
mod config_file;

use config_file::ConfigFile;

const MARK: &str = "h4nter2-h4nter2";

fuzz_target!(|text: &str| {
    match ConfigFile::parse(text) {
        Ok(file) => drop(file.has_secrets()),
        Err(error) => assert!(error.line <= text.lines().count() + 1, "{error:?}"),
    }
    for quote in ["\"", "'", ""] {
        let marked = format!("access-key-secret = {quote}{MARK}{text}");
        if let Err(error) = ConfigFile::parse(&marked) {
            assert!(!format!("{error:?}").contains(MARK), "{error:?}");
        }
    }
});
