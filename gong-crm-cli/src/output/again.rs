//! Commands that a hint names, with the options that this one was given.

use std::fmt::Write as _;

use crate::args::Global;
use crate::shell::shell_word;

/// `gong-crm` with these words, and the same ledger, config and profile.
pub(crate) fn command(global: &Global, words: &[&str]) -> String {
    let mut line = "gong-crm".to_owned();
    let mut add = |word: &str| {
        // Writing into a text can't fail.
        let _ = write!(line, " {}", shell_word(word));
    };
    for word in words {
        add(word);
    }
    let paths = [("--ledger", &global.ledger), ("--config", &global.config)];
    for (name, path) in paths {
        if let Some(path) = path {
            add(name);
            add(&path.to_string_lossy());
        }
    }
    if let Some(profile) = &global.profile {
        add("--profile");
        add(profile);
    }
    line
}
