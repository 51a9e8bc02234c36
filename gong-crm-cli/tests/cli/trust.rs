//! Files that the user did not write: a found `gong-crm.toml` may choose names and limits, and nothing
//! else until it is trusted.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Output;

use crate::integration::simulator;
use crate::invocation::{Invocation, assert_transcript};

const SHOW: [&str; 3] = ["integration", "show", "--no-progress"];

const LINE: &str = r#"{"objectId":"a-1","modifiedDate":"2026-03-01T09:30:00Z","name":"Acme"}
"#;

/// With credentials, and without an address.
fn with_keys(invocation: Invocation) -> Invocation {
    invocation
        .env("GONG_ACCESS_KEY", "test-key")
        .env("GONG_ACCESS_KEY_SECRET", "test-secret")
}

fn said(output: &Output) -> String {
    let all = [output.stdout.clone(), output.stderr.clone()].concat();
    String::from_utf8(all).unwrap()
}

#[test]
fn found_file_sends_no_credentials_to_its_host() {
    let stranger = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    stranger.set_nonblocking(true).unwrap();
    let config = format!("base-url = \"http://{}\"\n", stranger.local_addr().unwrap());
    let here = with_keys(Invocation::new(&SHOW).file("gong-crm.toml", &config));
    assert_transcript!("untrusted_host", here);
    let above = Invocation::new(&["push", "accounts.ldjson"])
        .file("gong-crm.toml", &config)
        .folder("exports")
        .in_folder("exports");
    fs::write(above.path("exports/accounts.ldjson"), LINE).unwrap();
    let output = with_keys(above).output();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    for words in [
        &["doctor"][..],
        &["status", "a-1"],
        &["sync"],
        &["schema", "pull"],
    ] {
        let run = with_keys(Invocation::new(words).file("gong-crm.toml", &config));
        let output = run.output();
        assert!(!said(&output).contains("reachable"), "{}", said(&output));
    }
    let nobody = stranger.accept().unwrap_err();
    assert_eq!(nobody.kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn trusted_file_names_a_host_until_it_changes() {
    let sim = simulator().start_blocking().unwrap();
    sim.register_integration("Acme CRM", "admin@acme.example");
    let config = format!("base-url = {:?}\n", sim.base_url());
    let show = || {
        let show = Invocation::new(&SHOW).file("gong-crm.toml", &config);
        with_keys(show.trusted("gong-crm.toml"))
    };
    assert_eq!(show().output().status.code(), Some(0));
    let changed = show().file("gong-crm.toml", &format!("{config}# changed\n"));
    assert_transcript!("changed_since_trusted", changed);
    // The same content elsewhere is another file.
    let moved = show().folder("elsewhere").in_folder("elsewhere");
    fs::rename(
        moved.path("gong-crm.toml"),
        moved.path("elsewhere/gong-crm.toml"),
    )
    .unwrap();
    assert_eq!(moved.output().status.code(), Some(2));
    // Naming a file means trusting it.
    for named in [
        Invocation::new(&[&SHOW[..], &["--config", "gong-crm.toml"]].concat()),
        Invocation::new(&SHOW).env("GONG_CONFIG", "gong-crm.toml"),
    ] {
        let output = with_keys(named.file("gong-crm.toml", &config)).output();
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    }
}

#[test]
fn revoked_file_is_a_stranger_again() {
    let config = "ledger = 'mine.sqlite'\n";
    let mut revoke = Invocation::new(&["trust", "--revoke"])
        .file("gong-crm.toml", config)
        .trusted("gong-crm.toml");
    assert!(revoke.command().status().unwrap().success());
    let mut uploads = Invocation::new(&["uploads"]);
    uploads.command().current_dir(revoke.path("."));
    uploads
        .command()
        .env("XDG_STATE_HOME", revoke.path("state"));
    assert_eq!(uploads.output().status.code(), Some(2));
}

#[test]
fn each_power_needs_trust() {
    for (name, config, words) in [
        ("untrusted_ledger", "ledger = 'data'\n", &["uploads"][..]),
        ("untrusted_map", "map = 'crm.toml'\n", &["check", "."]),
        (
            "untrusted_credentials",
            "access-key = 'k'\naccess-key-secret = 's'\n",
            &["integration", "show"],
        ),
        (
            "untrusted_process",
            "credential-process = ['sh', '-c', 'touch ran']\n",
            &["integration", "show"],
        ),
        (
            "untrusted_source",
            "[sources.ACCOUNT]\nfiles = '/etc/passwd'\n",
            &["plan"],
        ),
    ] {
        let run = Invocation::new(words)
            .private_file("gong-crm.toml", config)
            .file("accounts.ldjson", LINE);
        let (ran, data) = (run.path("ran"), run.path("data"));
        assert_transcript!(name, run);
        assert!(!ran.exists() && !data.exists());
    }
}

#[test]
fn found_file_chooses_names_and_limits() {
    let config = "base-url = 'https://us-12345.api.gong.io'\nintegration-id = 17\n\
                  [check]\ndeny = ['object-id-underscore']\n[sync]\nmax-deletions = '5%'\n";
    let line = r#"{"objectId":"a_1","modifiedDate":"2026-03-01T09:30:00Z","name":"Acme"}
"#;
    let check = |words: &[&str]| {
        let words = [&["check", "accounts.ldjson"], words].concat();
        let check = Invocation::new(&words).file("gong-crm.toml", config);
        check.file("accounts.ldjson", line).output()
    };
    let output = check(&[]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert_eq!(
        check(&["--allow", "object-id-underscore"]).status.code(),
        Some(0)
    );
    let push = [
        "push",
        "accounts.ldjson",
        "--dry-run",
        "--allow",
        "object-id-underscore",
    ];
    let push = Invocation::new(&push).file("gong-crm.toml", config);
    let output = push.file("accounts.ldjson", line).output();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(
        said(&output).contains("us-12345.api.gong.io"),
        "{}",
        said(&output)
    );
}

#[test]
fn sources_of_a_found_file_do_not_matter_where_paths_are_named() {
    let config = "[sources.ACCOUNT]\nfiles = \"elsewhere.ldjson\"\n";
    for words in [
        &["check", "accounts.ldjson"][..],
        &["--sim", "push", "accounts.ldjson"],
    ] {
        let run = Invocation::new(words)
            .file("gong-crm.toml", config)
            .file("accounts.ldjson", LINE);
        let output = run.output();
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    }
    // A mapping decides what is made of a file, so it still needs trust.
    let mapped = "[sources.ACCOUNT]\nfiles = \"accounts.csv\"\nmap = \"map.toml\"\n";
    let run = Invocation::new(&["check", "accounts.ldjson"])
        .file("gong-crm.toml", mapped)
        .file("accounts.ldjson", LINE);
    let output = run.output();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
}

#[test]
fn check_table_counts_in_check_push_and_plan() {
    let sim = simulator().start_blocking().unwrap();
    sim.register_integration("Acme CRM", "admin@acme.example");
    let line = r#"{"objectId":"a_1","modifiedDate":"2026-03-01T09:30:00Z","name":"Acme"}
"#;
    let held = |words: &[&str], deny: &str| {
        let config = format!(
            "[check]\n{deny} = ['object-id-underscore']\n\
             [sources.ACCOUNT]\nfiles = 'accounts.ldjson'\n"
        );
        let words = [words, &["--config", "gong-crm.toml", "--no-progress"]].concat();
        let run = Invocation::new(&words)
            .against(sim.base_url())
            .file("gong-crm.toml", &config)
            .file("accounts.ldjson", line);
        let output = run.output();
        (output.status.code(), said(&output))
    };
    assert_eq!(held(&["check"], "deny").0, Some(3));
    assert_eq!(held(&["check"], "allow").0, Some(0));
    let (exit, said) = held(&["push", "accounts.ldjson"], "deny");
    assert_eq!(exit, Some(3), "{said}");
    assert!(held(&["plan"], "deny").1.contains("has an underscore"));
    assert!(!held(&["plan"], "allow").1.contains("has an underscore"));
    let (exit, said) = held(&["sync", "--yes"], "deny");
    assert_eq!(exit, Some(3), "{said}");
    let (exit, said) = held(&["sync", "--yes"], "allow");
    assert_eq!(exit, Some(0), "{said}");
}

/// What a cloned repository can bring.
#[test]
fn repository_with_links_deletes_nothing() {
    for is_named in [false, true] {
        let words = ["push", "accounts.ldjson", "--config", "gong-crm.toml"];
        let words = if is_named { &words[..] } else { &words[..2] };
        let push = with_keys(Invocation::new(words))
            .env("GONG_BASE_URL", "http://127.0.0.1:9")
            .file("gong-crm.toml", "ledger = 'data'\n")
            .file("accounts.ldjson", LINE)
            .folder("victim/.git");
        let victim = push.path("victim");
        let files = [
            ".git/HEAD",
            "upload-1.ldjson",
            "input-x.ldjson",
            "notes.txt",
        ];
        for name in files {
            fs::write(victim.join(name), "mine").unwrap();
        }
        symlink("victim", push.path("data.spool")).unwrap();
        let (output, _folder) = push.kept();
        assert_ne!(output.status.code(), Some(0), "{}", said(&output));
        for name in files {
            assert!(victim.join(name).exists(), "{name} is gone");
        }
    }
}

#[test]
fn search_ends_at_the_home_folder() {
    let uploads = Invocation::new(&["uploads"])
        .file("gong-crm.toml", "ledger = 'data'\n")
        .folder("home/exports")
        .in_folder("home/exports");
    let home = uploads.path("home");
    let output = uploads.env("HOME", home.to_str().unwrap()).output();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

#[test]
fn drafted_file_is_trusted_until_it_changes() {
    let mut init = Invocation::new(&["init", "exports"]).folder("exports");
    let csv = "Account ID;Account Name\na-1;Acme\na-2;Bolt\n";
    fs::write(init.path("exports/accounts.csv"), csv).unwrap();
    assert!(init.command().status().unwrap().success());
    let check = || {
        let mut check = Invocation::new(&["check"]);
        check.command().current_dir(init.path("."));
        check.command().env("XDG_STATE_HOME", init.path("state"));
        check.output()
    };
    assert_ne!(check().status.code(), Some(2), "{}", said(&check()));
    let path = init.path("gong-crm.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}\n# changed\n")).unwrap();
    let output = check();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("changed since it was trusted"),
        "{}",
        said(&output)
    );
}

/// Names of files become text of the draft, and must stay text.
#[test]
fn name_of_an_export_adds_nothing_to_the_draft() {
    let mut init = Invocation::new(&["init", "exports"]).folder("exports");
    let name = "accounts\"\nledger = \"stolen\"\n[sync] #.csv";
    let csv = "Account ID;Account Name\na-1;Acme\na-2;Bolt\n";
    fs::write(init.path("exports").join(name), csv).unwrap();
    assert!(init.command().status().unwrap().success());
    let text = fs::read_to_string(init.path("gong-crm.toml")).unwrap();
    let is_setting = |line: &str| line.trim_start().starts_with("ledger");
    assert!(!text.lines().any(is_setting), "{text}");
}

#[test]
fn trust_shows_what_a_file_would_do() {
    let config = "base-url = 'http://127.0.0.1:9'\nledger = 'data'\n\n\
                  [sources.DEAL]\nfiles = 'deals-*.csv'\nmap = 'deals.toml'\n\n\
                  [profile.staging]\ncredential-process = ['op', 'read', 'a b']\n";
    for (name, words) in [
        ("trust_show", &["trust", "--show"][..]),
        ("trust", &["trust"]),
        ("trust_json", &["trust", "-o", "json"]),
    ] {
        let trust = Invocation::new(words).file("gong-crm.toml", config);
        assert_transcript!(name, trust);
    }
    let none = Invocation::new(&["trust"]);
    assert_transcript!("trust_nothing_found", none);
    let harmless = Invocation::new(&["trust"]).file("gong-crm.toml", "integration-id = 17\n");
    assert_transcript!("trust_harmless", harmless);
}

#[test]
fn doctor_shows_which_file_counts() {
    let found = Invocation::new(&["doctor"]).file("gong-crm.toml", "integration-id = 17\n");
    assert_transcript!("doctor_found", found);
    let refused = Invocation::new(&["doctor"]).file("gong-crm.toml", "ledger = 'data'\n");
    assert_transcript!("doctor_untrusted", refused);
    let pipe = Invocation::new(&["doctor"]);
    let path = pipe.path("gong-crm.toml");
    rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RUSR).unwrap();
    assert_transcript!("doctor_passed_over", pipe);
}

#[test]
fn state_of_trust_that_others_may_write_does_not_count() {
    let uploads = Invocation::new(&["uploads"])
        .file("gong-crm.toml", "ledger = 'data'\n")
        .trusted("gong-crm.toml");
    let kept = uploads.path("state/gong-crm/trusted");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&kept), 0o700);
    for entry in fs::read_dir(&kept).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
    fs::set_permissions(&kept, fs::Permissions::from_mode(0o777)).unwrap();
    assert_eq!(uploads.output().status.code(), Some(2));
}

#[test]
fn credential_process_gives_the_credentials() {
    let sim = simulator().start_blocking().unwrap();
    sim.register_integration("Acme CRM", "admin@acme.example");
    let show = |script: &str| {
        let config = format!(
            "base-url = {:?}\ncredential-process = ['sh', 'keys.sh']\n",
            sim.base_url()
        );
        Invocation::new(&[&SHOW[..], &["--config", "gong-crm.toml"]].concat())
            .env("PATH", "/usr/bin:/bin")
            .env("GONG_PROFILE", "")
            .file("gong-crm.toml", &config)
            .file("keys.sh", script)
    };
    let keys = r#"echo '{"accessKey":"test-key","accessKeySecret":"test-secret"}'"#;
    let output = show(keys).output();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    for (name, script) in [
        ("process_fails", "printf 'locked\\n\\033[2J' >&2; exit 3"),
        ("process_prints_other", "echo hunter2"),
        ("process_prints_half", r#"echo '{"accessKey":"hunter2"}'"#),
        ("process_prints_much", "yes hunter2"),
    ] {
        let transcript = show(script).transcript();
        assert!(!transcript.contains("hunter2"), "{transcript}");
        crate::invocation::settings().bind(|| insta::assert_snapshot!(name, transcript));
    }
}

#[test]
fn secret_comes_from_a_file_too() {
    let sim = simulator().start_blocking().unwrap();
    sim.register_integration("Acme CRM", "admin@acme.example");
    let show = || {
        Invocation::new(&SHOW)
            .env("GONG_BASE_URL", sim.base_url())
            .env("GONG_ACCESS_KEY_FILE", "key")
            .env("GONG_ACCESS_KEY_SECRET_FILE", "secret")
            .file("key", "test-key\n")
    };
    let output = show().file("secret", "test-secret\r\n").output();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_transcript!("secret_file_missing", show());
    assert_transcript!("secret_file_empty", show().file("secret", "\n"));
    let both = show()
        .file("secret", "x")
        .env("GONG_ACCESS_KEY_SECRET", "hunter2");
    assert_transcript!("secret_file_and_variable", both);
}

#[test]
fn doctor_shows_the_proxy_without_its_password() {
    let doctor = Invocation::new(&["doctor"])
        .env("HTTPS_PROXY", "http://ada:hunter2@p@ss@proxy.example:3128")
        .env("NO_PROXY", "intranet.example")
        .env("GONG_BASE_URL", "https://api.gong.io");
    let output = doctor.output();
    let said = said(&output);
    assert!(
        said.contains("http://proxy.example:3128, from HTTPS_PROXY"),
        "{said}"
    );
    assert!(
        !said.contains("hunter2") && !said.contains("p@ss"),
        "{said}"
    );
}

/// A proxy that everybody's environment names must not see what goes to this machine.
#[test]
fn proxy_is_not_used_for_this_machine() {
    let proxy = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    proxy.set_nonblocking(true).unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let sim = simulator().start_blocking().unwrap();
    sim.register_integration("Acme CRM", "admin@acme.example");
    for run in [
        Invocation::new(&["--sim", "push", "accounts.ldjson"]),
        Invocation::new(&SHOW).against(sim.base_url()),
    ] {
        let mut run = run.file("accounts.ldjson", LINE);
        for name in [
            "HTTP_PROXY",
            "http_proxy",
            "ALL_PROXY",
            "all_proxy",
            "HTTPS_PROXY",
        ] {
            run = run.env(name, &address);
        }
        let output = run.output();
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    }
    let nobody = proxy.accept().unwrap_err();
    assert_eq!(nobody.kind(), std::io::ErrorKind::WouldBlock);
}
