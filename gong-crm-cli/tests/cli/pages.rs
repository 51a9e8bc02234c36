//! `-o html`: results as one page that loads nothing and runs nothing.

use crate::integration::simulator;
use crate::invocation::Invocation;

fn page(words: &[&str]) -> (Option<i32>, String) {
    let words = [words, &["-o", "html"]].concat();
    let output = Invocation::new(&words)
        .file(
            "accounts.ldjson",
            "{\"objectId\":\"<img src=x onerror=alert(1)>\",\"name\":\"A\"}\n\
             {\"objectId\":\"acc-\u{202e}2\",\"name\":\"B\"}\n\
             {\"objectId\":\"acc-3\",\"modifiedDate\":\"2026-01-15T09:30:00Z\",\"name\":\"C\"}\n",
        )
        .file(
            "sources.toml",
            "[sources.ACCOUNT]\nfiles = \"accounts.ldjson\"\n",
        )
        .output();
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.code(), text)
}

fn assert_is_self_contained(page: &str) {
    assert!(page.starts_with("<!DOCTYPE html>"), "{page}");
    assert!(page.ends_with("</html>\n"), "{page}");
    for loaded in [
        "<script", "<img", "<link", "@import", "url(", "src=\"", "\u{202e}",
    ] {
        assert!(!page.contains(loaded), "{loaded} in {page}");
    }
}

#[test]
fn a_check_is_a_page_that_shows_texts_of_a_file_as_texts() {
    let (code, page) = page(&["check", "accounts.ldjson"]);
    assert_eq!(code, Some(3));
    assert_is_self_contained(&page);
    assert!(
        page.contains("&lt;img src=x onerror=alert(1)&gt;"),
        "{page}"
    );
    assert!(page.contains(r"acc-\u{202e}2"), "{page}");
    assert!(page.contains("missing-field"), "{page}");
}

#[test]
fn push_page_has_verdict_and_records_not_in_gong() {
    let (code, page) = page(&["--sim", "push", "--skip-invalid", "accounts.ldjson"]);
    assert_eq!(code, Some(5));
    assert_is_self_contained(&page);
    assert!(page.contains(">partial</span>"), "{page}");
    assert!(page.contains("modifiedDate: it is missing"), "{page}");
}

#[test]
fn a_plan_and_a_sync_are_pages_with_each_change() {
    let (code, plan) = page(&["--sim", "--config", "sources.toml", "plan"]);
    assert_eq!(code, Some(3), "{plan}");
    assert_is_self_contained(&plan);
    assert!(plan.contains("ACCOUNT: 1 new, 2 held back"), "{plan}");
    let (code, sync) = page(&["--sim", "--config", "sources.toml", "sync"]);
    assert_eq!(code, Some(5), "{sync}");
    assert_is_self_contained(&sync);
    assert!(sync.contains("acc-3"), "{sync}");
}

#[test]
fn a_command_without_a_page_says_which_have_one() {
    for words in [
        &["convert", "x.csv"][..],
        &["status", "x"],
        &["sync", "--every", "5m"],
        &["push", "--dry-run", "accounts.ldjson"],
    ] {
        let output = Invocation::new(&[words, &["-o", "html"]].concat()).output();
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(message.contains("has no -o html"), "{words:?}: {message}");
    }
}

#[test]
fn commands_without_a_page_say_which_ones_have_one() {
    for (words, said) in [
        (&["uploads"][..], "resume, drift"),
        (
            &["push", "--dry-run", "accounts.ldjson"],
            "push --dry-run has no -o html",
        ),
        (&["sync", "--every", "5m"], "sync --every has no -o html"),
        (
            &["drift", "accounts.ldjson"],
            "drift with files has no -o html",
        ),
    ] {
        let words = [words, &["-o", "html"]].concat();
        let output = Invocation::new(&words).file("accounts.ldjson", "").output();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn drift_why_and_a_resume_with_nothing_to_do_are_pages() {
    let sim = simulator().start_blocking().unwrap();
    sim.register_integration("Acme CRM", "admin@acme.example");
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger.sqlite");
    let run = |words: &[&str]| {
        let ledger = ["--ledger", ledger.to_str().unwrap()];
        let account = "{\"objectId\":\"acc-3\",\"modifiedDate\":\"2026-01-15T09:30:00Z\"}\n";
        let invocation = Invocation::new(&[words, &ledger[..]].concat());
        let output = invocation
            .against(sim.base_url())
            .file("accounts.ldjson", account)
            .output();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{error}");
        String::from_utf8(output.stdout).unwrap()
    };
    run(&["push", "accounts.ldjson"]);
    let resumed = run(&["resume", "-o", "html"]);
    assert_is_self_contained(&resumed);
    assert!(
        resumed.contains("every upload in the ledger is finished"),
        "{resumed}"
    );
    let drift = run(&["drift", "--min-age", "0s", "-o", "html"]);
    assert_is_self_contained(&drift);
    assert!(drift.contains(">equal</span>"), "{drift}");
    assert!(drift.contains("Calls against the 10,000"), "{drift}");
    let why = run(&["why", "ACCOUNT", "acc-3", "-o", "html"]);
    assert_is_self_contained(&why);
    for part in [
        "ACCOUNT acc-3 in Gong",
        ">visible</span> People see it on its own page",
        "It has no domains",
    ] {
        assert!(why.contains(part), "{part}: {why}");
    }
}
