//! Runs a local Gong until Ctrl-C, and prints what a client needs to know.
//!
//! `cargo run -p gong-sim --example serve -- [PORT]`
#![expect(clippy::print_stdout, reason = "printing is what the example is for")]

use gong_sim::Simulator;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port = std::env::args().nth(1).map_or(Ok(0), |port| port.parse())?;
    let sim = Simulator::builder().port(port).start_blocking()?;
    sim.register_integration("Acme CRM", "admin@acme.example");
    println!("# {}/_sim/ shows what it holds", sim.base_url());
    for (name, value) in sim.environment() {
        println!("export {name}={value}");
    }
    loop {
        std::thread::park();
    }
}
