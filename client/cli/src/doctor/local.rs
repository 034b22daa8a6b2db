//! Checks of this machine.

use std::path::Path;

use countersign::custody::Keystore;
use countersign::protocol::Address;
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
