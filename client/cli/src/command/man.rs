//! `countersign man`: the manual pages.

use std::path::{Path, PathBuf};

use clap::{Args, Command, CommandFactory};
use serde::Serialize;

use crate::arguments::CommandLine;
use crate::console::{Report, write_stdout};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// Print the manual page, or write one per command to a folder
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Man {
    /// Folder for countersign.1, countersign-keygen.1 and so on
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Written {
    pages: Vec<PathBuf>,
}

impl Man {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        let mut command = CommandLine::command();
        command.build();
        let Some(folder) = self.folder else { return write_stdout(&render(command)?) };
        std::fs::create_dir_all(&folder).map_err(|error| not_written(&folder, &error))?;
        let mut pages = Vec::new();
        write_pages(&command, &folder, &mut pages)?;
        context.console.report(&Written { pages })
    }
}

fn write_pages(command: &Command, folder: &Path, pages: &mut Vec<PathBuf>) -> Result<(), Failure> {
    // Building gave each command one word to be looked up by: countersign-keygen.
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    let path = folder.join(format!("{name}.1"));
    let page = render(command.clone())?;
    std::fs::write(&path, page).map_err(|error| not_written(&path, &error))?;
    pages.push(path);
    for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
        write_pages(inner, folder, pages)?;
    }
    Ok(())
}

fn render(command: Command) -> Result<Vec<u8>, Failure> {
    let mut page = Vec::new();
    let unexpected =
        |error| Failure::new(Exit::Unexpected, "output", format!("cannot make the page: {error}"));
    clap_mangen::Man::new(command).render(&mut page).map_err(unexpected)?;
    Ok(page)
}

fn not_written(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Exit::Unexpected, "output", format!("cannot write {}: {error}", path.display()))
}

impl Report for Written {
    fn lines(&self) -> String {
        self.pages.iter().map(|page| page.display().to_string()).collect::<Vec<_>>().join("\n")
    }
}

const EXAMPLES: &str = "\
Examples:
  countersign man | man -l -
  countersign man ~/.local/share/man/man1

JSON, with a folder: {\"pages\": [path, …]}";
