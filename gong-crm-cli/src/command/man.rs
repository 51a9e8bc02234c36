//! `gong-crm man`: the manual pages.

use std::path::Path;

use clap::CommandFactory as _;
use clap_mangen::Man as Page;

use crate::args::Arguments;
use crate::args::completions::Man;
use crate::exit::Exit;
use crate::error::CliError;
use crate::output::Output;

pub(crate) fn run(arguments: &Man, output: Output) -> Result<Exit, CliError> {
    if let Some(folder) = &arguments.dir {
        write_all(folder).map_err(|error| {
            CliError::new(
                Exit::Unexpected,
                format!("{} can't be written: {error}", folder.display()),
            )
        })?;
        return Ok(Exit::Ok);
    }
    let mut page = Vec::new();
    Page::new(Arguments::command())
        .render(&mut page)
        .map_err(|error| CliError::new(Exit::Unexpected, error.to_string()))?;
    output.stdout(String::from_utf8_lossy(&page).trim_end());
    Ok(Exit::Ok)
}

fn write_all(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    clap_mangen::generate_to(Arguments::command(), folder)
}
