//! `gong-crm.toml`: what is taken from it, and what is rejected.

use crate::integration::registered;
use crate::invocation::{Invocation, assert_transcript, workspace_root};

const SHOW: [&str; 3] = ["integration", "show", "--no-progress"];

fn keys(base_url: &str, secret: &str) -> String {
    format!("base-url = {base_url:?}\naccess-key = \"test-key\"\naccess-key-secret = {secret:?}\n")
}

#[test]
fn config_file_in_a_parent_directory_is_used() {
    let sim = registered();
    let show = Invocation::new(&SHOW)
        .private_file("gong-crm.toml", &keys(sim.base_url(), "test-secret"))
        .trusted("gong-crm.toml")
        .folder("exports")
        .in_folder("exports");
    assert_transcript!("config_found_above", show);
    let of_user = Invocation::new(&SHOW)
        .folder(".config/gong-crm")
        .private_file(
            ".config/gong-crm/config.toml",
            &keys(sim.base_url(), "test-secret"),
        );
    assert_eq!(of_user.output().status.code(), Some(0));
}

#[test]
fn flags_override_environment_and_file() {
    let sim = registered();
    let nowhere = "http://127.0.0.1:9";
    let doctor = |words: &[&str]| {
        Invocation::new(&[&["doctor", "--max-retries", "0"], words].concat())
            .private_file("gong-crm.toml", &keys(nowhere, "test-secret"))
            .trusted("gong-crm.toml")
    };
    let answers = |invocation: Invocation| {
        let output = invocation.output();
        let reported = String::from_utf8(output.stdout).unwrap();
        reported.contains("responds like Gong")
    };
    assert!(!answers(doctor(&[])));
    assert!(answers(doctor(&[]).env("GONG_BASE_URL", sim.base_url())));
    let flag = doctor(&["--base-url", sim.base_url()]);
    assert!(answers(flag.env("GONG_BASE_URL", nowhere)));
}

#[test]
fn credentials_come_from_one_source() {
    let sim = registered();
    let config = keys(sim.base_url(), "test-secret");
    let half = Invocation::new(&SHOW)
        .private_file("gong-crm.toml", &config)
        .trusted("gong-crm.toml")
        .env("GONG_ACCESS_KEY", "test-key");
    assert_transcript!("config_half_in_environment", half);
    let half = config.lines().take(2).collect::<Vec<_>>().join("\n");
    let half = Invocation::new(&SHOW)
        .private_file("gong-crm.toml", &half)
        .trusted("gong-crm.toml")
        .env("GONG_ACCESS_KEY_SECRET", "");
    assert_transcript!("config_half_in_file", half);
    let both = format!("{config}bearer-token = \"t\"\n");
    let both = Invocation::new(&SHOW)
        .private_file("gong-crm.toml", &both)
        .trusted("gong-crm.toml");
    assert_transcript!("config_two_kinds", both);
}

#[test]
fn profile_inherits_nothing() {
    let sim = registered();
    let config = format!(
        "base-url = \"http://127.0.0.1:9\"\nintegration-id = 17\n\n[profile.staging]\n{}",
        keys(sim.base_url(), "test-secret")
    );
    let show = |words: &[&str]| {
        Invocation::new(&[&SHOW, words].concat())
            .private_file("gong-crm.toml", &config)
            .trusted("gong-crm.toml")
    };
    assert_transcript!("config_profile", show(&["--profile", "staging"]));
    let by_environment = show(&[]).env("GONG_PROFILE", "staging").output();
    assert_eq!(by_environment.status.code(), Some(0));
    assert_transcript!("config_no_profile", show(&["--profile", "stagign"]));
    let other = show(&["--profile", "production"]);
    assert_transcript!("config_no_such_profile", other);
    let no_file = Invocation::new(&[&SHOW[..], &["--profile", "staging"]].concat());
    assert_transcript!("config_profile_without_file", no_file);
    let none = Invocation::new(&[&SHOW[..], &["--profile", "staging"]].concat());
    let none = none.private_file("gong-crm.toml", "base-url = 'https://api.gong.io'");
    assert_transcript!("config_without_profiles", none);
}

#[test]
fn config_mistakes_name_file_and_line() {
    for (name, config) in [
        ("config_unknown_key", "\nbase-ulr = 'https://api.gong.io'\n"),
        ("config_foreign_key", "colour = 'red'\n"),
        ("config_not_toml", "base-url: https://api.gong.io\n"),
        ("config_wrong_kind", "\n\nledger = 5\n"),
        ("config_wrong_id", "integration-id = 0.5\n"),
        ("config_profile_no_table", "profile = 'staging'\n"),
    ] {
        let show = Invocation::new(&SHOW).file("gong-crm.toml", config);
        assert_transcript!(name, show);
    }
    let missing = Invocation::new(&[&SHOW[..], &["--config", "other.toml"]].concat());
    assert_transcript!("config_missing", missing);
    let json = [&SHOW[..], &["-o", "json"]].concat();
    let json = Invocation::new(&json).file("gong-crm.toml", "base-ulr = 'x'");
    assert_transcript!("config_unknown_key_json", json);
    let id = Invocation::new(&SHOW).env("GONG_INTEGRATION_ID", "seventeen");
    assert_transcript!("config_id_of_environment", id);
}

#[cfg(unix)]
#[test]
fn readable_secret_is_rejected() {
    let config = keys("https://api.gong.io", "hunter2");
    let show = Invocation::new(&SHOW).shared_file("gong-crm.toml", &config);
    assert_transcript!("config_shared", show);
    // Without a secret there is nothing to hide.
    let show = Invocation::new(&["uploads"])
        .shared_file("gong-crm.toml", "ledger = 'mine.sqlite'")
        .trusted("gong-crm.toml");
    assert_eq!(show.output().status.code(), Some(0));
}

#[test]
fn ledger_path_is_relative_to_the_config_file() {
    let uploads = Invocation::new(&["uploads"])
        .file("gong-crm.toml", "ledger = 'kept/mine.sqlite'")
        .trusted("gong-crm.toml")
        .folder("exports")
        .in_folder("exports");
    let folder = uploads.path("kept/mine.sqlite");
    let kept = uploads.kept();
    assert_eq!(kept.0.status.code(), Some(0));
    assert!(folder.exists(), "{folder:?}");
}

#[test]
fn doctor_shows_where_each_setting_comes_from() {
    let sim = registered();
    let config = format!(
        "{}map = \"crm.toml\"\nledger = \"ledger.sqlite\"\n",
        keys(sim.base_url(), "test-secret")
    );
    let doctor = Invocation::new(&["doctor"])
        .private_file("gong-crm.toml", &config)
        .trusted("gong-crm.toml");
    assert_transcript!("doctor_sources", doctor);
    let wrong = Invocation::new(&["doctor"]).file("gong-crm.toml", "base-ulr = 'x'");
    assert_transcript!("doctor_config", wrong);
    for words in [["--profile", "x", "--sim"], ["--sim", "--profile", "x"]] {
        let both = [&["integration", "show"], &words[..]].concat();
        let both = Invocation::new(&both);
        assert_transcript!("sim_takes_no_settings", both);
    }
    // A simulator accepts none of it.
    let sim = Invocation::new(&["--sim", "integration", "show"])
        .file("gong-crm.toml", "base-ulr = 'x'")
        .env("GONG_BASE_URL", "https://api.gong.io");
    assert_eq!(sim.output().status.code(), Some(0));
}

#[test]
fn mapping_of_the_config_file_is_the_default() {
    let mapping = |field: &str| {
        format!("[LEAD.fields]\nobjectId = '{field}'\nmodifiedDate = {{ constant = 'now' }}\n")
    };
    let run = |words: &[&str]| {
        let run = Invocation::new(words)
            .file("gong-crm.toml", "map = 'crm.toml'\n[profile.other]\n")
            .trusted("gong-crm.toml")
            .file("crm.toml", &mapping("Id"))
            .file("by-number.toml", &mapping("Number"))
            .folder("exports")
            .in_folder("exports");
        std::fs::write(run.path("exports/export.csv"), "Id,Number\nl-1,l/2\n").unwrap();
        run
    };
    let reported = |words: &[&str]| {
        let output = run(words).output();
        let reported = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(reported).unwrap())
    };
    for words in [
        &["check", "."][..],
        &["--sim", "push", "."],
        &["convert", "export.csv"],
    ] {
        let (exit, said) = reported(words);
        assert_eq!(exit, Some(0), "{words:?}: {said}");
        assert!(!said.contains("skipped"), "{said}");
        // A flag goes before the file.
        let (exit, said) = reported(&[words, &["--map", "../by-number.toml"]].concat());
        assert_eq!(exit, Some(3), "{words:?}: {said}");
    }
    for words in [&["check", "."][..], &["convert", "export.csv"]] {
        let (exit, said) = reported(&[words, &["--profile", "other"]].concat());
        assert_eq!(exit, Some(2), "{said}");
        assert!(said.contains("there is no mapping for it"), "{said}");
    }
    // It is not a reason to take lines from the standard input for a CSV.
    let line = "{\"objectId\":\"l-1\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}\n";
    let input = run(&["check", "-", "--type", "LEAD"]).input(line).output();
    assert_eq!(input.status.code(), Some(0));

    let gone = Invocation::new(&["check", "."])
        .file("gong-crm.toml", "\nmap = 'gone.toml'\n")
        .trusted("gong-crm.toml");
    assert_transcript!("config_map_missing", gone);
}

#[test]
fn config_file_of_the_guide_is_valid() {
    let page = std::fs::read_to_string(workspace_root().join("docs/guide/settings.md")).unwrap();
    let (_, file) = page.split_once("```toml\n").unwrap();
    let (file, _) = file.split_once("```").unwrap();
    for words in [&["uploads"][..], &["uploads", "--profile", "staging"]] {
        let uploads = Invocation::new(words)
            .private_file("gong-crm.toml", file)
            .trusted("gong-crm.toml");
        let output = uploads.output();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{said}");
    }
}

#[test]
fn table_whose_name_is_not_closed_is_named() {
    let config = "ledger = \"ledger.sqlite\"\n[sources.ACCOUNT\nfiles = \"accounts.ldjson\"\n";
    let invocation = Invocation::new(&["plan", "--config", "c.toml"]).file("c.toml", config);
    let output = invocation.output();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.contains("close the name of the table: [sources.ACCOUNT]"),
        "{error}"
    );
}

#[test]
fn only_needs_an_id_after_a_colon() {
    let output = Invocation::new(&["plan", "--only", "ACCOUNT:"]).output();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(
        error.contains("an id is missing; write ACCOUNT:ID"),
        "{error}"
    );
}
