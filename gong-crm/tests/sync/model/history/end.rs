//! The end of a history: in fair weather, Gong comes to have what the companies have.

use std::time::Duration;

use gong_crm::ObjectType;
use gong_crm::clock::Clock;
use gong_crm::push::Verdict;
use gong_crm::sync::{Deletions, Limit, SyncReport};

use super::{History, summary};
use crate::model::equal::{differences, kept, named};
use crate::model::weather;
use crate::support::actions;

impl History {
    /// Syncs until nothing changes any more, then once more, and compares.
    pub(super) async fn end(&mut self) {
        self.say("quiet");
        weather::set_fair(&self.simulator);
        self.max_deletions = Limit::Unlimited;
        let mut last: [Option<SyncReport>; 2] = [None, None];
        for round in 0..12 {
            self.pass(Duration::from_hours(31));
            let now = self.clock.now();
            for of in [0, 1] {
                self.exports[of].write(&self.companies[of], &mut self.rng, now, |_, _| false);
            }
            self.pass(Duration::from_secs(5));
            let mut is_settled = round >= 4;
            for of in [0, 1] {
                let mut options = self.options(of);
                options.push.max_upload_bytes = gong_crm::push::MAX_UPLOAD_BYTES;
                options.confirm_deletions = self.exports[of].confirmed(&self.companies[of]);
                let client = self.clock.client(self.disk.ledger());
                let report = client.sync(self.integration_id, options).await.unwrap();
                self.say(format!("  {of}: {}", summary(&report)));
                let is_done = matches!(report.verdict, Verdict::Done | Verdict::Partial);
                is_settled &= is_done && !report.plan.has_changes();
                last[of] = Some(report);
            }
            if is_settled {
                break;
            }
        }
        for of in [0, 1] {
            let options = self.options(of);
            let client = self.clock.client(self.disk.ledger());
            let plan = client
                .plan(self.integration_id, options.clone())
                .await
                .unwrap();
            let report = client.sync(self.integration_id, options).await.unwrap();
            assert_eq!(actions(&plan), actions(&report.plan));
            let may_ask = self.exports[of]
                .deletions
                .iter()
                .any(|(_, of)| *of == Deletions::Ask);
            let is_right = match report.verdict {
                Verdict::Done => true,
                Verdict::Partial => !named(&report).is_empty(),
                // A twin of a type that asks is never confirmed.
                Verdict::HeldBack => may_ask && !named(&report).is_empty(),
                _ => false,
            };
            assert!(is_right, "{report:#?}");
            assert_eq!(report.calls, 0, "the last round is quiet: {report:#?}");
            let mut excused = named(&report);
            // A record that moved is named by the company that it moved to.
            excused.extend(last[1 - of].as_ref().map(named).unwrap_or_default());
            // And if it deletes nothing, the record stays when it is gone there, too.
            excused.extend(last[1 - of].as_ref().map(kept).unwrap_or_default());
            excused.extend(self.unowned().await);
            let found = differences(
                &self.companies[of],
                &self.exports[of],
                &self.companies[1 - of],
                &self.simulator,
                &self.rules,
                &excused,
            );
            let mut received = String::new();
            for text in &found {
                let id = text.split([' ', ':']).nth(1).unwrap();
                received.push_str(&self.received(id));
                let object_type = text.split(' ').next().unwrap_or_default();
                if let Ok(object_type) = object_type.parse::<ObjectType>() {
                    let ledger = self.disk.ledger();
                    let url = self.simulator.base_url();
                    let state = ledger.record(url, self.integration_id, object_type, id);
                    let state = state.await.unwrap();
                    let history = ledger.history(object_type, id).await.unwrap();
                    received.push_str(&format!("    {state:?}\n    {history:?}\n"));
                }
            }
            assert!(found.is_empty(), "{found:#?}\n{received}");
        }
    }

    /// Records that no complete read held, as far as the ledger knows: they are nobody's, and stay.
    async fn unowned(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (object_type, id) in &self.pushed {
            let ledger = self.disk.ledger();
            let url = self.simulator.base_url();
            let state = ledger
                .record(url, self.integration_id, *object_type, id)
                .await;
            let state = state.unwrap();
            let is_live = self.companies.iter().any(|of| of.has(*object_type, id));
            if !is_live && state.is_none_or(|state| state.scope == 0) {
                found.push(id.clone());
            }
        }
        found
    }

    /// What Gong was sent of a record.
    fn received(&self, id: &str) -> String {
        let id = format!("\"objectId\":\"{id}\"");
        let mut lines = String::new();
        for upload in self.simulator.upload_history() {
            let text = upload.file_text().unwrap_or_default().into_owned();
            for line in text.lines().filter(|line| line.contains(&id)) {
                let (request, status) = (&upload.client_request_id, &upload.status);
                lines.push_str(&format!("    {request} {status:?} {line}\n"));
            }
        }
        lines
    }
}
