//! The contacts file: names for addresses, with the endpoint where each answers.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use countersign::protocol::{Identity, Label};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::party::{Account, Party, checksummed, is_name};

/// All contacts by name, and the file they live in.
#[derive(Debug)]
pub(crate) struct Contacts {
    path: PathBuf,
    entries: BTreeMap<String, Entry>,
}

/// One contact, as the file states it:
///
/// ```toml
/// [alice]
/// address = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"   # or eip155:<chain>:0x…
/// label = "desk-7"                                         # optional
/// endpoint = "alice.example.org:9734"                      # optional
/// note = "met in Lisbon"                                   # optional
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    pub(crate) address: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) label: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) endpoint: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
}

/// Somebody to resolve or to dial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Counterparty {
    pub(crate) account: Account,
    /// `host:port`, where the contacts file knows one.
    pub(crate) endpoint: Option<String>,
    /// The contact's name, if that is how it was found.
    pub(crate) name: Option<String>,
}

impl Contacts {
    /// Reads the file; one that does not exist holds nobody.
    pub(crate) fn load(path: &Path) -> Result<Self, Failure> {
        let fault = |what: String| {
            let message = format!("contacts file {}: {what}", path.display());
            Failure::new(crate::exit::Exit::Configuration, "contacts", message)
        };
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(fault(format!("cannot be read: {error}"))),
        };
        let entries: BTreeMap<String, Entry> =
            toml::from_str(&text).map_err(|error| fault(error.to_string()))?;
        for (name, entry) in &entries {
            if !is_name(name) {
                return Err(fault(format!("[{name}] is no name: use letters, digits, - _ and .")));
            }
            entry.account().map_err(|what| fault(format!("[{name}]: {what}")))?;
        }
        Ok(Self { path: path.to_path_buf(), entries })
    }

    pub(crate) const fn entries(&self) -> &BTreeMap<String, Entry> {
        &self.entries
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Who a party is.
    pub(crate) fn find(&self, party: &Party) -> Result<Counterparty, Failure> {
        let name = match party {
            Party::Account(account) => {
                let known = self.entries.values().find(|entry| entry.account().as_ref() == Ok(account));
                let endpoint = known.and_then(|entry| entry.endpoint.clone());
                return Ok(Counterparty { account: *account, endpoint, name: None });
            }
            Party::Contact(name) => name,
        };
        let Some(entry) = self.entries.get(name) else {
            let message = format!("no contact is called {name:?} in {}", self.path.display());
            let failure = Failure::new(crate::exit::Exit::Configuration, "unknown_contact", message);
            return Err(failure.hint(format!("countersign contacts add {name} 0x… --at host:port")));
        };
        let account = entry.account().map_err(Failure::configuration)?;
        Ok(Counterparty { account, endpoint: entry.endpoint.clone(), name: Some(name.clone()) })
    }

    /// Adds or replaces a contact; gives back the one that stood there before.
    pub(crate) fn insert(&mut self, name: String, entry: Entry) -> Option<Entry> {
        self.entries.insert(name, entry)
    }

    pub(crate) fn remove(&mut self, name: &str) -> Option<Entry> {
        self.entries.remove(name)
    }

    /// Writes the file, whole or not at all.
    pub(crate) fn save(&self) -> Result<(), Failure> {
        let fault = |error: &dyn std::fmt::Display| {
            let message = format!("cannot write the contacts file {}: {error}", self.path.display());
            Failure::new(crate::exit::Exit::Configuration, "contacts", message)
        };
        let text = toml::to_string(&self.entries).map_err(|error| fault(&error))?;
        let folder = match self.path.parent() {
            Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
            Some(folder) => folder,
            None => Path::new("."),
        };
        std::fs::create_dir_all(folder).map_err(|error| fault(&error))?;
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|error| fault(&error))?;
        file.write_all(text.as_bytes())
            .and_then(|()| file.as_file().sync_all())
            .map_err(|error| fault(&error))?;
        file.persist(&self.path).map_err(|error| fault(&error.error))?;
        Ok(())
    }
}

impl Entry {
    /// The identity of this contact.
    pub(crate) fn account(&self) -> Result<Account, String> {
        let account: Account =
            self.address.parse().map_err(|error: crate::party::PartyError| error.to_string())?;
        let label = match &self.label {
            None => return Ok(account),
            Some(_) if account.identity.label != Label::DEFAULT => {
                return Err("the label stands behind the address and under `label`; keep one".into());
            }
            Some(label) => Label::from_text(label).map_err(|error| error.to_string())?,
        };
        Ok(Account { identity: Identity { label, ..account.identity }, ..account })
    }

    /// A contact's entry from what was written on the command line.
    pub(crate) fn new(account: &Account, endpoint: Option<String>, note: Option<String>) -> Self {
        let owner = checksummed(&account.identity.owner);
        let address =
            account.chain_id.map_or_else(|| owner.clone(), |chain| format!("eip155:{chain}:{owner}"));
        let label = (account.identity.label != Label::DEFAULT).then(|| account.identity.label.to_string());
        Self { address, label, endpoint, note }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const ALICE: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";

    fn load(text: &str) -> Result<Contacts, Failure> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Contacts::load(file.path())
    }

    #[test]
    fn a_contact_is_found_by_name_and_by_address() {
        let text =
            format!("[alice]\naddress = \"eip155:31337:{ALICE}\"\nlabel = \"desk-7\"\nendpoint = \"h:1\"");
        let contacts = load(&text).unwrap();
        let by_name = contacts.find(&"alice".parse().unwrap()).unwrap();
        assert_eq!(by_name.endpoint.as_deref(), Some("h:1"));
        assert_eq!(by_name.account.identity.label, Label::from_text("desk-7").unwrap());
        let by_address = contacts.find(&format!("eip155:31337:{ALICE}#desk-7").parse().unwrap()).unwrap();
        assert_eq!(by_address.endpoint.as_deref(), Some("h:1"));
        assert_eq!(contacts.find(&"bob".parse().unwrap()).unwrap_err().kind(), "unknown_contact");
    }

    #[test]
    fn bad_entries_name_themselves() {
        for (text, expected) in [
            ("[alice]\naddress = \"0x12\"", "[alice]: \"0x12\" is no address"),
            ("[alice]\nadress = \"0x12\"", "unknown field `adress`"),
            ("[\"al ice\"]\naddress = \"0x12\"", "[al ice] is no name"),
        ] {
            let error = load(text).unwrap_err();
            assert!(error.message().contains(expected), "{}", error.message());
        }
    }

    #[test]
    fn what_is_saved_loads_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/contacts.toml");
        let mut contacts = Contacts::load(&path).unwrap();
        let account: Account = format!("{ALICE}#desk-7").parse().unwrap();
        let entry = Entry::new(&account, Some("h:1".into()), Some("a \"note\"".into()));
        assert_eq!(contacts.insert("alice".into(), entry.clone()), None);
        contacts.save().unwrap();
        let mut again = Contacts::load(&path).unwrap();
        assert_eq!(again.entries().get("alice"), Some(&entry));
        assert_eq!(entry.account().unwrap(), account);
        assert_eq!(again.remove("alice"), Some(entry));
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }
}
