//! The next action for an upload: a table of states and events, without calls or clocks.
//!
//! While Gong may have an id, it is sent again and never replaced; before it is sent again, Gong is
//! asked for its status.

use crate::ledger::UploadState;

/// The facts about an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct State {
    pub(super) stage: UploadState,
    /// Whether bytes of it may have left before the last try to send it.
    pub(super) may_have_arrived: bool,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// It is this upload's turn.
    Begin,
    /// Gong accepted it.
    SendAccepted,
    /// Nothing arrived; it can be sent again after a pause.
    SendFailed,
    /// It may have arrived.
    SendUnclear,
    /// Gong says that it knows the id already.
    SendConflict,
    /// Gong will never accept it unchanged, or no call can succeed.
    SendRefused,
    /// The tries and the time for sending are used up.
    SendGivenUp,
    /// Gong knows it and has not finished.
    StatusOpen,
    /// Gong's verdict.
    StatusFinal,
    /// Gong does not know the id, as often as it was asked.
    StatusNotFound,
    /// Gong did not respond.
    StatusUnanswered,
    /// Gong does not know the id long after it took it, or never finishes.
    StatusLost,
    /// The time for waiting is used up.
    WaitGivenUp,
}

/// The next action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Send the body.
    Send,
    /// Ask for its status until it is clear whether Gong has it.
    AskWhetherItArrived,
    /// Ask for its status until Gong has finished.
    AwaitVerdict,
    /// It has ended, for this push.
    End(End),
}

/// How an upload ends, for this push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Gong's verdict is known.
    Verdict,
    /// Gong has it and has not finished.
    NotFinished,
    /// Whether Gong has it is not known.
    Unknown,
    /// Gong does not have it.
    NotSent,
    /// Its id was used by another ledger.
    IdTaken,
    /// Gong accepted it, and will never finish it.
    Lost,
}

/// The next state, and what is done.
#[expect(clippy::match_same_arms, reason = "each line is a row of the table")]
pub(super) fn next(state: State, event: Event) -> (State, Next) {
    use UploadState::{Accepted, Planned, Sending};
    let sending = State {
        stage: Sending,
        ..state
    };
    let unclear = State {
        stage: Sending,
        may_have_arrived: true,
    };
    let accepted = State {
        stage: Accepted,
        may_have_arrived: true,
    };
    let planned = State {
        stage: Planned,
        ..state
    };
    match (state.stage, event) {
        (Planned, Event::Begin) => (sending, Next::Send),
        (Sending, Event::Begin) => (unclear, Next::AskWhetherItArrived),
        (Accepted, Event::Begin) => (accepted, Next::AwaitVerdict),
        (_, Event::Begin) => (state, Next::End(End::Verdict)),

        (_, Event::SendAccepted) => (accepted, Next::AwaitVerdict),
        (_, Event::SendFailed) if state.may_have_arrived => (state, Next::Send),
        (_, Event::SendFailed) => (planned, Next::Send),
        (_, Event::SendUnclear) => (unclear, Next::AskWhetherItArrived),
        (_, Event::SendConflict) if state.may_have_arrived => (accepted, Next::AwaitVerdict),
        (_, Event::SendConflict) => (state, Next::End(End::IdTaken)),
        (_, Event::SendRefused | Event::SendGivenUp) if state.may_have_arrived => {
            (unclear, Next::End(End::Unknown))
        }
        (_, Event::SendRefused | Event::SendGivenUp) => (planned, Next::End(End::NotSent)),

        (_, Event::StatusOpen) => (accepted, Next::AwaitVerdict),
        (_, Event::StatusFinal) => (accepted, Next::End(End::Verdict)),
        // It did not arrive: it is safe to send it under the same id, because Gong answers a late
        // arrival of the first try with 409.
        (Sending, Event::StatusNotFound) => (unclear, Next::Send),
        (_, Event::StatusNotFound | Event::WaitGivenUp) => (state, Next::End(End::NotFinished)),
        (Sending, Event::StatusUnanswered) => (unclear, Next::End(End::Unknown)),
        (_, Event::StatusUnanswered) => (state, Next::End(End::NotFinished)),
        (_, Event::StatusLost) => (state, Next::End(End::Lost)),
    }
}

#[cfg(test)]
mod tests {
    use UploadState::{Accepted, Planned, Sending};

    use super::*;

    #[test]
    fn every_event_leads_where_the_table_says() {
        let at = |stage, may_have_arrived| State {
            stage,
            may_have_arrived,
        };
        let table = [
            (
                at(Planned, false),
                Event::Begin,
                at(Sending, false),
                Next::Send,
            ),
            (
                at(Sending, false),
                Event::Begin,
                at(Sending, true),
                Next::AskWhetherItArrived,
            ),
            (
                at(Accepted, false),
                Event::Begin,
                at(Accepted, true),
                Next::AwaitVerdict,
            ),
            (
                at(Sending, false),
                Event::SendAccepted,
                at(Accepted, true),
                Next::AwaitVerdict,
            ),
            (
                at(Sending, false),
                Event::SendFailed,
                at(Planned, false),
                Next::Send,
            ),
            (
                at(Sending, true),
                Event::SendFailed,
                at(Sending, true),
                Next::Send,
            ),
            (
                at(Sending, false),
                Event::SendUnclear,
                at(Sending, true),
                Next::AskWhetherItArrived,
            ),
            (
                at(Sending, true),
                Event::SendConflict,
                at(Accepted, true),
                Next::AwaitVerdict,
            ),
            (
                at(Sending, false),
                Event::SendConflict,
                at(Sending, false),
                Next::End(End::IdTaken),
            ),
            (
                at(Sending, false),
                Event::SendGivenUp,
                at(Planned, false),
                Next::End(End::NotSent),
            ),
            (
                at(Sending, true),
                Event::SendGivenUp,
                at(Sending, true),
                Next::End(End::Unknown),
            ),
            (
                at(Sending, false),
                Event::SendRefused,
                at(Planned, false),
                Next::End(End::NotSent),
            ),
            (
                at(Sending, true),
                Event::StatusNotFound,
                at(Sending, true),
                Next::Send,
            ),
            (
                at(Sending, true),
                Event::StatusOpen,
                at(Accepted, true),
                Next::AwaitVerdict,
            ),
            (
                at(Sending, true),
                Event::StatusUnanswered,
                at(Sending, true),
                Next::End(End::Unknown),
            ),
            (
                at(Accepted, true),
                Event::StatusFinal,
                at(Accepted, true),
                Next::End(End::Verdict),
            ),
            (
                at(Accepted, true),
                Event::StatusNotFound,
                at(Accepted, true),
                Next::End(End::NotFinished),
            ),
            (
                at(Accepted, true),
                Event::StatusLost,
                at(Accepted, true),
                Next::End(End::Lost),
            ),
            (
                at(Accepted, true),
                Event::StatusUnanswered,
                at(Accepted, true),
                Next::End(End::NotFinished),
            ),
            (
                at(Accepted, true),
                Event::WaitGivenUp,
                at(Accepted, true),
                Next::End(End::NotFinished),
            ),
        ];
        for (from, event, to, action) in table {
            assert_eq!(next(from, event), (to, action), "{from:?} {event:?}");
        }
    }

    #[test]
    fn body_that_may_have_arrived_is_never_reported_as_not_sent() {
        let events = [
            Event::SendFailed,
            Event::SendUnclear,
            Event::SendConflict,
            Event::SendRefused,
            Event::SendGivenUp,
            Event::StatusNotFound,
            Event::StatusUnanswered,
            Event::StatusOpen,
        ];
        for event in events {
            let state = State {
                stage: Sending,
                may_have_arrived: true,
            };
            let (after, next) = next(state, event);
            assert!(after.may_have_arrived, "{event:?}");
            assert_ne!(next, Next::End(End::NotSent), "{event:?}");
        }
    }
}
