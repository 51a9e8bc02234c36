//! `gong-crm sim`: a local Gong to develop against.

use gong_sim::{RateLimit, Simulator};

use crate::arguments::{Global, Sim};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

pub(crate) async fn run(_: &Global, sim: &Sim, output: &Output) -> Result<Exit, Failure> {
    let mut builder = Simulator::builder().port(sim.port);
    if sim.rate_limit {
        builder = builder.rate_limit(RateLimit::gong());
    }
    let simulator = builder.start().await.map_err(|error| {
        Failure::new(
            Exit::Unexpected,
            format!("the local Gong can't listen on port {}: {error}", sim.port),
        )
        .with_hint("another program may use the port; leave --port out for a free one")
    })?;
    let lines = [
        ("GONG_BASE_URL", simulator.base_url()),
        ("GONG_ACCESS_KEY", simulator.access_key()),
        ("GONG_ACCESS_KEY_SECRET", simulator.access_key_secret()),
    ];
    if output.is_json() {
        output.json(
            &lines
                .into_iter()
                .collect::<std::collections::BTreeMap<_, _>>(),
        );
    } else {
        for (name, value) in lines {
            output.data(&format!("export {name}={value}"));
        }
    }
    output.talk(
        "\nA local Gong is listening; Ctrl-C stops it. In another terminal, paste the lines above, then:\n  \
         gong-crm integration register --name Acme --owner-email admin@acme.example\n  \
         gong-crm push examples/acme --settle 0",
    );
    // Ctrl-C ends the whole command.
    std::future::pending::<()>().await;
    drop(simulator);
    Ok(Exit::Ok)
}
