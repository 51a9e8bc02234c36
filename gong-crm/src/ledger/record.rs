//! The state of one record: the version that Gong has, and the last try that failed.

use serde::{Deserialize, Serialize};

use super::missing_parents::MissingParents;
use crate::ObjectType;

/// A moment in whole seconds since 1970-01-01T00:00:00Z, as ledgers store it.
pub type Seconds = i64;

/// A time in milliseconds since 1970-01-01T00:00:00Z. Reads and pushes are ordered by it, and
/// several of them can occur within one second.
pub type Milliseconds = i64;

/// A keyed hash of a record's compared form.
pub type RecordHash = [u8; 16];

/// The hash of a line that does not say which record it is: its place stands for its id.
pub(crate) const NO_ID: RecordHash = [2; 16];

/// A keyed hash of a line as it was given, byte for byte; zeros if the line is not known.
pub type LineHash = [u8; 8];

/// The version of a record in Gong, as far as the ledger knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Current {
    /// Gong never accepted a version.
    #[default]
    None,
    /// Gong has the version with the stored hash.
    Version,
    /// Gong accepted the record's deletion.
    Deleted,
    /// Gong may have any version: a verdict was lost, or the ledger was recovered.
    Unknown,
}

impl Current {
    /// Whether Gong has the version with the stored hash, or accepted that as a deletion.
    pub(crate) fn is_certain(self) -> bool {
        matches!(self, Self::Version | Self::Deleted)
    }
}

/// A field that Gong was sent with a record: the number of its name, and a hash of its value.
///
/// The hash is [`NULL_SENT`](Self::NULL_SENT) once the field was cleared with `null`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentField {
    /// The number of the field's name in the ledger.
    pub name: u16,
    /// The low 32 bits of the keyed hash of its value.
    pub hash: [u8; 4],
}

impl SentField {
    /// The hash of a field that was cleared with `null`.
    pub const NULL_SENT: [u8; 4] = [0; 4];

    /// A field that is cleared with `null`.
    pub(crate) fn null(name: u16) -> Self {
        Self {
            name,
            hash: Self::NULL_SENT,
        }
    }
}

/// Why the last try to send a record did not make it the current version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum TryOutcome {
    /// Gong rejected it.
    Rejected,
    /// Gong's verdict does not say whether it was accepted.
    Uncertain,
    /// It was tried as uncertain as often as it is tried; it is not sent until it changes.
    Unconfirmed,
    /// It was not sent, because a record that it refers to is not in Gong.
    HeldBack,
    /// Its upload failed as a whole.
    NotAccepted,
}

impl TryOutcome {
    /// The name in tables and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Uncertain => "uncertain",
            Self::Unconfirmed => "unconfirmed",
            Self::HeldBack => "held-back",
            Self::NotAccepted => "not-accepted",
        }
    }
}

/// The last try to send a record that did not make it the current version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastTry {
    /// The result.
    pub outcome: TryOutcome,
    /// The version that was tried.
    pub hash: RecordHash,
    /// Gong's reason, or ours; bounded in length.
    pub reason: String,
    /// How often this version was tried. Tries that Gong's verdict could not decide, because it lists
    /// too few errors, do not count: a search for the rejected records decides them.
    pub tries: u8,
    /// When.
    pub at: Seconds,
    /// Before this moment, the same version is not sent again; an uncertain version is sent earlier if
    /// calls for a search are left.
    pub next: Seconds,
    /// The upload's number; 0 if none was made.
    pub upload: u64,
    /// The file or source of the record.
    pub source: String,
    /// Its line or row there, 1-based; 0 if unknown.
    pub line: u64,
    /// Whether its upload failed as a whole: the version is sent only with others of this kind, so that
    /// it does not fail good records.
    pub failed_whole: bool,
    /// The as-of of the read that the version comes from.
    pub as_of: Milliseconds,
    /// When the push or round began that tried it, or held it back.
    pub push: Milliseconds,
}

impl LastTry {
    /// Whether only a search for rejected records, which Gong did not list, can decide it.
    pub(crate) fn needs_search(&self) -> bool {
        self.outcome == TryOutcome::Uncertain && self.next > self.at
    }

    /// Whether somebody ended the retries of this version: it is not sent again until it changes,
    /// and does not count as a finding.
    pub fn is_waived(&self) -> bool {
        let can_be = matches!(self.outcome, TryOutcome::Rejected | TryOutcome::Unconfirmed);
        can_be && self.next == Seconds::MAX
    }

    /// Whether the same version is sent again at a time that is known.
    pub(crate) fn is_tried_later(&self) -> bool {
        let is_retried = self.outcome == TryOutcome::Rejected && !self.is_waived();
        is_retried || self.needs_search()
    }

    /// What became of it, when, why, and when the version is sent again.
    pub(crate) fn as_text(&self) -> String {
        let day = |seconds: Seconds| {
            let moment = jiff::Timestamp::from_second(seconds).unwrap_or_default();
            moment.strftime("%Y-%m-%d").to_string()
        };
        let (outcome, reason) = (self.outcome.as_str(), &self.reason);
        let on = day(self.at);
        match self.outcome {
            TryOutcome::Unconfirmed => {
                format!(
                    "{outcome} on {on}: {reason}; --resend or --find-all-errors sends it again, and gong-crm \
                     rejects waive leaves it as it is"
                )
            }
            TryOutcome::Uncertain => format!("{outcome} on {on}: {reason}"),
            TryOutcome::NotAccepted => {
                let next = jiff::Timestamp::from_second(self.next).unwrap_or_default();
                format!("{outcome} on {on}: {reason}; next try {next}")
            }
            _ => {
                let next = day(self.next);
                format!("{outcome} on {on}: {reason}; next try {next}, or with --resend")
            }
        }
    }
}

/// What the ledger knows of one record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordState {
    /// The version that Gong has.
    pub current: Current,
    /// The scope that claims the record; 0 if none does.
    pub scope: u32,
    /// In how many complete reads of its scope the record was absent.
    pub absent: u8,
    /// The records that the current version refers to and that Gong may not have had when it was
    /// sent.
    pub missing_parents: MissingParents,
    /// Whether the current version left a field out that has a default and that Gong was sent before:
    /// Gong may still have what it was sent.
    pub leaves_default: bool,
    /// When Gong accepted the current version.
    pub last_accepted: Seconds,
    /// The hash of the line that the current version was given as.
    pub line: LineHash,
    /// The last try that failed, if it is newer than the current version.
    pub last_try: Option<LastTry>,
    /// The hash of the current version.
    pub hash: RecordHash,
    /// The latest `modifiedDate` that Gong accepted, or may have accepted.
    pub sent_date: Option<Seconds>,
    /// The as-of of the read that the current version comes from.
    pub as_of: Milliseconds,
    /// When Gong first accepted the record, or accepted it again after a deletion.
    pub first_accepted: Seconds,
    /// For business users: a keyed hash of the folded address.
    pub address: Option<u64>,
    /// The version before the current one, and whether the record alternates between the two.
    pub before: Option<Before>,
    /// The `modifiedDate` with which the current version was given, if it is another than the latest
    /// that Gong was sent. A later one came when the version was given once more: what is older than that is
    /// older than the record in Gong. An earlier one is what Gong was sent, and may have ignored.
    pub given_date: Option<Seconds>,
    /// The fields that were sent to Gong, including those that were cleared, ordered by their
    /// numbers.
    pub fields: Vec<SentField>,
}

/// The version before the current one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// The low 32 bits of its hash.
    pub hash: u32,
    /// How often in a row a version was followed by the previous one.
    pub times: u8,
    /// Since when.
    pub since: Seconds,
}

/// A record that changes so often between the same two versions is worth a look.
const OFTEN: u8 = 5;

/// Within this time.
const WITHIN: Seconds = 2 * 24 * 60 * 60;

/// About as long as the encoding of a record with 16 fields.
const USUAL_BYTES: usize = 160;

impl RecordState {
    /// Whether Gong surely has no version of the record.
    pub fn is_absent_from_gong(&self) -> bool {
        matches!(self.current, Current::None | Current::Deleted)
    }

    /// Whether the current version was sent with an earlier date than one before: Gong may have ignored
    /// it.
    pub(crate) fn may_be_ignored(&self) -> bool {
        self.given_date
            .is_some_and(|given| Some(given) < self.sent_date)
    }

    /// The date with which Gong was sent the current version.
    pub(crate) fn date_of_current(&self) -> Option<Seconds> {
        let earlier = self.given_date.filter(|_| self.may_be_ignored());
        earlier.or(self.sent_date)
    }

    /// The last date of the current version that is known.
    pub(crate) fn last_date(&self) -> Option<Seconds> {
        self.sent_date.max(self.given_date)
    }

    /// The version before the next one, if that becomes the current version now.
    pub(crate) fn before_next(&self, next: u64, now: Seconds) -> Option<Before> {
        if !self.current.is_certain() {
            return None;
        }
        let current = low_64(&self.hash);
        if current == next {
            return self.before;
        }
        let back = self.before.filter(|before| {
            before.hash == low_32(next) && (0..=WITHIN).contains(&(now - before.since))
        });
        let (times, since) =
            back.map_or((1, now), |back| (back.times.saturating_add(1), back.since));
        Some(Before {
            hash: low_32(current),
            times,
            since,
        })
    }

    /// Whether the record would have changed 5 times in 2 days between the same two versions, if
    /// this one became its current version now.
    pub(crate) fn alternates_with(&self, next: u64, now: Seconds) -> bool {
        low_64(&self.hash) != next
            && self
                .before_next(next, now)
                .is_some_and(|before| before.times >= OFTEN)
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        // Only a map of unknown length can fail, and there is none.
        postcard::to_extend(self, Vec::with_capacity(USUAL_BYTES)).unwrap_or_default()
    }

    /// Reads what [`encode`](Self::encode) wrote. Scans decode millions of these, and serde would
    /// take the hashes byte by byte, so they are taken whole.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (head, bytes) = Head::take(bytes)?;
        let (last_try, bytes) = postcard::take_from_bytes(bytes).ok()?;
        let (hash, bytes) = bytes.split_first_chunk()?;
        let (times, bytes) = postcard::take_from_bytes::<Times>(bytes).ok()?;
        let (count, mut bytes) = postcard::take_from_bytes::<u32>(bytes).ok()?;
        // A damaged count can't be larger than what follows.
        let mut fields = Vec::with_capacity(bytes.len().min(count as usize));
        for _ in 0..count {
            let (name, rest) = postcard::take_from_bytes(bytes).ok()?;
            let (hash, rest) = rest.split_first_chunk()?;
            fields.push(SentField { name, hash: *hash });
            bytes = rest;
        }
        Some(Self {
            current: head.current,
            scope: head.scope,
            absent: head.absent,
            missing_parents: head.missing_parents,
            leaves_default: head.leaves_default,
            last_accepted: head.last_accepted,
            line: head.line,
            last_try,
            hash: *hash,
            sent_date: times.sent_date,
            as_of: times.as_of,
            first_accepted: times.first_accepted,
            address: times.address,
            before: times.before,
            given_date: times.given_date,
            fields,
        })
    }
}

/// The beginning of an encoded [`RecordState`]: what a plan must know of a record that did not
/// change.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) current: Current,
    pub(crate) scope: u32,
    pub(crate) absent: u8,
    pub(crate) missing_parents: MissingParents,
    pub(crate) leaves_default: bool,
    pub(crate) last_accepted: Seconds,
    pub(crate) line: LineHash,
    /// Whether there is a last try.
    pub(crate) is_tried: bool,
}

impl Head {
    fn take(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (current, bytes) = postcard::take_from_bytes(bytes).ok()?;
        let (scope, bytes) = postcard::take_from_bytes(bytes).ok()?;
        let (absent, bytes) = postcard::take_from_bytes(bytes).ok()?;
        let (missing_parents, bytes) = postcard::take_from_bytes(bytes).ok()?;
        let (leaves_default, bytes) = postcard::take_from_bytes(bytes).ok()?;
        let (last_accepted, bytes) = postcard::take_from_bytes(bytes).ok()?;
        let (line, bytes) = bytes.split_first_chunk()?;
        let head = Self {
            current,
            scope,
            absent,
            missing_parents,
            leaves_default,
            last_accepted,
            line: *line,
            // The byte before the content of an option.
            is_tried: *bytes.first()? != 0,
        };
        Some((head, bytes))
    }

    /// Reads the beginning of an encoded state.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        Self::take(bytes).map(|(head, _)| head)
    }
}

/// What lies between the hash and the fields of an encoded [`RecordState`].
#[derive(Deserialize)]
struct Times {
    sent_date: Option<Seconds>,
    as_of: Milliseconds,
    first_accepted: Seconds,
    address: Option<u64>,
    before: Option<Before>,
    given_date: Option<Seconds>,
}

/// The low half of a hash, by which versions of one record are compared in memory: two versions of
/// the same record are treated as one with a probability of 2^-64.
pub(crate) fn low_64(hash: &RecordHash) -> u64 {
    let mut low = [0; 8];
    low.copy_from_slice(&hash[..8]);
    u64::from_le_bytes(low)
}

/// The low quarter of a hash.
fn low_32(hash: u64) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "its low half")]
    let low = hash as u32;
    low
}

/// A small number that means an integration of one Gong, so that keys stay short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Space(pub(crate) u16);

impl Space {
    /// The key of a record.
    pub(crate) fn key(self, object_type: ObjectType, object_id: &str) -> Vec<u8> {
        let mut key = self.prefix(object_type);
        key.extend_from_slice(object_id.as_bytes());
        key
    }

    /// The common prefix of the keys of all records of a type.
    pub(crate) fn prefix(self, object_type: ObjectType) -> Vec<u8> {
        let mut key = Vec::with_capacity(24);
        key.extend_from_slice(&self.0.to_be_bytes());
        key.push(type_byte(object_type));
        key
    }

    /// The key of the last accepted line of a stage, apart from the content of a later try.
    pub(crate) fn accepted_stage_key(self, object_id: &str) -> Vec<u8> {
        let mut key = self.prefix(ObjectType::Stage);
        if let Some(last) = key.last_mut() {
            *last = ACCEPTED_STAGES;
        }
        key.extend_from_slice(object_id.as_bytes());
        key
    }

    /// The end of the keys of a type: no key of it is as large.
    pub(crate) fn end(self, object_type: ObjectType) -> Vec<u8> {
        let mut key = self.prefix(object_type);
        if let Some(last) = key.last_mut() {
            *last += 1;
        }
        key
    }

    /// The object id in a record's key.
    pub(crate) fn object_id(key: &[u8]) -> Option<&str> {
        std::str::from_utf8(key.get(3..)?).ok()
    }
}

/// Means a type in the keys of the last accepted lines of stages.
const ACCEPTED_STAGES: u8 = 7;

/// The place of a type in keys. Written in files: never change one.
fn type_byte(object_type: ObjectType) -> u8 {
    match object_type {
        ObjectType::Stage => 1,
        ObjectType::BusinessUser => 2,
        ObjectType::Account => 3,
        ObjectType::Contact => 4,
        ObjectType::Deal => 5,
        ObjectType::Lead => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_of_a_deal_with_sixteen_fields_is_small_and_reads_back() {
        let state = RecordState {
            current: Current::Version,
            hash: [0xAB; 16],
            fields: (0..16)
                .map(|name| SentField {
                    name,
                    hash: [0xFF; 4],
                })
                .collect(),
            sent_date: Some(1_790_000_000),
            as_of: 1_790_000_000_000,
            first_accepted: 1_790_000_000,
            last_accepted: 1_790_000_000,
            before: Some(Before {
                hash: u32::MAX,
                times: 1,
                since: 1_790_000_000,
            }),
            ..RecordState::default()
        };
        let bytes = state.encode();
        // 8 of them are the hash of the line, which saves a plan reading it; 2 say that no default was
        // left out and that the version was not given again with a later date.
        assert!(bytes.len() <= 147, "{} bytes", bytes.len());
        assert_eq!(RecordState::decode(&bytes), Some(state));
    }

    #[test]
    fn state_with_all_parts_reads_back_and_a_cut_one_does_not() {
        let mut missing_parents = MissingParents::default();
        missing_parents.add(ObjectType::Stage);
        let state = RecordState {
            current: Current::Unknown,
            hash: std::array::from_fn(|place| u8::try_from(place * 16).unwrap()),
            fields: vec![
                SentField {
                    name: 7,
                    hash: SentField::NULL_SENT,
                },
                SentField {
                    name: u16::MAX,
                    hash: [1, 2, 3, 4],
                },
            ],
            sent_date: Some(-1),
            address: Some(u64::MAX),
            scope: 3,
            absent: 2,
            last_try: Some(LastTry {
                outcome: TryOutcome::Rejected,
                hash: [9; 16],
                reason: "no".to_owned(),
                tries: 4,
                at: 1_790_000_000,
                next: 1_790_000_001,
                upload: 12,
                source: "deals.csv".to_owned(),
                line: 5,
                failed_whole: true,
                as_of: 1_790_000_000_500,
                push: 1_790_000_000_600,
            }),
            missing_parents,
            leaves_default: true,
            given_date: Some(1_790_000_002),
            ..RecordState::default()
        };
        let bytes = state.encode();
        assert_eq!(RecordState::decode(&bytes), Some(state));
        for end in 0..bytes.len() {
            assert_eq!(RecordState::decode(&bytes[..end]), None, "{end} bytes");
        }
    }

    #[test]
    fn alternating_record_is_noticed_at_the_fifth_change() {
        let hash = |version: u64| u128::from(version).to_le_bytes();
        let mut state = RecordState {
            current: Current::Version,
            hash: hash(1),
            ..RecordState::default()
        };
        let mut change = |to: u64, now: Seconds| {
            let is_noticed = state.alternates_with(to, now);
            state.before = state.before_next(to, now);
            state.hash = hash(to);
            is_noticed
        };
        let noticed: Vec<bool> = (1..=6_u8)
            .map(|time| change(1 + u64::from(time % 2), i64::from(time) * 3_600))
            .collect();
        assert_eq!(noticed, [false, false, false, false, true, true]);
        assert!(!change(3, 9 * 3_600), "a third version");
        for time in 0..9 {
            let to = 3 + u64::from(time % 2 == 0);
            assert!(
                !change(to, i64::from(time) * 24 * 3_600 + 40_000),
                "once a day"
            );
        }
    }

    #[test]
    fn keys_of_a_type_lie_between_its_prefix_and_its_end() {
        let space = Space(7);
        for object_type in ObjectType::ALL {
            let key = space.key(object_type, "z~\u{10FFFF}");
            assert!(key > space.prefix(object_type) && key < space.end(object_type));
            assert_eq!(Space::object_id(&key), Some("z~\u{10FFFF}"));
        }
    }
}
