//! Messages that no other test shows.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use gong_sim::{Effect, Fault, Operation};
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

use crate::integration::{registered, simulator};
use crate::invocation::{Invocation, assert_transcript, settings};

const LINE: &str = r#"{"objectId":"a-1","modifiedDate":"2026-03-01T09:30:00Z","name":"Acme"}
"#;

/// A server with these answers by method and path; the first that fits counts.
async fn server(answers: &[(&str, &str, u16, Value)]) -> MockServer {
    let server = MockServer::start().await;
    for (method, path, status, body) in answers {
        Mock::given(matchers::method(*method))
            .and(matchers::path(*path))
            .respond_with(ResponseTemplate::new(*status).set_body_json(body))
            .mount(&server)
            .await;
    }
    server
}

#[test]
fn check_messages() {
    let check = |words: &[&str]| Invocation::new(&[&["check"], words].concat());
    let fix = ["--fix", ".", "accounts.ldjson"];
    let in_place = check(&fix).file("accounts.ldjson", LINE);
    assert_transcript!("check_fix_in_place", in_place);
    let input = ["--fix", ".", "--type", "ACCOUNT", "-"];
    assert_transcript!("check_fix_input", check(&input).input(LINE));
    let twice = ["--fix", "fixed", "a/accounts.ldjson", "b/accounts.ldjson"];
    let twice = check(&twice).folder("a").folder("b");
    let twice = twice
        .file("a/accounts.ldjson", LINE)
        .file("b/accounts.ldjson", LINE);
    assert_transcript!("check_fix_two_of_a_name", twice);
    let schema = ["--schema", "schema.json", "accounts.ldjson"];
    let schema = check(&schema)
        .file("accounts.ldjson", LINE)
        .file("schema.json", "[1]");
    assert_transcript!("check_schema_is_none", schema);
    let wrong = Invocation::new(&["uploads", "-o", "github"]);
    assert_transcript!("format_of_check_only", wrong);
}

#[test]
fn unwritable_files_are_named() {
    let sim = registered();
    let man = Invocation::new(&["man", "--dir", "taken"]).file("taken", "");
    assert_transcript!("man_not_written", man);
    let pull = Invocation::new(&["schema", "pull", "--to", "nowhere/schema.yaml"]);
    assert_transcript!("schema_pull_not_written", pull.against(sim.base_url()));
    let ledger = Invocation::new(&["uploads", "--ledger", "taken/ledger.sqlite"]).file("taken", "");
    assert_transcript!("ledger_folder_not_made", ledger);
    let ledger = Invocation::new(&["uploads", "--ledger", "taken"]).folder("taken");
    assert_transcript!("ledger_not_opened", ledger);
    let other = Invocation::new(&["uploads", "--ledger", "notes.txt"]);
    let other = other.file("notes.txt", &"no database at all\n".repeat(99));
    assert_transcript!("ledger_is_none", other);
}

#[cfg(unix)]
#[test]
fn unreadable_input_is_named() {
    let sim = registered();
    for (name, words) in [
        (
            "input_of_get",
            &["objects", "get", "--type", "DEAL", "-"][..],
        ),
        ("input_of_readiness", &["meetings", "readiness"]),
        ("input_of_schema", &["schema", "plan", "-"]),
    ] {
        let mut invocation = Invocation::new(words).against(sim.base_url()).folder("in");
        let folder = std::fs::File::open(invocation.path("in")).unwrap();
        invocation.command().stdin(folder);
        assert_transcript!(name, invocation);
    }
}

#[test]
fn uploads_and_resume_messages() {
    assert_transcript!("uploads_none", Invocation::new(&["uploads"]));
    assert_transcript!("resume_nothing", Invocation::new(&["resume"]));
    let unknown = Invocation::new(&["resume", "account-17"]);
    assert_transcript!("resume_unknown", unknown);
    let sim = simulator()
        .processing(gong_sim::Processing::Never)
        .start_blocking()
        .unwrap();
    sim.register_integration("Acme CRM", "admin@acme.example");
    let push = Invocation::new(&["push", "accounts.ldjson", "--no-wait"])
        .against(sim.base_url())
        .file("accounts.ldjson", LINE);
    let ledger = push.path("state/gong-crm/ledger.sqlite");
    let (pushed, _folder) = push.kept();
    assert_eq!(pushed.status.code(), Some(7));
    let with = |words: &[&str]| {
        let ledger = ["--ledger", ledger.to_str().unwrap()];
        Invocation::new(&[words, &ledger[..]].concat()).against(sim.base_url())
    };
    assert_transcript!("uploads_unfinished", with(&["uploads", "--unfinished"]));
    assert_transcript!("resume_dry_run", with(&["resume", "--dry-run"]));
    let waiting = ["resume", "--wait", "0s", "--no-progress"];
    let late = with(&waiting).output();
    let said = String::from_utf8(late.stderr).unwrap();
    assert_eq!(late.status.code(), Some(7), "{said}");
    assert!(
        said.contains("\nto resume: gong-crm resume upload-"),
        "{said}"
    );
}

#[test]
fn repeated_push_and_dry_run_messages() {
    let sim = registered();
    let push = Invocation::new(&["push", "accounts.ldjson"])
        .against(sim.base_url())
        .file("accounts.ldjson", LINE);
    let ledger = push.path("state/gong-crm/ledger.sqlite");
    let (_, _folder) = push.kept();
    let again = ["push", "accounts.ldjson"];
    let kept = ["--ledger", ledger.to_str().unwrap()];
    let with_ledger = Invocation::new(&[again, kept].concat())
        .against(sim.base_url())
        .file("accounts.ldjson", LINE);
    assert_transcript!("push_again", with_ledger);
    let without = Invocation::new(&again)
        .against(sim.base_url())
        .file("accounts.ldjson", LINE);
    assert_transcript!("push_again_without_ledger", without);
    let dry_run = ["push", "accounts.ldjson", "--dry-run", "--no-check"];
    let dry_run = Invocation::new(&dry_run).file("accounts.ldjson", LINE);
    assert_transcript!("push_dry_run_unchecked", dry_run);
    let token = [
        "push",
        "accounts.ldjson",
        "--dry-run",
        "--request-id",
        "mine-1",
    ];
    let token = Invocation::new(&token)
        .env("GONG_BEARER_TOKEN", "hunter2")
        .env("GONG_INTEGRATION_ID", "17")
        .file("accounts.ldjson", LINE);
    assert_transcript!("push_dry_run_token", token);
    let nobody = Invocation::new(&["meetings", "delete", "17", "--dry-run"]);
    assert_transcript!("dry_run_without_credentials", nobody);
}

#[tokio::test(flavor = "multi_thread")]
async fn integration_without_a_name_messages() {
    let integrations = "/v2/crm/integrations";
    let status =
        json!({"status": "FAILED", "errors": [{"line": 0, "description": "Still in use"}]});
    let server = server(&[
        (
            "GET",
            integrations,
            200,
            json!({"integrations": [{"integrationId": 17}]}),
        ),
        ("DELETE", integrations, 201, json!({"requestId": "4al"})),
        ("GET", "/v2/crm/request-status", 200, status),
    ])
    .await;
    let run = |words: &[&str]| Invocation::new(words).against(&server.uri());
    assert_transcript!("integration_nameless", run(&["integration", "show"]));
    let delete = ["integration", "delete", "--yes", "--no-progress"];
    assert_transcript!("integration_delete_failed", run(&delete));
    assert_transcript!("status_whole_file", run(&["status", "account-1"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn status_with_many_errors_counts_them() {
    let error = |line| json!({"line": line, "description": "No name"});
    let errors: Vec<Value> = (1..=20).map(error).collect();
    let server = server(&[(
        "GET",
        "/v2/crm/request-status",
        200,
        json!({"status": "FAILED", "errors": errors, "totalErrorCount": 25, "totalSuccessCount": 3}),
    )])
    .await;
    let status = ["status", "account-1", "--integration-id", "17"];
    let status = Invocation::new(&status).against(&server.uri());
    assert_transcript!("status_some_refused", status);
    let pending = json!({"status": "IN_PROGRESS"});
    let server = self::server(&[("GET", "/v2/crm/request-status", 200, pending)]).await;
    let wait = ["status", "account-1", "--integration-id", "17", "--wait=0s"];
    let wait = Invocation::new(&wait).against(&server.uri());
    assert_transcript!("status_timed_out", wait);
}

#[tokio::test(flavor = "multi_thread")]
async fn schema_pull_skips_standard_fields() {
    let field = |name: &str, gone: bool| json!({"uniqueName": name, "label": name, "type": "STRING", "isDeleted": gone});
    let fields = [
        field("name", false),
        field("old", true),
        field("mine", false),
    ];
    let answer = json!({"objectTypeToSelectedFields": {"DEAL": fields}});
    let server = server(&[("GET", "/v2/crm/entity-schema", 200, answer)]).await;
    let pull = ["schema", "pull", "--integration-id", "17"];
    let pull = Invocation::new(&pull).against(&server.uri());
    assert_transcript!("schema_pull_of_gong", pull);
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_and_meeting_messages() {
    let user = |email: &str, exists| json!({"email": email, "exists": exists, "valid": false});
    let users = [user("a@acme.example", false), user("b@acme.example", true)];
    let server = server(&[
        (
            "POST",
            "/v2/meetings/integration/status",
            200,
            json!({"users": users}),
        ),
        (
            "POST",
            "/v2/meetings",
            201,
            json!({
                "meetingId": "17", "meetingUrl": "https://meet.example/17",
                "additionalInvitees": [{"email": "recorder@gong.example"}],
            }),
        ),
    ])
    .await;
    let ask = ["meetings", "readiness", "a@acme.example", "b@acme.example"];
    let ask = Invocation::new(&ask).against(&server.uri());
    assert_transcript!("meetings_readiness_no_reason", ask);
    let meeting = |words: &[&str]| {
        let create = ["meetings", "create", "--organizer", "a@acme.example"];
        Invocation::new(&[&create[..], words].concat()).against(&server.uri())
    };
    let start = ["--start", "2026-07-01T09:00:00Z", "--duration"];
    let made = meeting(&[&start[..], &["45m"]].concat());
    assert_transcript!("meetings_created", made);
    let beyond = meeting(&[&start[..], &["99999999h"]].concat());
    assert_transcript!("meetings_beyond_the_calendar", beyond);
    for (name, start) in [
        ("meetings_no_day", "someday 14:00"),
        ("meetings_no_time", "2026-07-01 noonish"),
        // An hour that the clocks skip.
        ("meetings_no_such_hour", "2026-03-29 02:30"),
    ] {
        let end = [
            "--start",
            start,
            "--duration",
            "1h",
            "--zone",
            "Europe/Berlin",
        ];
        assert_transcript!(name, meeting(&end));
    }
}

#[test]
fn spent_quota_is_reported() {
    let sim = registered();
    let doctor = |ledger: &str| {
        let words = ["doctor", "--ledger", ledger, "--integration-id", "17"];
        Invocation::new(&words).against(sim.base_url())
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let ledger = path.to_str().unwrap();
    doctor(ledger).output();
    let spend = |calls: u32| {
        let file = rusqlite::Connection::open(&path).unwrap();
        // The keys of minutes are before those that are words.
        let last = "(SELECT max(k) FROM calls WHERE k < x'61')";
        let set = format!("UPDATE calls SET v = iif(k = {last}, ?1, ?2) WHERE k < x'61'");
        let counts = [calls, 0].map(u32::to_be_bytes);
        file.execute(&set, [&counts[0][..], &counts[1][..]])
            .unwrap();
    };
    spend(9_500);
    let low = doctor(ledger).output();
    let low = String::from_utf8(low.stdout).unwrap();
    let low = low.lines().find(|line| line.contains("quota")).unwrap();
    assert!(low.starts_with("warning"), "{low}");
    spend(10_000);
    assert_transcript!("doctor_quota_spent", doctor(ledger));
    spend(9_999);
    let push = ["push", "accounts.ldjson", "--ledger", ledger];
    let push = Invocation::new(&[&push[..], &["--integration-id", "17"]].concat());
    let push = push.against(sim.base_url()).file("accounts.ldjson", LINE);
    assert_transcript!("push_short_of_calls", push);
    spend(10_000);
    let show = ["integration", "show", "--ledger", ledger];
    let show = Invocation::new(&show).against(sim.base_url());
    assert_transcript!("quota_spent", show);
}

#[test]
fn doctor_works_without_listing_integrations() {
    let sim = simulator()
        .bearer_token("token", ["api:crm:upload"])
        .start_blocking()
        .unwrap();
    let id = sim.register_integration("Acme CRM", "admin@acme.example");
    let doctor = || {
        Invocation::new(&["doctor"])
            .env("GONG_BASE_URL", sim.base_url())
            .env("GONG_BEARER_TOKEN", "token")
    };
    assert_transcript!("doctor_list_unreadable", doctor());
    let named = doctor().env("GONG_INTEGRATION_ID", &id.to_string());
    assert_transcript!("doctor_list_unreadable_named", named);
    let local = Invocation::new(&["--sim", "doctor"]);
    assert_transcript!("doctor_sim", local);
}

#[test]
fn port_in_use_is_reported() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    assert_transcript!("sim_port_taken", Invocation::new(&["sim", "--port", &port]));
}

#[test]
fn problems_beyond_a_screen_are_counted() {
    let rows = (0..60).map(|row| format!("a-{row},nonsense"));
    let csv = format!("Id,Changed\n{}\n", rows.collect::<Vec<_>>().join("\n"));
    let map = "[ACCOUNT.fields]\nobjectId = \"Id\"\nmodifiedDate = \"Changed\"\n";
    let convert = |name: &str| {
        Invocation::new(&["convert", name, "--map", "crm.toml"])
            .file(name, &csv)
            .file("crm.toml", map)
    };
    let output = convert("accounts.csv").output();
    let said = String::from_utf8(output.stderr).unwrap();
    let end: Vec<&str> = said.lines().rev().take(4).collect();
    let end = end.into_iter().rev().collect::<Vec<_>>().join("\n");
    settings().bind(|| insta::assert_snapshot!("convert_many_problems", end));
}

#[test]
fn push_progress_messages() {
    let push = |sim: &gong_sim::Simulator, words: &[&str]| {
        let contact = LINE.replace("\"name\":\"Acme\"", "\"accountId\":\"a-1\",\"firstName\":\"Jo\",\"lastName\":\"Doe\",\"emailAddress\":\"jo@acme.example\"");
        Invocation::new(&[&["push", "accounts.ldjson", "contacts.ldjson"], words].concat())
            .against(sim.base_url())
            .file("accounts.ldjson", LINE)
            .file("contacts.ldjson", &contact)
    };
    let sim = registered();
    let later = gong_sim::RetryAfter::Seconds(0);
    let later = Fault::new(Effect::TooManyRequests(later));
    sim.add_fault(later.on(Operation::UploadEntities).times(1))
        .unwrap();
    let settling = push(&sim, &["--account-delay", "1s"]).transcript();
    assert!(settling.starts_with("exit 0"), "{settling}");
    assert!(
        settling.contains("waiting 1 s so that Gong can store the accounts (--account-delay)"),
        "{settling}"
    );
    assert!(
        settling.contains("429 Too Many Requests") && settling.contains("; retrying in "),
        "{settling}"
    );
    let sim = registered();
    let whole = Fault::new(Effect::FailFile("The file is broken".to_owned()));
    sim.add_fault(whole.on(Operation::UploadEntities).times(1))
        .unwrap();
    assert_transcript!("push_failed_whole", push(&sim, &["--no-rejects"]));
}

#[test]
fn push_says_that_it_waits_for_another() {
    waits_for_another(&[]);
}

/// It is a message, not progress: a cron line with --no-progress needs it, too.
#[test]
fn push_without_progress_says_that_it_waits_for_another() {
    waits_for_another(&["--no-progress"]);
}

fn waits_for_another(more: &[&str]) {
    let sim = registered();
    let words = [
        &["push", "accounts.ldjson", "--ledger", "ledger.sqlite"],
        more,
    ];
    let mut push = Invocation::new(&words.concat())
        .against(sim.base_url())
        .file("accounts.ldjson", LINE);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let path = push.path("ledger.sqlite");
    let lock = runtime.block_on(async {
        let ledger = gong_crm::ledger::Ledger::open(path).await.unwrap();
        ledger.try_lock().await.unwrap()
    });
    let mut child = push
        .command()
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    let first = said.next().unwrap().unwrap();
    assert!(
        first.starts_with("waiting for another push to end: process "),
        "{first}"
    );
    drop(lock);
    for line in said {
        line.unwrap();
    }
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
