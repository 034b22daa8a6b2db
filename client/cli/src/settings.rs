//! File, environment and flags joined: what a command works with.

mod chain;
mod counterparty;
mod domain;
mod identity;
mod known;
mod light_client;
mod policy;
mod replay;
mod session;
mod upkeep;

pub(crate) use chain::ChainSettings;

use std::path::{Path, PathBuf};

use crate::config::{Config, default_file};
use crate::contacts::Contacts;
use crate::failure::Failure;

/// The configuration file and how to look into it. Flags and environment are laid over it by each method.
#[derive(Debug)]
pub(crate) struct Settings {
    config: Config,
}

impl Settings {
    pub(crate) fn load(named: Option<&Path>) -> Result<Self, Failure> {
        Ok(Self { config: Config::load(named)? })
    }

    /// Which file was read, if any.
    pub(crate) fn config_path(&self) -> Option<&Path> {
        self.config.path.as_deref()
    }

    /// Where the contacts live.
    pub(crate) fn contacts_path(&self) -> Result<PathBuf, Failure> {
        match &self.config.document.contacts.file {
            Some(written) => Ok(self.config.path_in_file(written)),
            None => default_file("contacts.toml").ok_or_else(|| {
                let failure = Failure::configuration("this system names no folder for configuration files");
                failure.hint("name the contacts file in the configuration: [contacts] file = \"…\"")
            }),
        }
    }

    pub(crate) fn contacts(&self) -> Result<Contacts, Failure> {
        Contacts::load(&self.contacts_path()?)
    }
}
