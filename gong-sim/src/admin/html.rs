//! The common parts of the pages: frame, style, links.

use maud::{DOCTYPE, Markup, PreEscaped, html};

/// The title of the first page.
pub(super) const START: &str = "Gong simulator";

/// A page with the common frame.
pub(super) fn page(title: &str, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) @if title != START { " · " (START) } }
                // Without one, browsers ask for /favicon.ico.
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body {
                nav aria-label="Pages" {
                    a href="/_sim/" { (START) }
                    a href="/_sim/pages/uploads" { "Uploads" }
                    a href="/_sim/pages/requests" { "Requests" }
                    a href="/_sim/pages/rules" { "Rules" }
                    a href="/_sim/pages/endpoints" { "Endpoints" }
                }
                main {
                    h1 { (title) }
                    (content)
                }
            }
        }
    }
}

/// A link with a query whose values may be any text.
pub(super) fn link(path: &str, query: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(query)
        .finish();
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    }
}

/// Digits in groups of three.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// The status of an upload, readable without colors too.
pub(super) fn status_mark(status: &str) -> Markup {
    html! { span class={ "status " (status) } { (status) } }
}

const STYLE: &str = "
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --bad: #c0392b; --good: #1e8449; --link: #0645ad; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0; background: Canvas; color: CanvasText; }
nav { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; padding: .6rem 1.2rem; border-bottom: 1px solid var(--line); }
nav a:first-child { font-weight: 700; }
main { padding: .2rem 1.2rem 3rem; max-width: 90rem; }
main { overflow-x: auto; } h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; } th, td { text-align: left; padding: .25rem .8rem .25rem 0; vertical-align: top; }
tr { border-bottom: 1px solid var(--line); } td.number { text-align: right; font-variant-numeric: tabular-nums; }
code, pre { font: 13px/1.45 ui-monospace, monospace; overflow-wrap: anywhere; white-space: pre-wrap; margin: 0; }
pre { background: var(--soft); padding: .4rem .6rem; }
a { color: var(--link); } .status { font-weight: 600; } .DONE { color: var(--good); } .FAILED { color: var(--bad); }
td.name code { white-space: nowrap; }
.note { opacity: .75; } form.inline { display: inline; } input, button { font: inherit; }
@media (prefers-color-scheme: dark) { :root { --bad: #ff8a7a; --good: #5fd68b; --link: #8ab4f8; } }
@media (max-width: 40rem) {
  table.rows tr { display: block; padding: .5rem 0; } table.rows td { display: block; padding: 0; }
  table.rows th { display: none; } table.rows td.number { text-align: left; }
  table.rows td[data-label]::before { content: attr(data-label) \": \"; opacity: .75; }
}
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }

    #[test]
    fn links_can_have_any_value() {
        assert_eq!(link("/x", &[("q", "a&b=c d\"")]), "/x?q=a%26b%3Dc+d%22");
        assert_eq!(link("/x", &[]), "/x");
    }
}
