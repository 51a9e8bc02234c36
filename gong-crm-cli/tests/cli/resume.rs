//! What `resume` finishes, and what it leaves to others.

use gong_sim::{Effect, Fault, Operation, Simulator};

use crate::integration::simulator;
use crate::left_open::{LINES, run};

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
    let note = format!(
        "note: {upload} belongs to the Gong at {url}: to finish it, run gong-crm resume --base-url {url}\n"
    );
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
