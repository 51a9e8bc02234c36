//! The pause between new accounts and the records that refer to them.

use std::time::Duration;

use jiff::Timestamp;

use super::event::Event;
use super::session::Session;
use crate::ObjectType;
use crate::value::ObjectId;

impl Session {
    /// Waits until Gong can be expected to have stored the accounts that are new, and reads the
    /// newest of them back.
    pub(super) async fn wait_for_accounts(&self) {
        let delay = self.options.account_delay;
        if delay.is_zero() || self.fatal().is_some() {
            return;
        }
        let newest = self.ledger.ledger().newest_accounts(self.space).await;
        let Ok(Some(mut newest)) = newest else {
            return;
        };
        self.leave_out_deleted(&mut newest.ids).await;
        // They were accepted in the course of that second.
        let accepted = Timestamp::from_second(newest.at.saturating_add(1)).unwrap_or_default();
        let age = Duration::try_from(self.now().duration_since(accepted)).unwrap_or_default();
        let clock = &*self.client.clock;
        if let Some(pause) = delay.checked_sub(age).filter(|pause| !pause.is_zero()) {
            self.events.emit(Event::AccountDelay { pause });
            clock.sleep(pause).await;
        }
        let started = clock.monotonic();
        for pause in self.options.poll.pauses() {
            if self.are_visible(&newest.ids).await {
                break;
            }
            let waited = clock.monotonic().saturating_sub(started);
            if waited.saturating_add(pause) > self.options.account_visible {
                break;
            }
            self.events.emit(Event::AccountDelay { pause });
            clock.sleep(pause).await;
        }
        if let Err(error) = self
            .ledger
            .ledger()
            .forget_newest_accounts(self.space)
            .await
        {
            self.note_ledger(&error);
        }
    }

    /// Accounts that were deleted meanwhile will never be read back.
    async fn leave_out_deleted(&self, ids: &mut Vec<String>) {
        let of_ids = ids.iter().map(String::as_str);
        if let Ok(states) = self.states(ObjectType::Account, of_ids).await {
            let mut states = states.into_iter();
            ids.retain(|_| {
                let state = states.next().flatten();
                state.is_some_and(|state| !state.is_absent_from_gong())
            });
        }
    }

    /// Whether accounts can be read back; also if Gong does not let us look.
    async fn are_visible(&self, ids: &[String]) -> bool {
        for chunk in ids.chunks(gong_client::objects::MAX_OBJECTS) {
            let ids = chunk.iter().map(|id| id.parse::<ObjectId>());
            let Ok(chunk) = ids.collect::<Result<Vec<_>, _>>() else {
                continue;
            };
            let read = self
                .client
                .api()
                .objects(self.integration_id, ObjectType::Account, &chunk)
                .await;
            match read {
                Ok(objects) if objects.values().any(Option::is_none) => return false,
                Ok(_) => {}
                Err(_) => return true,
            }
        }
        true
    }
}
