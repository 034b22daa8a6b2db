//! Why a command did not do what it was asked to: for people, for machines, and as an exit code.

mod chain;
mod files;
mod record_proof;
mod session;
mod write;

use countersign::protocol::Abort;
use serde_json::{Value, json};

use crate::exit::Exit;

/// A failure, complete: what was wrong and whose fault, a name that scripts can rely on, and what to run next.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    kind: &'static str,
    message: String,
    hint: Option<String>,
    /// The word by which one side ended a session, where that is the failure.
    ended: Option<Abort>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, kind: &'static str, message: impl Into<String>) -> Self {
        Self { exit, kind, message: message.into(), hint: None, ended: None }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "usage", message)
    }

    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Self::new(Exit::Configuration, "configuration", message)
    }

    /// What the user can run or change next.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// One side ended a session by that word.
    pub(crate) fn ended_by(mut self, why: Abort) -> Self {
        self.ended = Some(why);
        self
    }

    /// What was being done, where the message alone does not tell.
    pub(crate) fn about(mut self, doing: &str) -> Self {
        self.message = format!("{doing}: {}", self.message);
        self
    }

    /// Whether one session failed, and nothing else: its connection, or by one side's word.
    pub(crate) fn is_of_session(&self) -> bool {
        self.exit == Exit::Transport || self.is_by_word()
    }

    /// Whether one side's word ended a session.
    pub(crate) const fn is_by_word(&self) -> bool {
        self.ended.is_some()
    }

    pub(crate) const fn exit(&self) -> Exit {
        self.exit
    }

    pub(crate) const fn kind(&self) -> &'static str {
        self.kind
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// `{"error": {"kind", "message", "hint", "exit_code"}}`; `hint` may be null.
    pub(crate) fn to_json(&self) -> Value {
        json!({"error": {
            "kind": self.kind,
            "message": self.message,
            "hint": self.hint,
            "exit_code": self.exit.code(),
        }})
    }
}

/// An error and all that it stems from, on one line.
pub(crate) fn chain_of(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        // Transparent wrappers repeat what they wrap.
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
