//! Checks of this machine.

use std::path::{Path, PathBuf};

use countersign::custody::Keystore;
use countersign::protocol::Address;
use countersign::registry::{KnownError, KnownRecords};
use countersign::replay::{RedisCache, RedisLimits, RedisUrl};

use super::Finding;
use crate::anvil::find_tool;
use crate::failure::Failure;
use crate::party::checksummed;
use crate::settings::Settings;

/// What was found of the keystore, and whose key it says it holds.
#[derive(Debug)]
pub(crate) struct KeystoreFinding {
    pub(crate) finding: Finding,
    pub(crate) signer: Option<Address>,
}

/// The file parsed, or the command would not run at all.
pub(crate) fn configuration(settings: &Settings) -> Finding {
    match settings.config_path() {
        Some(path) => Finding::ok("config", path.display().to_string()),
        None => Finding::ok("config", "no file; environment, flags and defaults"),
    }
}

pub(crate) fn contacts(settings: &Settings) -> Finding {
    match settings.contacts() {
        Ok(contacts) => {
            let count = contacts.entries().len();
            Finding::ok("contacts", format!("{count} in {}", contacts.path().display()))
        }
        Err(failure) => Finding::fail("contacts", &failure),
    }
}

/// Where what was proven is kept, whether it can be written, and whether it is whole.
pub(crate) fn known(file: Result<Option<PathBuf>, Failure>) -> Finding {
    let path = match file {
        Ok(Some(path)) => path,
        Ok(None) => {
            let hint = "drop --known-file none, or [known] file in the configuration";
            return Finding::warn("known", "what is proven is forgotten with each process", hint);
        }
        Err(failure) => return Finding::fail("known", &failure),
    };
    // Nothing is made here.
    if path.symlink_metadata().is_err() {
        return Finding::ok(
            "known",
            format!("nothing yet; what is proven will be kept in {}", path.display()),
        );
    }
    match look_into(&path) {
        Ok((records, 0)) => Finding::ok("known", format!("{records} records in {}", path.display())),
        Ok((records, incidents)) => {
            let detail = format!("{records} records in {}, {incidents} refused rollbacks", path.display());
            Finding::warn("known", detail, "countersign known list shows of what")
        }
        Err(error) => Finding::fail("known", &error.into()),
    }
}

/// How many records and incidents.
fn look_into(path: &Path) -> Result<(usize, usize), KnownError> {
    let known = KnownRecords::open(path)?;
    known.check()?;
    Ok((known.records()?.len(), known.incidents()?.len()))
}

/// Whether the Redis can be asked, and keeps what it is given. Nothing is written to it.
pub(crate) async fn replay_cache(configured: Result<Option<RedisUrl>, Failure>) -> Finding {
    let url = match configured {
        Ok(None) => return Finding::ok("replays", "each listener remembers the calls it answered"),
        Ok(Some(url)) => url,
        Err(failure) => return Finding::fail("replays", &failure),
    };
    match RedisCache::connect(&url, RedisLimits::default()).await {
        Ok(_) => Finding::ok("replays", format!("{url} remembers the calls that any listener answered")),
        Err(error) => Finding::fail("replays", &error.into()),
    }
}

/// Both are for demonstrations and development: their absence breaks nothing else.
pub(crate) fn tools() -> [Finding; 2] {
    let anvil = match find_tool("anvil", "ANVIL") {
        Some(path) => Finding::ok("anvil", path.display().to_string()),
        None => Finding::warn(
            "anvil",
            "not found; only `countersign demo` needs it",
            "npm install @foundry-rs/anvil, or foundryup",
        ),
    };
    let forge = match find_tool("forge", "FORGE") {
        Some(path) => Finding::ok("forge", path.display().to_string()),
        None => Finding::ok("forge", "not found; only building the contracts needs it"),
    };
    [anvil, forge]
}

/// Permissions and format; the passphrase is not needed for either.
pub(crate) fn keystore(path: &Path) -> KeystoreFinding {
    if path.symlink_metadata().is_err() {
        let hint = format!("countersign keygen --out {}", path.display());
        let finding = Finding::warn("keystore", format!("{} does not exist", path.display()), hint);
        return KeystoreFinding { finding, signer: None };
    }
    match Keystore::read(path) {
        Ok(keystore) => {
            let signer = keystore.address();
            let whose = signer.map_or_else(
                || "names no signer".into(),
                |signer| format!("signer {}", checksummed(&signer)),
            );
            KeystoreFinding {
                finding: Finding::ok("keystore", format!("{}, {whose}", path.display())),
                signer,
            }
        }
        Err(error) => {
            let failure = Failure::from(error).in_file(path);
            KeystoreFinding { finding: Finding::fail("keystore", &failure), signer: None }
        }
    }
}
