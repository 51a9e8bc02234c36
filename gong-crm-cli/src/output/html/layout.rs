//! The layout of pages. They have no script, load nothing, and say in text what their colors mean.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Chart, Fill, Page, Section, Table, Tone};
use crate::output::escape::plain;

const STYLE: &str = include_str!("page.css");

/// A browser obeys this before it reads the rest: nothing is loaded, nothing is run.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

impl Page {
    /// The page as HTML.
    pub(crate) fn html(&self) -> String {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta http-equiv="Content-Security-Policy" content=(POLICY);
                    meta name="referrer" content="no-referrer";
                    meta name="color-scheme" content="light dark";
                    title { (plain(&self.title)) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    a class="skip" href="#main" { "Skip to the results" }
                    header {
                        h1 { (plain(&self.title)) }
                        p class="quiet" {
                            "gong-crm " (self.version) ", written at "
                            time datetime=(self.time.strftime("%Y-%m-%dT%H:%M:%S%:z")) {
                                (self.time.strftime("%Y-%m-%d %H:%M %:z"))
                            }
                        }
                    }
                    main id="main" { (self.results()) }
                }
            }
        }
        .into_string()
    }

    fn results(&self) -> Markup {
        html! {
            @if let Some(verdict) = &self.verdict {
                p {
                    span class={ "verdict " (verdict.tone.class()) } { (verdict.word) }
                    " " (verdict.meaning)
                }
            }
            dl class="facts" {
                @for fact in &self.facts {
                    div { dt { (fact.name) } dd { (fact.value) } }
                }
            }
            @for section in &self.sections { (section.html()) }
        }
    }
}

impl Section {
    fn html(&self) -> Markup {
        html! {
            section {
                h2 { (plain(&self.heading)) }
                @for line in &self.lines { p { (plain(line)) } }
                @if let Some(chart) = &self.chart { (chart.html()) }
                @if let Some(table) = &self.table { (table.html()) }
            }
        }
    }
}

impl Chart {
    fn html(&self) -> Markup {
        html! {
            figure {
                figcaption { (self.caption) }
                @if !self.legend.is_empty() {
                    ul class="legend" {
                        @for entry in &self.legend {
                            li {
                                svg viewBox="0 0 10 10" aria-hidden="true" {
                                    rect class=(entry.fill.class()) width="10" height="10" {}
                                }
                                (entry.name)
                            }
                        }
                    }
                }
                @for bar in &self.bars {
                    @let described = format!("{}: {}", plain(&bar.label), bar.described);
                    div class="bar" {
                        span { (plain(&bar.label)) }
                        svg viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label=(described) {
                            title { (described) }
                            @for part in &bar.parts {
                                rect class=(part.fill.class()) x=(part.from) width=(part.width) height="10" {}
                            }
                        }
                        span class="value" { (bar.value) }
                    }
                }
            }
        }
    }
}

impl Table {
    fn html(&self) -> Markup {
        let class = |column: usize| {
            self.columns
                .get(column)
                .is_some_and(|column| column.is_number)
                .then_some("number")
        };
        html! {
            // The keyboard reaches it, so that a wide table can be scrolled without a mouse.
            div class="scroll" role="region" aria-label=(self.caption) tabindex="0" {
                table {
                    caption { (self.caption) }
                    thead {
                        tr {
                            @for (number, column) in self.columns.iter().enumerate() {
                                th scope="col" class=[class(number)] { (column.name) }
                            }
                        }
                    }
                    tbody {
                        @for row in &self.rows {
                            tr {
                                @for (number, cell) in row.iter().enumerate() {
                                    td class=[class(number)] { (plain(cell)) }
                                }
                            }
                        }
                    }
                }
            }
            @if let Some(more) = &self.more { p class="quiet" { (more) } }
        }
    }
}

impl Tone {
    fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }
}

impl Fill {
    fn class(self) -> &'static str {
        match self {
            Self::New => "fill-new",
            Self::Changed => "fill-changed",
            Self::Gone => "fill-gone",
            Self::Same => "fill-same",
            Self::Held => "fill-held",
        }
    }
}
