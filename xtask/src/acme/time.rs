//! When was a record created, changed or closed, and how is that written?

use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use super::dice::Dice;
use super::names::Country;

/// The day the example CRM was set up: 2023-01-09, 07:00 UTC.
const SET_UP: i64 = 1_673_247_600;
/// The moment the example was taken from the CRM: 2025-09-30, 16:00 UTC.
const TAKEN: i64 = 1_759_248_000;

const SECONDS_PER_DAY: u64 = 86_400;

/// How long ago the CRM was set up, in seconds.
const AGE: u64 = TAKEN.abs_diff(SET_UP);

/// When record `index` of `count` last changed: later for each record, and most of them lately.
pub(super) fn modified(dice: &mut Dice, index: u64, count: u64) -> Timestamp {
    const STEPS: u64 = 1_000;
    let whole = u128::from(count * STEPS);
    let ahead = whole - u128::from(index * STEPS + dice.below(STEPS));
    let before_taken = u128::from(AGE) * ahead * ahead / (whole * whole);
    before(taken(), u64::try_from(before_taken).unwrap_or(AGE))
}

/// The moment `days` and some hours earlier.
pub(super) fn days_before(moment: Timestamp, days: u64, dice: &mut Dice) -> Timestamp {
    before(moment, days * SECONDS_PER_DAY + dice.below(SECONDS_PER_DAY))
}

/// The day `days` after the example was taken from the CRM, as `2025-12-31`.
pub(super) fn day_to_come(days: u64) -> String {
    day(taken() + seconds(days * SECONDS_PER_DAY))
}

/// The day of a moment in UTC, as `2025-12-31`.
pub(super) fn day(moment: Timestamp) -> String {
    Offset::UTC.to_datetime(moment).date().to_string()
}

/// A moment as Gong takes it: ISO 8601 with an offset and without fractions of a second.
pub(super) fn written(moment: Timestamp, country: &Country) -> String {
    // A month is near enough to daylight saving time for data that nobody lived through.
    let hours = match Offset::UTC.to_datetime(moment).month() {
        4..=10 => country.summer_offset_hours,
        _ => country.winter_offset_hours,
    };
    moment
        .display_with_offset(Offset::constant(hours))
        .to_string()
}

/// The same moment written in UTC with `Z`, as server-side changes are.
pub(super) fn written_in_utc(moment: Timestamp) -> String {
    moment.to_string()
}

const fn taken() -> Timestamp {
    Timestamp::constant(TAKEN, 0)
}

fn before(moment: Timestamp, earlier: u64) -> Timestamp {
    moment - seconds(earlier)
}

const fn seconds(count: u64) -> SignedDuration {
    SignedDuration::from_secs(count.cast_signed())
}
