//! Which random choices does one record make, the same on every machine?

/// The choices of one record, fixed by the seed, a stream name and the record's index.
///
/// A record never shares its dice with another, so any record can be made without those before it.
pub(super) struct Dice(fastrand::Rng);

impl Dice {
    pub(super) fn new(seed: u64, stream: &str, index: u64) -> Self {
        // FNV-1a over the stream's name keeps, say, account 7 and contact 7 apart.
        let stream = stream
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        let mixed = seed ^ stream ^ index.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Self(fastrand::Rng::with_seed(mixed))
    }

    /// A number from 0 to `limit - 1`. Always 64 bits wide, because `usize` differs by machine.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0.u64(0..limit.max(1))
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: u64, high: u64) -> u64 {
        self.0.u64(low..=high)
    }

    /// The same for a small number, which then converts to `f64` without loss.
    pub(super) fn small(&mut self, limit: u32) -> u32 {
        self.0.u32(0..limit.max(1))
    }

    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub(super) fn pick<'pool, T>(&mut self, pool: &'pool [T]) -> &'pool T {
        nth(pool, self.0.u64(..))
    }

    /// The numbers from 0 to `count - 1` in a random order.
    pub(super) fn shuffled(&mut self, count: u64) -> Vec<u64> {
        let mut numbers = Vec::new();
        for number in 0..count {
            numbers.push(number);
            let last = numbers.len() - 1;
            let other = position(self.below(number + 1), numbers.len());
            numbers.swap(last, other);
        }
        numbers
    }
}

/// The entry at `index`, counted round and round.
pub(super) fn nth<T>(pool: &[T], index: u64) -> &T {
    &pool[position(index, pool.len())]
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the remainder is smaller than a usize"
)]
fn position(index: u64, length: usize) -> usize {
    (index % length as u64) as usize
}
