//! The file inside a multipart upload, handed to its reader piece by piece.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use multer::{Field, Multipart};

use super::Answer;
use super::body::{BodyError, CountedBody};
use crate::operations::FileReader;
use crate::record::RecordCheck;
use crate::rules::{RuleId, RuleSet};

/// The most that one request may carry, as documented: 200 MB.
pub(crate) const BODY_LIMIT: u64 = 200_000_000;

/// A file that was read to its end.
#[derive(Debug)]
pub(crate) struct DataFile {
    pub(crate) reader: FileReader,
    /// Set by a fault: the whole file is to fail with this description.
    pub(crate) fails_with: Option<String>,
}

impl DataFile {
    /// Finds the part named `dataFile` and reads its lines.
    pub(crate) async fn read(
        headers: &HeaderMap,
        body: &mut CountedBody,
        check: RecordCheck,
        limit: u64,
    ) -> Result<Self, Answer> {
        let rules = check.rules;
        if rules.is_on(RuleId::BodyLimit) {
            if announced_length(headers).is_some_and(|length| length > limit) {
                return Err(too_long());
            }
            body.limit_to(limit);
        }
        let content_type = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let Ok(boundary) = multer::parse_boundary(content_type) else {
            return Err(part_missing());
        };
        let mut multipart = Multipart::new(&mut *body, boundary);
        let mut reader = FileReader::new(check);
        loop {
            match multipart.next_field().await {
                Ok(Some(field)) if !is_data_file(&field, rules) => {}
                Ok(Some(mut field)) => {
                    while let Some(chunk) = field.chunk().await.map_err(|error| refusal(&error))? {
                        reader.push(&chunk);
                    }
                    break;
                }
                Ok(None) => return Err(part_missing()),
                Err(error) => return Err(refusal(&error)),
            }
        }
        // Parts after the file say nothing, but their bytes count and must be well-formed.
        while multipart
            .next_field()
            .await
            .map_err(|error| refusal(&error))?
            .is_some()
        {}
        Ok(Self {
            reader,
            fails_with: None,
        })
    }
}

fn announced_length(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(http::header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

fn is_data_file(field: &Field<'_>, rules: RuleSet) -> bool {
    let is_named = field.name() == Some("dataFile") || !rules.is_on(RuleId::PartNamedDataFile);
    is_named && (field.file_name().is_some() || !rules.is_on(RuleId::PartNeedsFileName))
}

// Recorded live on 2026-06-12, to the letter.
fn part_missing() -> Answer {
    Answer::bad_request("dataFile part is missing")
}

// 413 is not among the declared statuses.
fn too_long() -> Answer {
    Answer::error(
        StatusCode::BAD_REQUEST,
        "The maximum payload size was exceeded",
    )
}

fn refusal(error: &multer::Error) -> Answer {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(cause) = source {
        match cause.downcast_ref() {
            Some(BodyError::TooLong(_)) => return too_long(),
            Some(BodyError::Silent | BodyError::BrokeOff(_)) => {
                return Answer::bad_request("The request body broke off");
            }
            None => source = cause.source(),
        }
    }
    part_missing()
}
