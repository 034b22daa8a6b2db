//! The configuration file: one TOML document, the weakest of the three layers.
//!
//! file < environment (`COUNTERSIGN_*`) < flags. Environment and flags come through the argument parser; this
//! module finds and reads the file.

mod chain_id;
mod chains;
mod depth;
mod document;
mod hardfork;
mod known_keys;

use std::path::{Path, PathBuf};

pub(crate) use document::{
    ChainTable, CounterpartyTable, Document, PaddingChoice, PolicyTable, Preset, SuiteChoice, TimeoutTable,
};

use crate::failure::Failure;

/// The file's content, and where it came from.
#[derive(Debug, Default)]
pub(crate) struct Config {
    pub(crate) document: Document,
    /// `None` where there is no file, which is fine as long as nobody named one.
    pub(crate) path: Option<PathBuf>,
}

impl Config {
    /// Reads the named file, or else the one in the platform's folder where there is one.
    pub(crate) fn load(named: Option<&Path>) -> Result<Self, Failure> {
        let path = match named {
            Some(path) => path.to_path_buf(),
            None => match default_file("config.toml").filter(|path| path.exists()) {
                Some(path) => path,
                None => return Ok(Self::default()),
            },
        };
        let text = std::fs::read_to_string(&path).map_err(|error| {
            let failure =
                Failure::configuration(format!("cannot read the configuration {}: {error}", path.display()));
            failure.hint("give another file with --config, or leave it out to use the default one")
        })?;
        let document = Document::parse(&text).map_err(|message| {
            let failure = Failure::configuration(format!("{}: {message}", path.display()));
            failure.hint("countersign.example.toml lists every key with its default")
        })?;
        Ok(Self { document, path: Some(path) })
    }

    /// A path from the file: `~/` is the home folder, and other relative paths start at the file's own folder.
    pub(crate) fn path_in_file(&self, written: &Path) -> PathBuf {
        if let Ok(rest) = written.strip_prefix("~")
            && let Some(folders) = directories::BaseDirs::new()
        {
            return folders.home_dir().join(rest);
        }
        match self.path.as_deref().and_then(Path::parent) {
            Some(folder) => folder.join(written),
            None => written.to_path_buf(),
        }
    }
}

/// A file in the platform's folder for this program's configuration, where there is such a folder.
pub(crate) fn default_file(name: &str) -> Option<PathBuf> {
    directories::ProjectDirs::from("", "", "countersign").map(|folders| folders.config_dir().join(name))
}

/// A file in the platform's folder for what this program keeps, where there is such a folder.
pub(crate) fn data_file(name: &str) -> Option<PathBuf> {
    directories::ProjectDirs::from("", "", "countersign").map(|folders| folders.data_dir().join(name))
}
