//! Runs a Gong simulator until Ctrl-C, and prints the settings that a client needs.
//!
//! `cargo run -p gong-sim --example serve -- [PORT] [--strict] [RULE=on|off]`
#![expect(clippy::print_stdout, reason = "printing is what the example is for")]

use gong_sim::Simulator;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut builder = Simulator::builder();
    for argument in std::env::args().skip(1) {
        builder = match argument.as_str() {
            "--strict" => builder.strict(),
            rule if rule.contains('=') => {
                let (name, position) = rule.split_once('=').unwrap_or_default();
                builder.rule(name, position == "on")
            }
            port => builder.port(port.parse()?),
        };
    }
    let sim = builder.start_blocking()?;
    sim.register_integration("Acme CRM", "admin@acme.example");
    if let (Some(url), Some(token)) = (sim.admin_url(), sim.admin_token()) {
        println!("# what it has: {url}");
        println!("export GONG_SIM_TOKEN={token}");
    }
    for (name, value) in sim.environment() {
        println!("export {name}={value}");
    }
    loop {
        std::thread::park();
    }
}
