//! What `resume` finishes, and what it leaves to others.

use gong_sim::{Effect, Fault, Operation, RetryAfter, Simulator};

use crate::integration::simulator;
use crate::left_open::{LINES, run};
use crate::sync::Place;

/// One of several Gongs that know the same integration.
fn gong() -> Simulator {
    let one = simulator().integration(77, "Acme CRM", "admin@acme.example");
    one.start_blocking().unwrap()
}

/// The ids of uploads that a text names.
fn uploads(said: &str) -> Vec<String> {
    let words = said.split_whitespace();
    let ids = words.filter(|word| word.starts_with("upload-"));
    ids.map(str::to_owned).collect()
}

#[test]
fn resume_leaves_uploads_to_another_gong_alone() {
    let (first, second) = (gong(), gong());
    let fault = Fault::new(Effect::Status(503)).on(Operation::UploadEntities);
    first.add_fault(fault).unwrap();
    let place = tempfile::tempdir().unwrap();
    let push = ["push", "-", "--type", "ACCOUNT", "--retry-timeout", "0s"];
    let (code, said) = run(&first, place.path(), &push, LINES);
    assert_eq!(code, 9, "{said}");
    first.clear_faults();
    let (_, said) = run(&first, place.path(), &["uploads", "--unfinished"], "");
    let upload = &uploads(&said)[0];

    let url = first.base_url();
    let note =
        format!("note: {upload} belongs to the Gong at {url}: resume it with --base-url {url}\n");
    for words in [
        &["resume"][..],
        &["resume", "--dry-run"],
        &["resume", upload],
        &["resume", upload, "--dry-run"],
    ] {
        let (code, said) = run(&second, place.path(), words, "");
        assert_eq!(code, 9, "{words:?}: {said}");
        assert!(said.contains(&note), "{words:?}: {said}");
        assert!(!said.contains("/v2/"), "{words:?}: {said}");
    }
    for words in [
        &["resume", "-o", "json"][..],
        &["resume", "--dry-run", "-o", "json"],
    ] {
        let (code, json) = run(&second, place.path(), words, "");
        assert_eq!(code, 9, "{json}");
        assert!(json.contains("belongs to the Gong at"), "{json}");
    }
    assert_eq!(second.object_count("ACCOUNT"), 0);

    let (code, said) = run(&first, place.path(), &["resume"], "");
    assert_eq!(code, 0, "{said}");
    assert_eq!(first.object_count("ACCOUNT"), 2);
}

#[test]
fn resume_leaves_what_a_sync_planned_to_the_next_sync() {
    let place = Place::new();
    place.export(1..=3);
    let fault = Fault::new(Effect::TooManyRequests(RetryAfter::Seconds(86_400)));
    let fault = fault.on(Operation::UploadEntities);
    place.simulator.add_fault(fault).unwrap();
    let run = |words: &[&str]| {
        let output = place.command(words).output();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.code(), said)
    };
    let (code, said) = run(&["sync", "--yes"]);
    assert_eq!(code, Some(8), "{said}");
    place.simulator.clear_faults();

    let (code, said) = run(&["uploads", "--unfinished"]);
    assert_eq!(code, Some(0), "{said}");
    let upload = &uploads(&said)[0];
    let note = format!(
        "{upload} was planned by a sync and not sent: the next gong-crm sync of scope acme sends its 3 records, as \
         the source then has them"
    );
    assert!(said.contains(&note), "{said}");
    assert!(!said.contains("gong-crm resume"), "{said}");
    for words in [
        &["resume"][..],
        &["resume", "-o", "json"],
        &["resume", "-o", "html"],
        &["resume", "--dry-run"],
        &["resume", "--dry-run", "-o", "json"],
        &["resume", upload],
        &["resume", upload, "--dry-run"],
    ] {
        let (code, said) = run(words);
        assert_eq!(code, Some(6), "{words:?}: {said}");
        assert!(said.contains(&note), "{words:?}: {said}");
        assert!(!said.contains("POST"), "{words:?}: {said}");
        assert!(!said.contains("nothing to do"), "{words:?}: {said}");
    }
    let (code, said) = run(&["sync", "--yes"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(place.simulator.object_count("ACCOUNT"), 3);
    let (code, said) = run(&["resume"]);
    assert_eq!(code, Some(0), "{said}");
}
