//! How do the errors come to light that Gong counted and did not list?
//!
//! Gong lists 20 errors of an upload. The records that it did not list go again, without those that
//! are known to be bad: the good ones do no harm, because Gong takes each as what it already has.
//! Gong seems to list errors by line, so all that stands before the last one listed is taken for
//! good; if the count of the next answer says otherwise, that is given up.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use super::context::Context;
use super::delivery::{Delivered, Delivery, Ending};
use super::job::{Purpose, new_job};
use super::journal::as_error;
use super::report::RecordError;
use super::request_id::Fingerprint;
use super::source::{Source, SourcePiece};
use super::split::{Cutter, LineMap, Piece};
use super::verdict::PieceOutcome;
use gong_client::RequestStatus;
use gong_client::{Error, ErrorKind};

impl Context {
    /// Sends what is suspected of an upload until every bad record of it is known.
    pub(super) async fn drain(
        &self,
        source: &Arc<Source>,
        place: usize,
        pieces: u32,
        outcome: &mut PieceOutcome,
    ) {
        let listed = outcome.errors.iter().map(|error| error.source_line);
        let bad: BTreeSet<u64> = listed.collect();
        if bad.contains(&0) {
            // The whole upload failed: there is no single record to look for.
            return;
        }
        if let Err(stopped) = self.search(source, place, pieces, outcome, bad).await {
            stopped.note(outcome);
        }
    }

    async fn search(
        &self,
        source: &Arc<Source>,
        place: usize,
        pieces: u32,
        outcome: &mut PieceOutcome,
        mut bad: BTreeSet<u64>,
    ) -> Result<(), Stopped> {
        let mut by_line = true;
        while outcome.hidden_errors > 0 {
            let good_until = if by_line {
                bad.last().copied().unwrap_or(0)
            } else {
                0
            };
            let suspects = match suspects(source, place, bad.clone(), good_until).await? {
                Some(suspects) => suspects,
                None if by_line => {
                    by_line = false;
                    continue;
                }
                None => return Err(Stopped::Silent),
            };
            let piece = outcome.upload.piece;
            let status = self.send_suspects(source, &suspects, piece, pieces).await?;
            let counted = status
                .total_error_count
                .unwrap_or(status.errors.len() as u64);
            let found = take(&status, &suspects.piece.lines, outcome, &mut bad);
            if found == 0 && !by_line {
                return Err(Stopped::Silent);
            }
            by_line &= counted == outcome.hidden_errors && found > 0;
            outcome.hidden_errors = outcome.hidden_errors.saturating_sub(found);
        }
        Ok(())
    }

    async fn send_suspects(
        &self,
        source: &Arc<Source>,
        suspects: &SourcePiece,
        number: u32,
        pieces: u32,
    ) -> Result<RequestStatus, Stopped> {
        let job = new_job(self, source, suspects, number, Purpose::Drain).await?;
        if job.is_unfinished() {
            let written = self.journal.record(vec![job.clone()]).await;
            written.map_err(as_error)?;
        }
        let object_type = source.file.object_type;
        let delivered = self
            .deliver(Delivery {
                file: &source.file,
                pieces,
                job,
                content: Some(&suspects.content),
                fingerprint: Some(Fingerprint::new(
                    self.integration_id,
                    object_type,
                    &suspects.hash,
                )),
            })
            .await;
        match &delivered.ending {
            Ending::Finished(status) => match status.general_error() {
                None => Ok(status.clone()),
                Some(error) => Err(Stopped::Refused(error.description.clone())),
            },
            _ => Err(Stopped::Open(Box::new(delivered))),
        }
    }
}

/// Why the search ended before every bad record was known.
enum Stopped {
    /// Gong counts errors and lists none that is new.
    Silent,
    /// Gong refused an upload of the search whole.
    Refused(String),
    /// An upload of the search did not come to its end; a resumed push goes on with it.
    Open(Box<Delivered>),
    /// It could not be made.
    Failed(Error),
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Stopped {
    /// Puts it into what is reported of the upload whose errors were searched.
    fn note(self, outcome: &mut PieceOutcome) {
        let reason = match self {
            Self::Silent => "Gong counts them and lists none of them".to_owned(),
            Self::Refused(description) => format!("Gong refused the search: {description}"),
            Self::Failed(error) => {
                let reason = error.to_string();
                outcome.cause = Some(Arc::new(error));
                reason
            }
            Self::Open(delivered) => {
                let mut search = PieceOutcome::of(*delivered, &LineMap::identity());
                // The records are counted with the upload that they belong to.
                search.upload.records = 0;
                let reason = match (&search.cause, search.not_sent_because.take()) {
                    (Some(cause), _) => cause.to_string(),
                    (None, Some(reason)) => reason,
                    (None, None) => "Gong had not finished in time".to_owned(),
                };
                outcome.cause = search.cause.take();
                outcome.open_search = Some(search.upload);
                reason
            }
        };
        outcome.search_stopped_because = Some(reason);
    }
}

/// Adds the errors of a status to those that are known; says how many are new.
fn take(
    status: &RequestStatus,
    lines: &LineMap,
    outcome: &mut PieceOutcome,
    bad: &mut BTreeSet<u64>,
) -> u64 {
    let mut found = 0;
    for error in &status.errors {
        let source_line = lines.source_line(error.line);
        if bad.insert(source_line) {
            found += 1;
            outcome.errors.push(RecordError {
                line: error.line,
                piece: outcome.upload.piece,
                source_line,
                object_id: None,
                description: error.description.clone(),
            });
        }
    }
    found
}

/// The lines of a piece that may still be bad, as an upload; none if there are none.
async fn suspects(
    source: &Arc<Source>,
    place: usize,
    bad: BTreeSet<u64>,
    good_until: u64,
) -> Result<Option<SourcePiece>, Error> {
    let source = Arc::clone(source);
    let reading = tokio::task::spawn_blocking(move || -> io::Result<Option<SourcePiece>> {
        let of = &source.pieces[place].piece;
        let piece = left(&source, of, &bad, good_until)?;
        piece
            .map(|piece| SourcePiece::hashed(source.path(), piece))
            .transpose()
    });
    let unreadable = |error: io::Error| Error::new(ErrorKind::File, error.to_string());
    reading
        .await
        .map_err(|error| unreadable(io::Error::other(error)))?
        .map_err(unreadable)
}

fn left(
    source: &Source,
    of: &Piece,
    bad: &BTreeSet<u64>,
    good_until: u64,
) -> io::Result<Option<Piece>> {
    let mut cutter = Cutter::new(u64::MAX);
    let mut ranges = of.ranges.iter().peekable();
    super::lines::each_line(source.path(), |line| {
        while ranges.next_if(|range| range.end <= line.start).is_some() {}
        let is_inside = ranges
            .peek()
            .is_some_and(|range| range.contains(&line.start));
        if is_inside && line.number > good_until && !bad.contains(&line.number) {
            cutter.push(of.turn, line.number, line.start..line.end());
        }
        Ok(())
    })?;
    Ok(cutter.finish().pop())
}
