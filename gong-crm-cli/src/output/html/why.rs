//! Whether people see one record, as a page for somebody who does not use the command.

use gong_crm::why::{Effect, Evidence, Explanation, Visible};

use super::{Page, Section, Table, Tone};

/// The places of a record, and what keeps it away; `sentence` sums it up.
pub(crate) fn why(why: &Explanation, sentence: &str) -> Page {
    let is_seen_somewhere = why.places.iter().any(|view| view.visible != Visible::No);
    let (word, tone) = match why.visible {
        Visible::Yes => ("visible", Tone::Good),
        Visible::No if is_seen_somewhere => ("not visible everywhere", Tone::Bad),
        Visible::No => ("not visible", Tone::Bad),
        _ => ("not known", Tone::Warn),
    };
    let title = format!("{} {} in Gong", why.object_type, why.object_id);
    let mut page = Page::new(title).verdict(word, &capitalized(sentence), tone);
    let places = why.places.iter().map(|view| {
        let visible = view.visible.as_str().to_owned();
        vec![view.place.to_string(), visible]
    });
    let columns = [("where", false), ("people see it", false)];
    let table = Table::new("Places", &columns, places, why.places.len() as u64);
    page = page.section(Section::new("Where people see it").table(table));
    for (effect, heading) in [
        (Effect::Hides, "Reasons"),
        (Effect::LeavesOpen, "Not known"),
        (Effect::Note, "Notes"),
    ] {
        let of_kind = why.reasons.iter().filter(|reason| reason.effect == effect);
        let lines = of_kind.map(|reason| {
            let evidence = match reason.evidence {
                Evidence::Seen => "seen",
                _ => "inferred",
            };
            let message = format!("{} ({evidence})", capitalized(&reason.message));
            match &reason.hint {
                Some(hint) => format!("{message}. What to do: {hint}."),
                None => format!("{message}."),
            }
        });
        page = page.section(Section::new(heading).lines(lines));
    }
    page.fact("calls", why.calls)
}

/// A sentence that stands alone.
fn capitalized(sentence: &str) -> String {
    let mut letters = sentence.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}
