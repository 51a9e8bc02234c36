//! Faults: those that pass are survived, those that stay are reported by the exit code and resumed.

use std::time::Duration;

use gong_sim::{Effect, Fault, Operation, Processing, RetryAfter};

use crate::crm::{SeededRng, Source};
use crate::harness::{Harness, LATER};

/// A fault of this operation, or of the other one that a push calls if only that can have the effect.
pub(crate) fn fault_of(operation: Operation, effect: Effect) -> Fault {
    let fault = Fault::new(effect).on(operation);
    if fault.validate().is_ok() {
        return fault;
    }
    fault.on(match operation {
        Operation::UploadEntities => Operation::RequestStatus,
        _ => Operation::UploadEntities,
    })
}

/// Faults that an upload or a status request survives.
pub(crate) fn passing() -> Vec<Effect> {
    vec![
        Effect::ResetBeforeBody,
        Effect::ResetAfterBody,
        Effect::LoseAnswer,
        Effect::TruncateBody,
        Effect::Status(500),
        Effect::Status(502),
        Effect::Status(503),
        Effect::Status(504),
        Effect::HtmlPage(502),
        Effect::HtmlPage(200),
        Effect::WrongContentType,
        Effect::UnknownFields,
        Effect::NewEnumValue,
        Effect::Gzip,
        Effect::ReadSlowly(50_000),
        Effect::Delay(Duration::from_millis(20)),
        Effect::DribbleBody {
            bytes: 7,
            pause: Duration::from_millis(1),
        },
        Effect::TooManyRequests(RetryAfter::Seconds(0)),
        Effect::TooManyRequests(RetryAfter::HttpDate(0)),
        Effect::TooManyRequests(RetryAfter::Absent),
        Effect::TooManyRequests(RetryAfter::Empty),
        Effect::TooManyRequests(RetryAfter::Garbage),
        Effect::TooManyRequests(RetryAfter::Negative),
        Effect::TooManyRequests(RetryAfter::Fraction),
    ]
}

/// Faults that ask for a longer wait than a push accepts.
pub(crate) fn long_waits() -> [Effect; 4] {
    [
        Effect::TooManyRequests(RetryAfter::Seconds(86_400)),
        Effect::TooManyRequests(RetryAfter::SecondsAsMilliseconds(60)),
        Effect::TooManyRequests(RetryAfter::HttpDate(86_400)),
        Effect::TooManyRequests(RetryAfter::Huge),
    ]
}

#[test]
fn passing_fault_is_survived() {
    for operation in [Operation::UploadEntities, Operation::RequestStatus] {
        for effect in passing() {
            let name = format!("{effect:?} once on {operation:?}");
            let harness = Harness::new(name, &mut SeededRng::new(3), Source::Input);
            let fault = fault_of(operation, effect.clone()).nth(1).nth(3);
            harness.simulator.add_fault(fault).unwrap();
            let ended = harness.push(&[]);
            assert_eq!(ended.code, Some(0), "{}: {ended:#?}", harness.name);
            harness.assert_in_gong();
            harness.recover();
        }
    }
}

#[test]
fn retry_after_is_obeyed() {
    for effect in [
        Effect::TooManyRequests(RetryAfter::Seconds(1)),
        Effect::TooManyRequests(RetryAfter::HttpDate(2)),
    ] {
        let harness = Harness::new(format!("{effect:?}"), &mut SeededRng::new(3), Source::Input);
        let fault = Fault::new(effect).on(Operation::UploadEntities).nth(1);
        harness.simulator.add_fault(fault).unwrap();
        let started = std::time::Instant::now();
        assert_eq!(harness.push(&[]).code, Some(0));
        assert!(
            started.elapsed() >= Duration::from_secs(1),
            "{}",
            harness.name
        );
    }
}

#[test]
fn lasting_fault_has_its_exit_code_and_is_resumed() {
    let upload = |effect| Fault::new(effect).on(Operation::UploadEntities);
    let question = |effect| Fault::new(effect).on(Operation::RequestStatus);
    let mut cases: Vec<(Vec<Fault>, i32)> = vec![
        (vec![upload(Effect::ResetBeforeBody)], 9),
        (vec![upload(Effect::ResetAfterBody)], 9),
        (vec![upload(Effect::Status(503))], 9),
        (vec![upload(Effect::HtmlPage(502))], 9),
        (vec![upload(Effect::HtmlPage(200))], 9),
        // Gong has it and never says so.
        (vec![Fault::new(Effect::LoseAnswer)], 9),
        (vec![Fault::new(Effect::TruncateBody)], 9),
        // The id is said to be used, and Gong does not know it: it did not take the upload.
        (vec![upload(Effect::Status(409))], 6),
        (vec![upload(Effect::Status(401))], 4),
        (vec![upload(Effect::Status(403))], 4),
        (vec![question(Effect::Status(401))], 4),
        (vec![question(Effect::HtmlPage(200))], 7),
        // Waiting does not end.
        (vec![question(Effect::NewEnumValue)], 7),
        (vec![question(Effect::Status(500))], 7),
        (
            vec![question(Effect::TooManyRequests(RetryAfter::Absent))],
            8,
        ),
    ];
    for effect in long_waits() {
        cases.push((vec![upload(effect)], 8));
    }
    for (faults, code) in cases {
        let harness = Harness::new(format!("{faults:?}"), &mut SeededRng::new(3), Source::Input);
        for fault in faults {
            harness.simulator.add_fault(fault).unwrap();
        }
        let ended = harness.push(&["--wait", "100ms", "--max-retries", "2"]);
        assert_eq!(ended.code, Some(code), "{}: {ended:#?}", harness.name);
        assert!(harness.simulator.request_count() < 60, "{}", harness.name);
        harness.recover();
    }
}

#[test]
fn upload_that_never_ends_times_out_and_is_resumed() {
    let harness = Harness::new("never", &mut SeededRng::new(3), Source::Folder);
    harness.simulator.set_processing(Processing::After(LATER));
    let ended = harness.push(&["--wait", "50ms"]);
    assert_eq!(ended.code, Some(7), "{ended:#?}");
    assert_eq!(ended.report["verdict"], "timed-out", "{ended:#?}");
    harness.recover();
}

#[test]
fn push_without_waiting_is_finished_by_resume() {
    for source in Source::ALL {
        let harness = Harness::new(
            format!("{source:?} without waiting"),
            &mut SeededRng::new(3),
            source,
        );
        harness.simulator.set_processing(Processing::Polls(2));
        let ended = harness.push(&["--no-wait"]);
        assert_eq!(ended.code, Some(7), "{}: {ended:#?}", harness.name);
        let resumed = harness.resume();
        // Resume ignores records that the push held back.
        let expected = if source == Source::SkipInvalid {
            0
        } else {
            source.exit()
        };
        assert_eq!(
            resumed.code,
            Some(expected),
            "{}: {resumed:#?}",
            harness.name
        );
        harness.assert_in_gong();
        harness.recover();
    }
}

#[test]
fn lost_ledger_sends_everything_again() {
    let harness = Harness::new("lost ledger", &mut SeededRng::new(3), Source::Folder);
    assert_eq!(harness.push(&[]).code, Some(0));
    let uploads = harness.simulator.uploads().len();
    remove_ledger(&harness);
    assert_eq!(harness.push(&[]).code, Some(0));
    assert_eq!(harness.simulator.uploads().len(), 2 * uploads);
    harness.recover();
}

fn remove_ledger(harness: &Harness) {
    for ending in ["", ".lock", "-wal", "-shm"] {
        drop(std::fs::remove_file(
            harness.path(&format!("ledger.sqlite{ending}")),
        ));
    }
}

#[test]
fn old_copy_of_a_ledger_is_noticed_and_recovered() {
    let mut rng = SeededRng::new(3);
    let mut harness = Harness::new("copied ledger", &mut rng, Source::Folder);
    assert_eq!(harness.push(&[]).code, Some(0));
    std::fs::copy(harness.path("ledger.sqlite"), harness.path("backup")).unwrap();
    harness.change(&mut rng, 1);
    assert_eq!(harness.push(&[]).code, Some(0));
    remove_ledger(&harness);
    std::fs::copy(harness.path("backup"), harness.path("ledger.sqlite")).unwrap();
    harness.change(&mut rng, 2);
    // In its old place, the mark beside it says that it is older; elsewhere, Gong's response does.
    for (says, mark) in [("older", None), ("copy", Some("ledger.sqlite.mark"))] {
        if let Some(mark) = mark {
            std::fs::remove_file(harness.path(mark)).unwrap();
        }
        let ended = harness.push(&[]);
        assert_eq!(ended.code, Some(9), "{ended:#?}");
        let text = format!("{} {}", ended.report, ended.stderr);
        assert!(text.contains(says), "{ended:#?}");
    }
}

#[test]
fn upload_that_failed_as_a_whole_is_sent_again_by_the_next_push() {
    for source in [Source::Folder, Source::Packed, Source::Input] {
        let harness = Harness::new(format!("{source:?} failed"), &mut SeededRng::new(3), source);
        let fault = Fault::new(Effect::FailFile("General failure".to_owned()));
        let fault = fault.on(Operation::UploadEntities).nth(1);
        harness.simulator.add_fault(fault).unwrap();
        let ended = harness.push(&[]);
        assert_eq!(ended.code, Some(6), "{}: {ended:#?}", harness.name);
        harness.recover();
    }
}
