//! The progress of all uploads of a push or sync, and about how long they still take.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use gong_crm::ClientRequestId;
use indicatif::HumanBytes;

/// How far all uploads are.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    uploads: u64,
    finished: u64,
    bytes: u64,
    /// For each upload that was begun, its size and how much of it has left.
    sent: BTreeMap<ClientRequestId, (u64, u64)>,
    began: Option<Instant>,
}

impl Totals {
    pub(crate) fn new(uploads: u64, bytes: u64) -> Self {
        Self {
            uploads,
            bytes,
            began: Some(Instant::now()),
            ..Self::default()
        }
    }

    pub(crate) fn begin(&mut self, id: &ClientRequestId, bytes: u64) {
        self.sent.insert(id.clone(), (bytes, 0));
    }

    pub(crate) fn advance(&mut self, id: &ClientRequestId, bytes: u64) {
        if let Some((_, sent)) = self.sent.get_mut(id) {
            *sent = bytes;
        }
    }

    /// Counts an upload with its verdict: all of it was sent, also if nothing said so.
    pub(crate) fn finish(&mut self, id: &ClientRequestId) {
        self.finished += 1;
        if let Some((bytes, sent)) = self.sent.get_mut(id) {
            *sent = *bytes;
        }
    }

    /// The size of an upload.
    pub(crate) fn size(&self, id: &ClientRequestId) -> u64 {
        self.sent.get(id).map_or(0, |(bytes, _)| *bytes)
    }

    /// The text after the step of one upload; empty if it is the only one.
    pub(crate) fn text(&self) -> String {
        // Searches for rejected records come in addition to what was planned.
        if self.uploads < 2 || self.finished > self.uploads {
            return String::new();
        }
        let sent = self.sent.values().map(|(_, sent)| *sent).sum::<u64>();
        let left = self
            .began
            .and_then(|began| left(began.elapsed(), self.finished, self.uploads));
        format!(
            "; {} of {} uploads done, {} of {} sent{}",
            self.finished,
            self.uploads,
            HumanBytes(sent.min(self.bytes)),
            HumanBytes(self.bytes),
            left.map_or_else(String::new, |left| format!(", {left} left"))
        )
    }
}

/// About how long the rest takes; not known before the first upload is done.
fn left(elapsed: Duration, finished: u64, uploads: u64) -> Option<String> {
    let rest = uploads.checked_sub(finished).filter(|rest| *rest > 0)?;
    let each = elapsed.checked_div(u32::try_from(finished).ok()?)?;
    let left = each.checked_mul(u32::try_from(rest).ok()?)?;
    Some(match left.as_secs() {
        0..60 => "less than 1 min".to_owned(),
        seconds @ 60..3_600 => format!("about {} min", seconds.div_ceil(60)),
        seconds => format!("about {} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rest_is_estimated_from_the_uploads_that_are_done() {
        let minutes = Duration::from_mins;
        assert_eq!(left(minutes(4), 0, 11), None);
        assert_eq!(left(minutes(4), 2, 11).as_deref(), Some("about 18 min"));
        assert_eq!(left(minutes(60), 1, 4).as_deref(), Some("about 3 h 0 min"));
        assert_eq!(left(minutes(4), 11, 11), None);
    }

    #[test]
    fn only_upload_needs_no_totals() {
        assert_eq!(Totals::new(1, 100).text(), "");
        let mut totals = Totals::new(3, 3_000);
        let id: ClientRequestId = "deal-1".parse().unwrap();
        totals.begin(&id, 1_000);
        totals.advance(&id, 500);
        assert_eq!(
            totals.text(),
            "; 0 of 3 uploads done, 500 B of 2.93 KiB sent"
        );
        totals.finish(&id);
        assert_eq!(
            totals.text(),
            "; 1 of 3 uploads done, 1000 B of 2.93 KiB sent, less than 1 min left"
        );
    }
}
