//! `countersign-indexer completions`.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::arguments::CommandLine;
use crate::failure::Failure;

pub(crate) fn run(shell: Shell) -> Result<(), Failure> {
    let mut command = CommandLine::command();
    clap_complete::generate(shell, &mut command, "countersign-indexer", &mut std::io::stdout());
    Ok(())
}
