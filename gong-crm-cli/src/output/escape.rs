//! Makes any text safe to print: it stays on its line, and it acts on neither terminal nor CI runner.

use std::fmt::Write as _;
use std::sync::LazyLock;

/// The most characters of one line; a terminal shows some 20 lines of it.
const MAX_CHARS: usize = 4_000;

// Styles are noncharacters inside a line, so that an escape sequence in a text can be told from ours.

/// Begins the style of errors.
pub(crate) const ERROR: &str = "\u{FDD0}";
/// Begins the style of warnings.
pub(crate) const WARNING: &str = "\u{FDD1}";
/// Begins the style of places and frames around excerpts.
pub(crate) const FRAME: &str = "\u{FDD2}";
/// Begins the style of advice.
pub(crate) const HINT: &str = "\u{FDD3}";
/// Ends any style.
pub(crate) const NORMAL: &str = "\u{FDD4}";

/// Whether the output is read by a runner that takes some lines for commands: those of GitHub, of
/// Azure, and `TeamCity`.
pub(crate) fn is_runner() -> bool {
    static IS_RUNNER: LazyLock<bool> = LazyLock::new(|| {
        is_github_runner()
            || std::env::var_os("TF_BUILD").is_some()
            || std::env::var_os("TEAMCITY_VERSION").is_some()
    });
    *IS_RUNNER
}

/// Whether the output is read by GitHub's runner.
pub(crate) fn is_github_runner() -> bool {
    std::env::var("GITHUB_ACTIONS").is_ok_and(|value| value == "true")
}

/// The line with control characters, C1, line breaks and text-direction characters written as
/// `\u{..}`, cut after a number of characters.
pub(crate) fn line(text: &str) -> String {
    let safe = escaped(text);
    if is_runner() {
        without_commands(&safe)
    } else {
        safe
    }
}

/// The text for a page: without what turns or hides the text around it, and of any length.
pub(crate) fn plain(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if is_active(character) {
            // Writing into a text can't fail.
            let _ = write!(safe, "{}", character.escape_unicode());
        } else {
            safe.push(character);
        }
    }
    safe
}

/// A page as it can stand in the log of a runner, where `##[name]` anywhere is a command.
pub(crate) fn page(html: String) -> String {
    if is_runner() {
        between_hashes(&html, "&ZeroWidthSpace;")
    } else {
        html
    }
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for (number, character) in text.chars().enumerate() {
        if number >= MAX_CHARS {
            safe.push('…');
            safe.push_str("\x1b[0m");
            break;
        }
        match character {
            '\u{FDD0}' => safe.push_str("\x1b[1m\x1b[31m"),
            '\u{FDD1}' => safe.push_str("\x1b[1m\x1b[33m"),
            '\u{FDD2}' => safe.push_str("\x1b[1m\x1b[34m"),
            '\u{FDD3}' => safe.push_str("\x1b[1m\x1b[36m"),
            '\u{FDD4}' => safe.push_str("\x1b[0m"),
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            '\t' => safe.push_str("\\t"),
            character if is_active(character) => {
                // Writing into a text can't fail.
                let _ = write!(safe, "{}", character.escape_unicode());
            }
            character => safe.push(character),
        }
    }
    safe
}

/// A JSON text with the same characters written as `\u....`: they can only be inside its strings.
pub(crate) fn json(text: &str) -> String {
    if !text.contains(is_active) && !is_runner() {
        return text.to_owned();
    }
    let text = text.replace("##", "#\\u0023");
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_active(character) {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(character);
        }
    }
    safe
}

/// Whether a character moves the cursor, ends a line, or turns the direction of the text around it.
fn is_active(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}'
                | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
        )
}

/// The line without what a runner takes for a command: `::name::` at its beginning, and `##[name]`,
/// `##vso[name]` or `##teamcity[name]` anywhere.
fn without_commands(text: &str) -> String {
    let text = between_hashes(text, "\u{200b}");
    let start = text.trim_start();
    if start.starts_with("::") {
        let blank = &text[..text.len() - start.len()];
        format!("{blank}\\{start}")
    } else {
        text
    }
}

/// The text with something between any two `#` that follow each other, however many there are.
fn between_hashes(text: &str, separator: &str) -> String {
    let mut separated = String::with_capacity(text.len());
    let mut last = ' ';
    for character in text.chars() {
        if (last, character) == ('#', '#') {
            separated.push_str(separator);
        }
        separated.push(character);
        last = character;
    }
    separated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn active_characters_are_escaped_and_styles_kept() {
        for (text, expected) in [
            ("Müller & Söhne 株式会社", "Müller & Söhne 株式会社"),
            ("a\nb\r\tc", "a\\nb\\r\\tc"),
            ("\x1b[2Jx\u{7}", "\\u{1b}[2Jx\\u{7}"),
            ("\u{9b}31m \u{85}", "\\u{9b}31m \\u{85}"),
            (
                "a\u{202e}b\u{2066}c\u{2028}",
                "a\\u{202e}b\\u{2066}c\\u{2028}",
            ),
            ("\u{FDD0}error:\u{FDD4} x", "\x1b[1m\x1b[31merror:\x1b[0m x"),
        ] {
            assert_eq!(escaped(text), expected, "{text:?}");
        }
    }

    #[test]
    fn long_line_is_cut() {
        let long = "x".repeat(1_000_000);
        assert!(escaped(&long).len() < 5_000);
    }

    #[test]
    fn json_keeps_its_meaning() {
        let value = serde_json::json!({"a": "\u{9b}\u{202e}ok\u{7f}\n"});
        let text = json(&value.to_string());
        assert!(!text.chars().any(is_active), "{text}");
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&text).unwrap(),
            value
        );
    }

    #[test]
    fn commands_of_a_runner_are_no_commands_any_more() {
        for text in [
            "::add-mask::x",
            "  ::error::x",
            "a ##[error]x",
            "###[error]x",
            "####vso[x]",
        ] {
            let safe = without_commands(text);
            assert!(!safe.trim_start().starts_with("::"), "{safe}");
            assert!(!safe.contains("##"), "{safe}");
        }
        assert_eq!(between_hashes("a###[error]#", "|"), "a#|#|#[error]#");
        assert_eq!(without_commands("src/a::b"), "src/a::b");
    }
}
