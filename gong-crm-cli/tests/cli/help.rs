//! What `--help` says of each command.

use crate::invocation::{Invocation, assert_transcript};

#[test]
fn help_of_every_command_is_worth_reading() {
    let all = commands(&[]);
    assert!(all.len() > 25, "{all:?}");
    for command in all {
        let name = ["help"]
            .iter()
            .copied()
            .chain(command.iter().map(String::as_str));
        let name = name.collect::<Vec<_>>().join("_").replace('-', "_");
        assert_transcript!(name, help(&command));
    }
}

pub(crate) fn help(command: &[String]) -> Invocation {
    let words = command.iter().map(String::as_str).chain(["--help"]);
    Invocation::new(&words.collect::<Vec<_>>())
}

/// A command and all within it, as its help lists them.
pub(crate) fn commands(command: &[String]) -> Vec<Vec<String>> {
    let text = String::from_utf8(help(command).output().stdout).unwrap();
    let listed = text
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help");
    let mut all = vec![command.to_vec()];
    for name in listed {
        all.extend(commands(&[command, &[name.to_owned()]].concat()));
    }
    all
}
