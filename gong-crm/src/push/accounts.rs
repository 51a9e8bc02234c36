//! The pause between new accounts and the records that refer to them.

use std::time::Duration;

use gong_client::error::Error;
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
        // None yet if the clock was set back.
        let age = || Duration::try_from(self.now().duration_since(accepted)).unwrap_or_default();
        let clock = &*self.client.clock;
        if let Some(pause) = delay.checked_sub(age()).filter(|pause| !pause.is_zero()) {
            self.events.emit(Event::AccountDelay { pause });
            clock.sleep(pause).await;
        }
        let started = clock.monotonic();
        for pause in self.options.poll.pauses() {
            let missing = match self.not_visible(&newest.ids).await {
                Ok(0) => break,
                Ok(missing) => missing,
                Err(error) => {
                    let note = format!(
                        "Gong was not seen to have the new accounts before the records that refer to them were \
                         sent, because reading them back failed: {error}"
                    );
                    drop(self.unseen_accounts.set(note));
                    break;
                }
            };
            let at_most = self.options.account_visible;
            // An earlier process may have waited, too.
            let waited = clock.monotonic().saturating_sub(started);
            let waited = waited.max(age().saturating_sub(delay));
            if waited.saturating_add(pause) > at_most {
                let accounts = accounts(missing);
                let note = format!(
                    "Gong did not show {accounts} within {} s; the records that refer to them were sent \
                     nevertheless",
                    at_most.as_secs()
                );
                drop(self.unseen_accounts.set(note));
                break;
            }
            self.events.emit(Event::AccountsNotVisible {
                accounts: missing,
                pause,
                at_most: at_most.saturating_sub(waited),
            });
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

    /// How many of the first accounts that Gong does not show are so; 0 if all can be read back.
    async fn not_visible(&self, ids: &[String]) -> Result<u64, Error> {
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
            let missing = read?.values().filter(|object| object.is_none()).count();
            if missing > 0 {
                return Ok(missing as u64);
            }
        }
        Ok(0)
    }
}

fn accounts(count: u64) -> String {
    match count {
        1 => "1 new account".to_owned(),
        count => format!("{count} new accounts"),
    }
}
