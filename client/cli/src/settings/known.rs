//! Where what was proven is kept.

use std::path::{Path, PathBuf};

use countersign::registry::{KnownRecords, Resolver};

use super::Settings;
use super::chain::ChainSettings;
use super::policy::ANVIL_CHAIN_ID;
use crate::arguments::KnownArguments;
use crate::config::data_file;
use crate::failure::Failure;

impl Settings {
    /// The chain's resolver, which goes back from nothing that is known.
    pub(crate) fn remembering(
        &self,
        chain: &ChainSettings,
        arguments: &KnownArguments,
    ) -> Result<Resolver, Failure> {
        let resolver = chain.resolver()?;
        match self.known_file_of(chain.chain_id, arguments)? {
            None => Ok(resolver),
            Some(file) => Ok(resolver.remembering(KnownRecords::open(&file)?)?),
        }
    }

    /// The file for one chain; `None` where what is proven is not to be kept.
    pub(crate) fn known_file_of(
        &self,
        chain_id: u64,
        arguments: &KnownArguments,
    ) -> Result<Option<PathBuf>, Failure> {
        match self.named(arguments) {
            Some(named) => Ok(named.0),
            None if chain_id == ANVIL_CHAIN_ID => Ok(None),
            None => default_file().map(Some),
        }
    }

    /// The file, whatever the chain; `None` where nothing is kept.
    pub(crate) fn known_file(&self, arguments: &KnownArguments) -> Result<Option<PathBuf>, Failure> {
        self.named(arguments).map_or_else(|| default_file().map(Some), |named| Ok(named.0))
    }

    fn named(&self, arguments: &KnownArguments) -> Option<Named> {
        let in_file = self.config.document.known.file.as_deref();
        match (&arguments.known_file, in_file) {
            (Some(given), _) => Some(Named::from(given.clone())),
            (None, Some(written)) if is_none(written) => Some(Named(None)),
            (None, Some(written)) => Some(Named(Some(self.config.path_in_file(written)))),
            (None, None) => None,
        }
    }
}

/// What somebody asked for: a file, or none.
struct Named(Option<PathBuf>);

impl From<PathBuf> for Named {
    fn from(written: PathBuf) -> Self {
        Self((!is_none(&written)).then_some(written))
    }
}

fn is_none(written: &Path) -> bool {
    written == Path::new("none")
}

fn default_file() -> Result<PathBuf, Failure> {
    data_file("known.sqlite").ok_or_else(|| {
        let failure = Failure::configuration("this system names no folder for what was proven");
        failure.hint("--known-file FILE names a file, and --known-file none goes without")
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::{Config, Document};

    fn settings(text: &str) -> Settings {
        let path = Some(PathBuf::from("/etc/countersign/config.toml"));
        Settings { config: Config { document: Document::parse(text).unwrap(), path } }
    }

    fn given(file: &str) -> KnownArguments {
        KnownArguments { known_file: Some(file.into()) }
    }

    #[test]
    fn what_is_named_wins_and_a_development_chain_keeps_nothing_by_itself() {
        let nothing = KnownArguments::default();
        let plain = settings("");
        let by_default = plain.known_file_of(1, &nothing).unwrap().unwrap();
        assert!(by_default.ends_with("countersign/known.sqlite"), "{by_default:?}");
        assert_eq!(plain.known_file_of(ANVIL_CHAIN_ID, &nothing).unwrap(), None);
        assert_eq!(plain.known_file_of(ANVIL_CHAIN_ID, &given("here")).unwrap(), Some("here".into()));
        assert_eq!(plain.known_file_of(1, &given("none")).unwrap(), None);
        let written = settings("[known]\nfile = 'known.sqlite'");
        for chain_id in [1, ANVIL_CHAIN_ID] {
            let file = written.known_file_of(chain_id, &nothing).unwrap().unwrap();
            assert_eq!(file, Path::new("/etc/countersign/known.sqlite"));
            assert_eq!(written.known_file_of(chain_id, &given("none")).unwrap(), None);
        }
        assert_eq!(settings("[known]\nfile = 'none'").known_file_of(1, &nothing).unwrap(), None);
        assert_eq!(settings("[known]\nfile = 'none'").known_file(&given("b")).unwrap(), Some("b".into()));
    }
}
