//! Asking whether somebody is sure of what nothing undoes.

use std::io::{IsTerminal, Write};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::keyfile;

/// Waits for a typed `yes`; anything else, and the lack of a terminal, is a refusal.
pub(crate) async fn ask(question: &str) -> Result<(), Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage("there is no terminal to ask whether you are sure").hint("add --yes"));
    }
    let question = format!("{question} Nothing undoes it. Type yes: ");
    let answer = keyfile::blocking(move || {
        let unanswered = |error| Failure::new(Exit::Unexpected, "input", format!("no answer: {error}"));
        let mut answer = String::new();
        let mut terminal = std::io::stderr();
        terminal.write_all(question.as_bytes()).and_then(|()| terminal.flush()).map_err(unanswered)?;
        std::io::stdin().read_line(&mut answer).map_err(unanswered)?;
        Ok(answer)
    })
    .await?;
    match answer.trim() {
        "yes" => Ok(()),
        _ => Err(Failure::usage("not confirmed; nothing was done")),
    }
}
