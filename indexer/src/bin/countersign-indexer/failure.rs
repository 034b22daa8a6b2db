//! Why a command ended, for people and programs, and its exit code.

use std::fmt;

/// Why a command ended.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    message: String,
    hint: Option<&'static str>,
}

/// The exit codes. They mean the same as those of `countersign`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Unexpected = 1,
    Configuration = 3,
    Unreachable = 5,
    NotProven = 6,
    Store = 13,
    Interrupted = 130,
    Terminated = 143,
}

/// The table for `--help`.
pub(crate) const TABLE: &str = "\
Exit codes:
    0  done
    1  something unexpected, for instance a port that is in use
    2  usage: the arguments make no sense
    3  configuration: the file, or what it says
    5  the chain cannot be reached
    6  the store and the chain do not agree, or the chain is not proven
   13  the store: it cannot be opened or reached, is damaged, or another process writes to it
  130  interrupted (Ctrl-C)
  143  terminated (SIGTERM)";

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), hint: None }
    }

    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Self::new(Exit::Configuration, message)
            .hint("indexer.example.toml lists every key; `countersign-indexer run --help` the flags")
    }

    pub(crate) const fn hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }

    pub(crate) const fn code(&self) -> u8 {
        self.exit as u8
    }

    pub(crate) fn to_json(&self) -> serde_json::Value {
        serde_json::json!({ "error": { "message": self.message, "hint": self.hint, "exit_code": self.code() } })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.hint.map_or(Ok(()), |hint| write!(f, "\n hint: {hint}"))
    }
}

impl From<countersign_indexer::store::StoreError> for Failure {
    fn from(error: countersign_indexer::store::StoreError) -> Self {
        Self::new(Exit::Store, error.to_string())
    }
}
