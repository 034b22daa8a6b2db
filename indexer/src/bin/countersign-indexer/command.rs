//! The commands, one file each.

pub(crate) mod backup;
pub(crate) mod completions;
pub(crate) mod reindex;
pub(crate) mod run;
pub(crate) mod verify_store;
