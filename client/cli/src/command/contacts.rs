//! `countersign contacts`: names for addresses.

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::console::Report;
use crate::contacts::{Contacts, Entry};
use crate::context::Context;
use crate::failure::Failure;
use crate::fields::Fields;
use crate::party::{Account, is_name};

/// Keep names, endpoints and notes for the addresses you deal with
///
/// A contact's name works wherever an address does, and `connect` finds the endpoint there. The file is TOML, one table
/// per name with address, label, endpoint and note; edit it by hand if you like.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct ContactsCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Add a contact, or replace the one of that name
    Add(Add),
    /// Show all contacts
    List,
    /// Remove a contact
    Remove {
        /// Its name
        name: String,
    },
}

#[derive(Debug, Args)]
struct Add {
    /// Letters, digits, `-`, `_` and `.`
    name: String,
    /// 0x… or eip155:<chain>:0x…, with #label for one of several keys
    address: Account,
    /// Where it answers
    #[arg(long, value_name = "HOST:PORT")]
    at: Option<String>,
    /// Anything worth remembering
    #[arg(long)]
    note: Option<String>,
}

/// One line of the list, and the JSON of a contact.
#[derive(Debug, Serialize)]
struct Line<'a> {
    name: &'a str,
    #[serde(flatten)]
    entry: &'a Entry,
}

#[derive(Debug, Serialize)]
struct Changed<'a> {
    name: &'a str,
    change: &'static str,
}

impl ContactsCommand {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        let mut contacts = context.settings.contacts()?;
        match self.action {
            Action::Add(add) => add.run(context, &mut contacts),
            Action::List => list(context, &contacts),
            Action::Remove { name } => remove(context, &mut contacts, &name),
        }
    }
}

impl Add {
    fn run(self, context: &Context, contacts: &mut Contacts) -> Result<(), Failure> {
        if !is_name(&self.name) {
            return Err(Failure::usage(format!(
                "{:?} is no name: use letters, digits, - _ and .",
                self.name
            )));
        }
        let before = contacts.insert(self.name.clone(), Entry::new(&self.address, self.at, self.note));
        contacts.save()?;
        let change = if before.is_some() { "replaced" } else { "added" };
        context.console.report(&Changed { name: &self.name, change })
    }
}

fn list(context: &Context, contacts: &Contacts) -> Result<(), Failure> {
    for (name, entry) in contacts.entries() {
        context.console.report(&Line { name, entry })?;
    }
    if contacts.entries().is_empty() {
        context.console.remark(&format!("No contacts in {}.", contacts.path().display()));
    }
    Ok(())
}

fn remove(context: &Context, contacts: &mut Contacts, name: &str) -> Result<(), Failure> {
    if contacts.remove(name).is_none() {
        let message = format!("no contact is called {name:?} in {}", contacts.path().display());
        let failure = Failure::new(crate::exit::Exit::Configuration, "unknown_contact", message);
        return Err(failure.hint("countersign contacts list"));
    }
    contacts.save()?;
    context.console.report(&Changed { name, change: "removed" })
}

impl Report for Line<'_> {
    fn lines(&self) -> String {
        let fields = Fields::default()
            .line("address", &self.entry.address)
            .line_if("label", self.entry.label.as_ref())
            .line_if("endpoint", self.entry.endpoint.as_ref())
            .line_if("note", self.entry.note.as_ref());
        format!("{}\n{}", self.name, fields.indented(2))
    }
}

impl Report for Changed<'_> {
    fn lines(&self) -> String {
        format!("{} {}", self.name, self.change)
    }
}

const EXAMPLES: &str = "\
Examples:
  countersign contacts add alice 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266#desk-7 --at host:9734
  countersign connect alice
  countersign contacts list --json

JSON: list gives {\"name\", \"address\", \"label\"?, \"endpoint\"?, \"note\"?} per line,
  add and remove give {\"name\", \"change\"}";
