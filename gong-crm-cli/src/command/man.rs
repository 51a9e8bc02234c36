//! `gong-crm man`: the manual pages.

use std::path::Path;

use clap::CommandFactory as _;
use clap_mangen::Man as Page;
use gong_crm::io::atomic_file::{self, Readers};

use crate::args::Arguments;
use crate::args::completions::Man;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;

pub(crate) fn run(arguments: &Man, output: Output) -> Result<Exit, CliError> {
    if let Some(directory) = &arguments.dir {
        write_all(directory).map_err(|error| {
            CliError::new(
                Exit::Unexpected,
                format!("{} could not be written: {error}", directory.display()),
            )
        })?;
        return Ok(Exit::Ok);
    }
    let mut page = Vec::new();
    Page::new(Arguments::command())
        .render(&mut page)
        .map_err(|error| CliError::new(Exit::Unexpected, error.to_string()))?;
    output.raw(String::from_utf8_lossy(&page).trim_end());
    Ok(Exit::Ok)
}

fn write_all(directory: &Path) -> std::io::Result<()> {
    let made = tempfile::tempdir()?;
    clap_mangen::generate_to(Arguments::command(), made.path())?;
    std::fs::create_dir_all(directory)?;
    for page in std::fs::read_dir(made.path())? {
        let page = page?;
        let text = std::fs::read(page.path())?;
        atomic_file::write(&directory.join(page.file_name()), &text, Readers::Default)?;
    }
    Ok(())
}
