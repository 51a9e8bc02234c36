//! A simulator in its own process, so that neither its time nor its memory is counted as the
//! client's.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use gong_sim::{Fault, ObjectType, Simulator};

use crate::figures::say;

/// The argument that makes a bench a simulator.
const ARGUMENT: &str = "--gong";

/// Opens the simulator's endpoints under `/_sim/`.
const ADMIN_TOKEN: &str = "bench";

/// A running simulator.
#[derive(Debug)]
pub struct Gong {
    /// Where it is.
    pub base_url: String,
    /// The key that may do everything.
    pub access_key: String,
    /// Its secret.
    pub access_key_secret: String,
    /// Its one integration.
    pub integration_id: String,
    child: Child,
    talk: BufReader<ChildStdout>,
}

/// The environment variables that tell the command where a simulator is.
pub type Environment = Vec<(&'static str, String)>;

impl Gong {
    /// What the command needs to know.
    pub fn environment(&self) -> Environment {
        vec![
            ("GONG_BASE_URL", self.base_url.clone()),
            ("GONG_ACCESS_KEY", self.access_key.clone()),
            ("GONG_ACCESS_KEY_SECRET", self.access_key_secret.clone()),
            ("GONG_INTEGRATION_ID", self.integration_id.clone()),
        ]
    }

    /// Starts one, as this program with an argument that [`serve`] knows.
    ///
    /// # Errors
    ///
    /// If the program can't be started, or ends at once.
    pub fn start() -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(ARGUMENT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().context("no output of the simulator")?;
        let mut talk = BufReader::new(stdout);
        let mut next = || line(&mut talk);
        let (base_url, access_key) = (next()?, next()?);
        let (access_key_secret, integration_id) = (next()?, next()?);
        Ok(Self {
            base_url,
            access_key,
            access_key_secret,
            integration_id,
            child,
            talk,
        })
    }

    /// Sets these faults in the place of those before.
    ///
    /// # Errors
    ///
    /// If it does not answer.
    pub async fn set_faults(&self, faults: &[Fault]) -> Result<()> {
        let faults_url = format!("{}/_sim/faults", self.base_url);
        // Nothing is encrypted, but reqwest asks for a provider of cryptography.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::new();
        http.delete(&faults_url)
            .bearer_auth(ADMIN_TOKEN)
            .send()
            .await?
            .error_for_status()?;
        let added = http
            .post(&faults_url)
            .bearer_auth(ADMIN_TOKEN)
            .json(faults)
            .send()
            .await?;
        added.error_for_status()?;
        Ok(())
    }

    /// Ends it, and says how many objects it held.
    ///
    /// # Errors
    ///
    /// If it had ended before.
    pub fn end(mut self) -> Result<u64> {
        drop(self.child.stdin.take());
        let held = line(&mut self.talk)?.parse()?;
        self.child.wait()?;
        Ok(held)
    }
}

impl Drop for Gong {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn line(talk: &mut BufReader<ChildStdout>) -> Result<String> {
    let mut line = String::new();
    ensure!(talk.read_line(&mut line)? > 0, "the simulator ended");
    Ok(line.trim_end().to_owned())
}

/// Whether this program was started to be a simulator.
pub fn is_asked_for() -> bool {
    std::env::args().nth(1).as_deref() == Some(ARGUMENT)
}

/// Is a simulator until the standard input ends.
///
/// # Errors
///
/// If it can't be started.
pub fn serve() -> Result<()> {
    let simulator = Simulator::builder()
        .seed(1)
        .admin_token(ADMIN_TOKEN)
        .start_blocking()?;
    let integration_id = simulator.register_integration("Acme CRM", "ada.king@acme.example");
    say(simulator.base_url());
    say(simulator.access_key());
    say(simulator.access_key_secret());
    say(&integration_id.to_string());
    std::io::stdin().read_to_end(&mut Vec::new())?;
    let held = ObjectType::ALL.map(|of| simulator.object_count(of.as_str()));
    say(&held.iter().sum::<usize>().to_string());
    Ok(())
}
