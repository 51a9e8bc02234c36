//! The pages in a real browser, where there is one.

use std::process::Command;

use gong_sim::Simulator;

use crate::support::upload;

fn chromium() -> Option<&'static str> {
    ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| {
            Command::new(name)
                .arg("--version")
                .output()
                .is_ok_and(|output| output.status.success())
        })
}

#[tokio::test]
async fn browser_renders_the_pages_and_runs_nothing_of_a_record() {
    let Some(chromium) = chromium() else {
        println!("skipped: no chromium is installed, so the pages were only checked as HTML");
        return;
    };
    let sim = Simulator::start().await.unwrap();
    let id = sim.register_integration("Acme CRM", "admin@acme.example");
    let hostile = r#"{"objectId":"x1","modifiedDate":"2024-05-01T10:00:00Z","name":"<script>document.title='broken'</script>"}"#;
    upload(&sim, id, "ACCOUNT", "up", hostile).await;
    let profile = tempfile::tempdir().unwrap();
    for (path, expected) in [
        ("/_sim/", "Acme CRM"),
        ("/_sim/pages/objects/ACCOUNT?q=x1", "1 objects found"),
        ("/_sim/pages/rules", "missing-scope-is-401"),
    ] {
        let separator = if path.contains('?') { '&' } else { '?' };
        let token = sim.admin_token().unwrap();
        let output = Command::new(chromium)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(format!("{}{path}{separator}token={token}", sim.base_url()))
            .output()
            .unwrap();
        let dom = String::from_utf8_lossy(&output.stdout);
        assert!(
            dom.contains(expected),
            "{path}\n{dom}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(!dom.contains("<title>broken"), "{path}");
    }
}
