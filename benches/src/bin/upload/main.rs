//! Benchmark of the upload of a file of 200 MB, compared with `curl -F`.
//!
//! `cargo xtask bench upload [--rounds N --gate]`
//!
//! A server in its own process takes the bytes and throws them away, once over plain HTTP and once
//! over TLS. The competitors run in turn, each as a process from its start to its end; the first
//! round is dropped. curl and openssl, for the certificate, must be installed.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use benches::figures::{median, say};
use gong_crm::io::discover::MAX_BODY_BYTES;
use gong_crm::rate_limit::RateLimit;
use gong_crm::upload::Upload;
use gong_crm::{Client, Credentials, ObjectType};

mod sink;

/// What is claimed, and below which ratio a change must be looked at, noise considered.
const GOALS: [(&str, f64, f64); 2] = [("http", 1.0, 0.8), ("https", 1.3, 1.0)];

/// The most memory of an upload of any size, in KiB.
const MOST_KIB: u64 = 12_000_000 / 1024;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["--sink", scheme, folder] => sink::run(scheme, folder.as_ref()),
        ["--one", url, file] => run_one(url, file.as_ref()),
        _ => compare(&arguments),
    }
}

/// Uploads the file, and prints the peak memory in KiB.
#[tokio::main(flavor = "current_thread")]
async fn run_one(url: &str, file: &Path) -> Result<()> {
    let client = Client::builder()
        .base_url(url)
        .credentials(Credentials::access_key("key", "secret"))
        .rate_limit(RateLimit::unlimited())
        .build()?;
    let upload = Upload::new("1".parse()?, ObjectType::Deal, "bench-1".parse()?, file);
    client.upload(&upload, |_| {}).await?;
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|text| text.split_whitespace().next());
    say(peak.unwrap_or("0"));
    Ok(())
}

fn compare(arguments: &[String]) -> Result<()> {
    let gate = arguments.iter().any(|argument| argument == "--gate");
    let rounds = match arguments.iter().position(|argument| argument == "--rounds") {
        None => 9,
        Some(at) => {
            let count = arguments.get(at + 1).context("--rounds needs a number")?;
            count.parse().context("--rounds needs a number")?
        }
    };
    let folder = tempfile::tempdir()?;
    certificate(folder.path())?;
    let file = file(folder.path())?;
    say(&format!(
        "{:<6} {:>12} {:>12} {:>10} {:>10}",
        "", "gong-crm ms", "curl ms", "x curl", "MB peak"
    ));
    let mut failures = Vec::new();
    for (scheme, goal, least) in GOALS {
        let sink = Sink::start(scheme, folder.path())?;
        let (mut ours, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        let mut peak = 0;
        for round in 0..=rounds {
            let (own, kib) = upload(&sink.url, &file, folder.path())?;
            let curl = curl(&sink.url, &file, folder.path())?;
            peak = peak.max(kib);
            if round > 0 {
                ours.push(own);
                theirs.push(curl);
                ratios.push(curl / own);
            }
        }
        let ratio = median(ratios);
        #[expect(clippy::cast_precision_loss, reason = "megabytes for a person to read")]
        let megabytes = peak as f64 * 1024.0 / 1e6;
        say(&format!(
            "{scheme:<6} {:>12.1} {:>12.1} {ratio:>10.2} {megabytes:>10.1}  (goal {goal}, gate {least})",
            median(ours),
            median(theirs)
        ));
        if ratio < least {
            failures.push(format!("{scheme}: {ratio:.2} times as fast as curl"));
        }
        if peak > MOST_KIB {
            failures.push(format!("{scheme}: {peak} KiB of memory"));
        }
    }
    ensure!(
        failures.is_empty() || !gate,
        "below the gate: {}",
        failures.join(", ")
    );
    Ok(())
}

/// A certificate for this machine, which signs itself.
fn certificate(folder: &Path) -> Result<()> {
    let output = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
        ])
        .args(["-days", "2", "-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", "key.pem", "-out", "certificate.pem"])
        .current_dir(folder)
        .output()
        .context("openssl can't be run")?;
    ensure!(
        output.status.success(),
        "openssl: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

/// Lines of deals, as many as one upload takes.
fn file(folder: &Path) -> Result<PathBuf> {
    let path = folder.join("deals.ldjson");
    let mut out = BufWriter::new(File::create(&path)?);
    let mut written = 0;
    for number in 0.. {
        let line = format!(
            "{{\"objectId\":\"{number}\",\"modifiedDate\":\"2026-03-01T09:30:00Z\",\"name\":\"Renewal of the \
             yearly contract {number}\",\"status\":\"OPEN\",\"amount\":{number}.50}}\n"
        );
        written += line.len() as u64;
        if written > MAX_BODY_BYTES - 10_000 {
            break;
        }
        out.write_all(line.as_bytes())?;
    }
    out.flush()?;
    Ok(path)
}

/// A server that throws away what it is sent.
struct Sink {
    url: String,
    child: Child,
}

impl Sink {
    fn start(scheme: &str, folder: &Path) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--sink", scheme])
            .arg(folder)
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().context("no output of the server")?;
        let mut port = String::new();
        BufReader::new(stdout).read_line(&mut port)?;
        Ok(Self {
            url: format!("{scheme}://localhost:{}", port.trim()),
            child,
        })
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The milliseconds of an upload by gong-crm, and its peak memory in KiB.
fn upload(url: &str, file: &Path, folder: &Path) -> Result<(f64, u64)> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(["--one", url])
        .arg(file)
        .env("SSL_CERT_FILE", folder.join("certificate.pem"));
    let (milliseconds, output) = time(&mut command)?;
    Ok((milliseconds, output.trim().parse()?))
}

/// The milliseconds of the same by curl.
fn curl(url: &str, file: &Path, folder: &Path) -> Result<f64> {
    let mut command = Command::new("curl");
    command
        .args(["--silent", "--show-error", "--fail", "--user", "key:secret"])
        .arg("--cacert")
        .arg(folder.join("certificate.pem"))
        .arg("--form")
        .arg(format!("dataFile=@{}", file.display()))
        .arg(format!(
            "{url}/v2/crm/entities?integrationId=1&objectType=DEAL&clientRequestId=bench-1"
        ));
    Ok(time(&mut command)?.0)
}

fn time(command: &mut Command) -> Result<(f64, String)> {
    let begin = Instant::now();
    let output = command.output().context("a competitor can't be run")?;
    let milliseconds = begin.elapsed().as_secs_f64() * 1e3;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok((
        milliseconds,
        String::from_utf8_lossy(&output.stdout).into_owned(),
    ))
}
