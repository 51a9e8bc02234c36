//! Benchmark of a push of a whole CRM, from files to the verdict, compared with `curl`.
//!
//! `cargo xtask bench push [--rounds N]`
//!
//! The files are `examples/acme`, a hundred times as large. A simulator in its own process takes
//! them, begun again for each contender of each round; the first round is dropped. By hand means
//! what a careful person would script: one upload a file in the order of types, and questions until
//! Gong says that it is done. curl must be installed.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use benches::figures::{median, say};
use benches::gong::{self, Gong};
use gong_crm::ObjectType;

/// A way to get the files into Gong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Contender {
    /// Everything: check, cut, ledger, uploads, verdict.
    Push,
    /// The same without the check.
    PushUnchecked,
    /// Uploads and questions alone.
    Curl,
}

impl Contender {
    const ALL: [Self; 3] = [Self::Push, Self::PushUnchecked, Self::Curl];

    fn name(self) -> &'static str {
        match self {
            Self::Push => "gong-crm push",
            Self::PushUnchecked => "gong-crm push --no-check",
            Self::Curl => "curl by hand",
        }
    }
}

fn main() -> Result<()> {
    if gong::is_asked_for() {
        return gong::serve();
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        [crm] => compare(crm.as_ref(), 9),
        [crm, "--rounds", rounds] => compare(crm.as_ref(), rounds.parse()?),
        _ => bail!("cargo xtask bench push [--rounds N]"),
    }
}

fn compare(crm: &Path, rounds: usize) -> Result<()> {
    let mut seconds = [const { Vec::new() }; Contender::ALL.len()];
    let mut records = 0;
    for round in 0..=rounds {
        for (of, contender) in seconds.iter_mut().zip(Contender::ALL) {
            let gong = Gong::start()?;
            let begun = Instant::now();
            match contender {
                Contender::Push => push(&gong, crm, &[])?,
                Contender::PushUnchecked => push(&gong, crm, &["--no-check"])?,
                Contender::Curl => by_hand(&gong, crm)?,
            }
            if round > 0 {
                of.push(begun.elapsed().as_secs_f64());
            }
            records = gong.end()?;
        }
    }
    let ours = seconds[0].clone();
    say(&format!("{:<26}{:>9}{:>9}", "", "s", "x push"));
    for (of, contender) in seconds.iter().zip(Contender::ALL) {
        let ratios = of.iter().zip(&ours).map(|(time, ours)| time / ours);
        say(&format!(
            "{:<26}{:>9.2}{:>9.2}",
            contender.name(),
            median(of.iter().copied()),
            median(ratios)
        ));
    }
    say(&format!("Gong holds {records} objects at the end of each"));
    Ok(())
}

/// By the command, which is beside this program.
fn push(gong: &Gong, crm: &Path, more: &[&str]) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let gong_crm = std::env::current_exe()?.with_file_name("gong-crm");
    let mut command = Command::new(&gong_crm);
    command
        .arg("push")
        .arg(crm)
        .args([
            "--account-delay",
            "0",
            "--poll-interval",
            "1ms",
            "--no-progress",
        ])
        .args(["--calls-per-second", "1000000"])
        .args(more)
        .current_dir(folder.path())
        .env_clear()
        .env("XDG_STATE_HOME", folder.path())
        .env("GONG_BASE_URL", &gong.base_url)
        .env("GONG_ACCESS_KEY", &gong.access_key)
        .env("GONG_ACCESS_KEY_SECRET", &gong.access_key_secret);
    run(&mut command)?;
    Ok(())
}

fn by_hand(gong: &Gong, crm: &Path) -> Result<()> {
    for object_type in ObjectType::ALL {
        let stem = object_type.file_stem();
        let file: PathBuf = crm.join(format!("{stem}.ldjson"));
        let ids = format!(
            "integrationId={}&clientRequestId=by-hand-{stem}",
            gong.integration_id
        );
        let mut call = curl(gong);
        call.arg("--form")
            .arg(format!("dataFile=@{}", file.display()))
            .arg(format!(
                "{}/v2/crm/entities?{ids}&objectType={object_type}",
                gong.base_url
            ));
        run(&mut call)?;
        loop {
            let mut call = curl(gong);
            call.arg(format!("{}/v2/crm/request-status?{ids}", gong.base_url));
            let said = String::from_utf8_lossy(&run(&mut call)?.stdout).into_owned();
            ensure!(!said.contains("FAILED"), "{stem}: {said}");
            if said.contains("DONE") {
                break;
            }
        }
    }
    Ok(())
}

fn run(command: &mut Command) -> Result<Output> {
    let output = command
        .output()
        .with_context(|| format!("{} can't be run", command.get_program().display()))?;
    ensure!(
        output.status.success(),
        "{}: {}{}",
        command.get_program().display(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(output)
}

fn curl(gong: &Gong) -> Command {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--fail", "--user"])
        .arg(format!("{}:{}", gong.access_key, gong.access_key_secret));
    curl
}
