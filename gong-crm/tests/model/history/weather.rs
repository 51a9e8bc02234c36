//! What goes wrong with the calls of pushes.

use std::time::Duration;

use gong_sim::{Effect, RetryAfter};

use super::History;
use crate::faults;

impl History {
    /// What goes wrong with the calls of the next pushes.
    pub(super) fn set_weather(&mut self) {
        self.simulator.clear_faults();
        let processing = faults::processing(&mut self.rng);
        self.simulator.set_processing(processing);
        let mut set = Vec::new();
        if self.rng.bool() {
            for _ in 0..self.rng.u8(1..4) {
                let rng = &mut self.rng;
                let effect = match rng.u8(..14) {
                    0 => Effect::ResetBeforeBody,
                    1 => Effect::ResetAfterBody,
                    2 | 3 => Effect::LoseAnswer,
                    4 => Effect::TruncateBody,
                    5 => Effect::Status([500, 502, 503, 504][rng.usize(..4)]),
                    6 => Effect::Status([400, 401, 403, 408, 413][rng.usize(..5)]),
                    7 => Effect::HtmlPage([200, 502][rng.usize(..2)]),
                    8 => Effect::TooManyRequests(RetryAfter::Seconds(rng.u64(..20))),
                    9 => Effect::TooManyRequests(RetryAfter::Seconds(86_400)),
                    10 => Effect::FailFile("General failure".to_owned()),
                    11 => Effect::LoseUpload,
                    12 => Effect::UnknownFor(Duration::from_secs(rng.u64(1..300))),
                    _ => Effect::Verdict(match rng.u8(..5) {
                        0 => gong_sim::Verdict::new().set("totalSuccessCount", 0),
                        1 => gong_sim::Verdict::new()
                            .remove("totalSuccessCount")
                            .remove("totalErrorCount"),
                        2 => gong_sim::Verdict::new()
                            .set("status", "FAILED")
                            .set("errors", serde_json::json!([null, {"line": 1e9}]))
                            .remove("totalSuccessCount"),
                        3 => gong_sim::Verdict::new()
                            .set("status", "FAILED")
                            .set("errors", serde_json::json!([]))
                            .set("totalErrorCount", 0)
                            .set("totalSuccessCount", 0)
                            .applies_nothing(),
                        _ => gong_sim::Verdict::new().set("totalErrorCount", 1e18),
                    }),
                };
                set.push(faults::of_uploads(effect, rng));
            }
        }
        if self.rng.u8(..4) == 0 {
            set.push(faults::of_status(&mut self.rng));
        }
        self.say(format!("weather: {processing:?}, {set:?}"));
        for fault in set {
            self.simulator.add_fault(fault).unwrap();
        }
    }
}
