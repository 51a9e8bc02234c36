//! Does every fault end as it should: outlived if it passes, told by the exit code if it stays?

use std::time::Duration;

use gong_sim::{Effect, Fault, Operation, Processing, RetryAfter};

use crate::crm::{Dice, Way};
use crate::life::{LATER, Life};

/// What an upload or a question outlives.
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

/// Wants a wait longer than a push has patience for.
pub(crate) fn long_waits() -> [Effect; 4] {
    [
        Effect::TooManyRequests(RetryAfter::Seconds(86_400)),
        Effect::TooManyRequests(RetryAfter::SecondsAsMilliseconds(60)),
        Effect::TooManyRequests(RetryAfter::HttpDate(86_400)),
        Effect::TooManyRequests(RetryAfter::Huge),
    ]
}

#[test]
fn a_fault_that_passes_is_outlived() {
    for operation in [Operation::UploadEntities, Operation::RequestStatus] {
        for effect in passing() {
            let name = format!("{effect:?} once on {operation:?}");
            let life = Life::new(name, &mut Dice::new(3), Way::Input);
            let fault = Fault::new(effect.clone()).on(operation).nth(1).nth(3);
            life.simulator.add_fault(fault);
            let ended = life.push(&[]);
            assert_eq!(ended.code, Some(0), "{}: {ended:#?}", life.name);
            life.assert_held();
            life.heal();
        }
    }
}

#[test]
fn a_wait_that_is_named_is_waited() {
    for effect in [
        Effect::TooManyRequests(RetryAfter::Seconds(1)),
        Effect::TooManyRequests(RetryAfter::HttpDate(2)),
    ] {
        let life = Life::new(format!("{effect:?}"), &mut Dice::new(3), Way::Input);
        let fault = Fault::new(effect).on(Operation::UploadEntities).nth(1);
        life.simulator.add_fault(fault);
        let started = std::time::Instant::now();
        assert_eq!(life.push(&[]).code, Some(0));
        assert!(started.elapsed() >= Duration::from_secs(1), "{}", life.name);
    }
}

#[test]
fn a_fault_that_stays_is_told_by_the_exit_code_and_resumed() {
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
        // It is called taken, and Gong does not know of it.
        (vec![upload(Effect::Status(409))], 9),
        (vec![upload(Effect::Status(401))], 4),
        (vec![upload(Effect::Status(403))], 4),
        (vec![question(Effect::Status(401))], 9),
        (vec![question(Effect::HtmlPage(200))], 9),
        // No end to the waiting.
        (vec![question(Effect::NewEnumValue)], 7),
        (vec![question(Effect::Status(500))], 7),
        (
            vec![question(Effect::TooManyRequests(RetryAfter::Absent))],
            7,
        ),
    ];
    for effect in long_waits() {
        cases.push((vec![upload(effect)], 8));
    }
    for (faults, code) in cases {
        let life = Life::new(format!("{faults:?}"), &mut Dice::new(3), Way::Input);
        for fault in faults {
            life.simulator.add_fault(fault);
        }
        let ended = life.push(&["--wait", "100ms", "--retries", "2"]);
        assert_eq!(ended.code, Some(code), "{}: {ended:#?}", life.name);
        assert!(life.simulator.request_count() < 60, "{}", life.name);
        life.heal();
    }
}

#[test]
fn an_upload_that_never_ends_is_given_up_and_resumed() {
    let life = Life::new("never", &mut Dice::new(3), Way::Folder);
    life.simulator.set_processing(Processing::After(LATER));
    let ended = life.push(&["--wait", "50ms"]);
    assert_eq!(ended.code, Some(7), "{ended:#?}");
    assert_eq!(ended.report["verdict"], "timed-out");
    life.heal();
}

#[test]
fn what_nobody_waits_for_is_finished_by_resume() {
    for way in Way::ALL {
        let life = Life::new(format!("{way:?} async"), &mut Dice::new(3), way);
        life.simulator.set_processing(Processing::Polls(2));
        let ended = life.push(&["--async"]);
        // Uploads that wait for another of their file are left to resume, which the code tells.
        assert_eq!(ended.code, Some(7), "{}: {ended:#?}", life.name);
        let resumed = life.resume();
        assert_eq!(
            resumed.code,
            Some(way.exit()),
            "{}: {resumed:#?}",
            life.name
        );
        life.assert_held();
        life.heal();
    }
}

#[test]
fn an_id_that_gong_took_before_is_asked_about() {
    let life = Life::new("409", &mut Dice::new(3), Way::Folder);
    assert_eq!(life.push(&[]).code, Some(0));
    // Another machine has another ledger.
    for name in ["ledger.sqlite", "ledger.sqlite.lock"] {
        std::fs::remove_file(life.path(name)).unwrap();
    }
    let uploads = life.simulator.uploads().len();
    assert_eq!(life.push(&[]).code, Some(0));
    assert_eq!(life.simulator.uploads().len(), uploads);
    life.heal();
}

#[test]
fn content_that_failed_whole_goes_again_under_the_next_id() {
    for way in [Way::Folder, Way::Packed, Way::Input] {
        let life = Life::new(format!("{way:?} failed"), &mut Dice::new(3), way);
        let fault = Fault::new(Effect::FailFile("General failure".to_owned()));
        let fault = fault.on(Operation::UploadEntities).nth(1);
        life.simulator.add_fault(fault);
        let ended = life.push(&[]);
        assert!([Some(5), Some(6)].contains(&ended.code), "{ended:#?}");
        life.heal();
        let mut uploads = life.simulator.uploads().into_iter();
        let again = uploads.any(|upload| upload.client_request_id.ends_with("-2"));
        assert!(again, "{}", life.name);
    }
}
