use super::super::survey::entry;
use super::*;
use crate::ledger::LastTry;

const RULES: Rules = Rules {
    says_defaults: false,
    as_of: 1_000,
    now: 1_000,
    backs_off: false,
    history: false,
    keeps_dates: false,
    touch: false,
    resend: false,
    may_search: true,
    finds_all: false,
};

fn hash(hash: u64) -> [u8; 16] {
    u128::from(hash).to_le_bytes()
}

fn holding(version: u64, as_of: Seconds) -> RecordState {
    RecordState {
        current: Current::Version,
        hash: hash(version),
        as_of,
        sent_date: Some(50),
        ..RecordState::default()
    }
}

fn decided(versions: &[Entry], known: Option<&RecordState>, rules: Rules) -> Vec<Decision> {
    let mut decisions = Vec::new();
    decide(versions, known, None, rules, &mut decisions);
    decisions
}

const fn send(action: Action, step: u16) -> Decision {
    Decision::Send {
        action,
        step,
        share: Share::Any,
    }
}

#[test]
fn version_before_another_is_sent() {
    let a = entry(1, 0xA, 10, false);
    assert_eq!(decided(&[a], None, RULES), [send(Action::Create, 0)]);
    assert_eq!(
        decided(&[a], Some(&holding(0xA, 0)), RULES),
        [Decision::Unchanged]
    );
    assert_eq!(
        decided(&[a], Some(&holding(0xB, 0)), RULES),
        [send(Action::Update, 0)]
    );
}

#[test]
fn older_read_changes_nothing_unless_its_date_is_later() {
    let known = holding(0xB, 2_000);
    let older = entry(1, 0xA, 40, false);
    assert_eq!(
        decided(&[older], Some(&known), RULES),
        [Decision::NewerInGong]
    );
    let later = entry(1, 0xA, 60, false);
    assert_eq!(
        decided(&[later], Some(&known), RULES),
        [send(Action::Update, 0)]
    );
}

#[test]
fn newest_version_is_sent_and_all_with_history() {
    let versions = [
        entry(1, 0xA, 10, false),
        entry(1, 0xB, 20, false),
        entry(1, 0xC, 30, false),
    ];
    assert_eq!(
        decided(&versions, None, RULES),
        [
            Decision::Superseded,
            Decision::Superseded,
            send(Action::Create, 0)
        ]
    );
    let history = Rules {
        history: true,
        ..RULES
    };
    assert_eq!(
        decided(&versions, None, history),
        [
            send(Action::Create, 0),
            send(Action::Update, 1),
            send(Action::Update, 2)
        ]
    );
}

#[test]
fn history_continues_after_the_current_version() {
    let versions = [
        entry(1, 0xA, 10, false),
        entry(1, 0xB, 20, false),
        entry(1, 0xA, 30, false),
    ];
    let history = Rules {
        history: true,
        ..RULES
    };
    let at = |version, date| RecordState {
        sent_date: Some(date),
        ..holding(version, 0)
    };
    // It went back to what it was: the date says how far Gong is.
    assert_eq!(
        decided(&versions, Some(&at(0xA, 10)), history),
        [
            Decision::Superseded,
            send(Action::Update, 0),
            send(Action::Update, 1)
        ]
    );
    assert_eq!(
        decided(&versions, Some(&at(0xB, 20)), history),
        [
            Decision::Superseded,
            Decision::Superseded,
            send(Action::Update, 0)
        ]
    );
    assert_eq!(
        decided(&versions, Some(&at(0xA, 30)), history),
        [
            Decision::Superseded,
            Decision::Superseded,
            Decision::Unchanged
        ]
    );
    // The same content with a later date is what Gong has.
    let again = [versions[0], entry(1, 0xA, 20, false)];
    assert_eq!(
        decided(&again, Some(&at(0xA, 10)), history),
        [Decision::Superseded, Decision::Unchanged]
    );
    let resend = Rules {
        resend: true,
        ..history
    };
    let sent = decided(&versions, Some(&at(0xA, 30)), resend);
    assert!(
        sent.iter()
            .all(|decision| matches!(decision, Decision::Send { .. }))
    );
}

#[test]
fn equal_dates_with_different_content_contradict() {
    let versions = [entry(1, 0xA, 10, false), entry(1, 0xB, 10, false)];
    assert_eq!(
        decided(&versions, None, RULES),
        [Decision::Contradictory; 2]
    );
    let equal = [entry(1, 0xA, 10, false), entry(1, 0xA, 10, false)];
    assert_eq!(
        decided(&equal, None, RULES),
        [send(Action::Create, 0), Decision::Superseded]
    );
}

#[test]
fn rejected_version_waits_for_its_next_try() {
    let mut known = holding(0xB, 0);
    let version = entry(1, 0xA, 60, false);
    let mut tried = |next, outcome| {
        known.last_try = Some(LastTry {
            outcome,
            hash: hash(0xA),
            reason: String::new(),
            tries: 1,
            at: 0,
            next,
            upload: 1,
            source: String::new(),
            line: 1,
            failed_whole: false,
            as_of: 0,
            push: 0,
        });
        decided(&[version], Some(&known), RULES)[0]
    };
    assert_eq!(tried(2_000, TryOutcome::Rejected), Decision::Rejected);
    assert_eq!(
        tried(500, TryOutcome::Rejected),
        Decision::Send {
            action: Action::Update,
            step: 0,
            share: Share::Rejected
        }
    );
    assert_eq!(tried(0, TryOutcome::Unconfirmed), Decision::Unconfirmed);
    assert_eq!(tried(0, TryOutcome::HeldBack), send(Action::Update, 0));
}

#[test]
fn version_that_was_rejected_when_it_was_sent_again_waits() {
    let mut known = holding(0xA, 0);
    known.missing_parents.add(crate::ObjectType::Account);
    let version = entry(1, 0xA, 60, false);
    assert_eq!(
        decided(&[version], Some(&known), RULES),
        [Decision::Unchanged]
    );
    known.last_try = Some(LastTry {
        outcome: TryOutcome::Rejected,
        hash: hash(0xA),
        reason: String::new(),
        tries: 1,
        at: 0,
        next: 2_000,
        upload: 1,
        source: String::new(),
        line: 1,
        failed_whole: false,
        as_of: 0,
        push: 0,
    });
    assert_eq!(
        decided(&[version], Some(&known), RULES),
        [Decision::Rejected]
    );
}

#[test]
fn version_after_a_deletion_without_a_verdict_is_a_creation() {
    let version = entry(1, 0xA, 60, false);
    let in_flight = InFlight {
        upload: 1,
        push: 500,
        source: 0,
        hash: 0xD,
        step: 0,
        as_of: 500,
        date: Some(55),
        is_deletion: true,
        scope: 0,
        missing: MissingParents::default(),
        leaves_default: false,
        given_as: [0; 8],
    };
    let decided = |in_flight| {
        let mut decisions = Vec::new();
        let known = holding(0xA, 0);
        decide(
            &[version],
            Some(&known),
            Some(in_flight),
            RULES,
            &mut decisions,
        );
        decisions
    };
    assert_eq!(decided(in_flight), [send(Action::Create, 0)]);
    let update = InFlight {
        is_deletion: false,
        ..in_flight
    };
    assert_eq!(decided(update), [send(Action::Update, 0)]);
}

#[test]
fn record_that_needs_a_search_waits_for_its_calls() {
    let mut known = holding(0xB, 0);
    let version = entry(1, 0xA, 60, false);
    let mut tried = |outcome, next, rules| {
        known.last_try = Some(LastTry {
            outcome,
            hash: hash(0xA),
            reason: String::new(),
            tries: 0,
            at: 500,
            next,
            upload: 1,
            source: String::new(),
            line: 1,
            failed_whole: false,
            as_of: 0,
            push: 0,
        });
        decided(&[version], Some(&known), rules)[0]
    };
    let out_of_calls = Rules {
        may_search: false,
        ..RULES
    };
    let uncertain = TryOutcome::Uncertain;
    assert_eq!(tried(uncertain, 900, out_of_calls), Decision::SearchWaits);
    let searched = Decision::Send {
        action: Action::Update,
        step: 0,
        share: Share::Unlisted,
    };
    assert_eq!(tried(uncertain, 2_000, RULES), searched);
    // Counts that say nothing are asked for again without a search.
    assert_eq!(tried(uncertain, 500, out_of_calls), send(Action::Update, 0));
    let finds_all = Rules {
        finds_all: true,
        ..RULES
    };
    let unconfirmed = TryOutcome::Unconfirmed;
    assert_eq!(tried(unconfirmed, 0, finds_all), send(Action::Update, 0));
}

#[test]
fn later_date_alone_is_a_change_only_with_touch() {
    let known = holding(0xA, 0);
    let version = entry(1, 0xA, 60, false);
    assert_eq!(
        decided(&[version], Some(&known), RULES),
        [Decision::Unchanged]
    );
    let touch = Rules {
        touch: true,
        ..RULES
    };
    assert_eq!(
        decided(&[version], Some(&known), touch),
        [send(Action::Update, 0)]
    );
}
