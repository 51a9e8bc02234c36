//! Runs the suite that every ledger has to pass on the Postgres of `LEDGER_URL`.
//!
//! Each requirement gets its own schema, `s0`, `s1` and so on, which must exist and be empty:
//! `cargo run -p gong-sources --features postgres --example ledger_conformance`

use std::path::Path;

use gong_crm::ledger::store::conformance;
use gong_sources::SecretUrl;
use gong_sources::ledger::PostgresStore;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let base = std::env::var("LEDGER_URL")?;
    let mut number = 0;
    conformance::check(|| {
        let folder = std::env::temp_dir();
        let separator = if base.contains('?') { '&' } else { '?' };
        let url = format!("{base}{separator}options=-csearch_path%3Ds{number}");
        number += 1;
        async move {
            let path = folder.join(format!("ledger-{}.url", std::process::id()));
            write_private(&path, &url).map_err(|error| storage(&error))?;
            let name = format!("file:{}", path.display());
            let found = SecretUrl::resolve(&name, Path::new(""));
            std::fs::remove_file(&path).map_err(|error| storage(&error))?;
            PostgresStore::connect(found.map_err(|error| storage(&error))?).await
        }
    })
    .await?;
    Ok(())
}

fn storage(error: &dyn std::error::Error) -> gong_crm::ledger::LedgerError {
    gong_crm::ledger::LedgerError::storage("", error.to_string())
}

/// Writes a file that nobody else can read: the URL has a password.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;

    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}
