//! Handing out what was signed: to a file of its own, or to standard output.

use std::path::{Path, PathBuf};

use countersign::registry::consent::{Checked, SignedDocument};
use serde::Serialize;

use crate::console::{Report, write_stdout};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::moment::{Deadline, timestamp, unix_now};
use crate::party::checksummed;
use crate::signed_document::DocumentReport;
use crate::whole_file;

#[derive(Debug, Serialize)]
struct Delivered {
    out: PathBuf,
    #[serde(flatten)]
    document: DocumentReport,
}

/// Until when a document shall be good, as the registry can hold it.
pub(crate) fn deadline(wanted: Deadline) -> Result<u64, Failure> {
    let deadline = wanted.unix();
    if deadline > LAST_DEADLINE {
        return Err(Failure::usage("the deadline is beyond what the registry can hold (2^40 seconds)"));
    }
    if deadline <= unix_now() {
        return Err(Failure::usage("the deadline is not in the future"));
    }
    Ok(deadline)
}

/// Checks a document that was just made, says what is to be known of it, and writes or prints it.
pub(crate) fn deliver(
    context: &Context,
    document: &SignedDocument,
    out: Option<&Path>,
) -> Result<(), Failure> {
    let checked = document.check(unix_now())?;
    let owner = checksummed(&document.identity().owner);
    if checked == Checked::OwnerOnChain {
        context.console.remark(&format!(
            "The key of {owner} did not make this signature. Fine if {owner} is a contract that agrees to it; \
             if it is not, `countersign submit --dry-run` will say so."
        ));
    }
    if document.domain().chain_id().is_none() {
        context.console.remark("Good on every chain: whoever has the document can use it on any of them.");
    }
    let Some(out) = out else { return print(context, document) };
    whole_file::write_new(out, document.to_json().as_bytes())?;
    let report = DocumentReport::new(document, checked);
    context.console.report(&Delivered { out: out.to_path_buf(), document: report })?;
    let until = document.deadline().map_or_else(String::new, |until| format!(", by {}", timestamp(until)));
    context.console.remark(&format!(
        "Whoever pays{until}: countersign submit {} --sponsor-keystore FILE",
        out.display()
    ));
    Ok(())
}

/// With --json every result is one line.
fn print(context: &Context, document: &SignedDocument) -> Result<(), Failure> {
    let text = document.to_json();
    if !context.console.is_json() {
        return write_stdout(text.as_bytes());
    }
    let unexpected =
        |error| Failure::new(Exit::Unexpected, "output", format!("cannot encode the result: {error}"));
    let value: serde_json::Value = serde_json::from_str(&text).map_err(unexpected)?;
    write_stdout(format!("{value}\n").as_bytes())
}

impl Report for Delivered {
    fn lines(&self) -> String {
        self.document.fields().line("written to", self.out.display()).to_string()
    }
}

/// The registry holds it in 40 bits.
const LAST_DEADLINE: u64 = (1 << 40) - 1;
