//! What goes wrong with the calls of pushes.

use std::time::Duration;

use gong_sim::{Effect, Fault, Operation, Processing, RetryAfter};

use super::History;

impl History {
    /// What goes wrong with the calls of the next pushes.
    pub(super) fn set_weather(&mut self) {
        self.simulator.clear_faults();
        let processing = match self.rng.u8(..8) {
            0 => Processing::Polls(self.rng.u32(1..5)),
            1 => Processing::After(Duration::from_secs(self.rng.u64(1..5_000))),
            2 => Processing::Never,
            _ => Processing::Immediate,
        };
        self.simulator.set_processing(processing);
        let mut faults = Vec::new();
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
                let fault = Fault::new(effect)
                    .with_probability(f64::from(rng.u8(1..10)) / 10.0)
                    .times(rng.u64(1..6));
                faults.push(fault.on(Operation::UploadEntities));
            }
        }
        if self.rng.u8(..4) == 0 {
            let rng = &mut self.rng;
            let effect = match rng.u8(..5) {
                0 => Effect::ResetAfterBody,
                1 => Effect::Status([500, 503][rng.usize(..2)]),
                2 => Effect::HtmlPage(200),
                3 => Effect::Status([401, 403][rng.usize(..2)]),
                _ => Effect::TooManyRequests(RetryAfter::Seconds(86_400)),
            };
            let fault = Fault::new(effect)
                .with_probability(f64::from(rng.u8(1..10)) / 10.0)
                .times(rng.u64(1..8));
            faults.push(fault.on(Operation::RequestStatus));
        }
        self.say(format!("weather: {processing:?}, {faults:?}"));
        for fault in faults {
            self.simulator.add_fault(fault).unwrap();
        }
    }
}
