//! The newest finalized block, in a file.

use std::io::ErrorKind;
use std::path::PathBuf;

use alloy::primitives::B256;
use serde::{Deserialize, Serialize};

use crate::error::CheckpointFlaw;

/// Where to begin the next time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Checkpoint {
    /// Which chain it is of.
    pub(super) genesis_validators_root: B256,
    /// The root of the beacon block.
    pub(super) block_root: B256,
    /// Its slot.
    pub(super) slot: u64,
}

/// The file that holds it, as JSON.
#[derive(Debug)]
pub(super) struct CheckpointFile(PathBuf);

impl CheckpointFile {
    pub(super) const fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// What is kept; `None` where nothing was yet.
    pub(super) async fn read(
        &self,
        genesis_validators_root: B256,
    ) -> Result<Option<Checkpoint>, CheckpointFlaw> {
        let text = match tokio::fs::read(&self.0).await {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.unreadable(&error)),
        };
        let kept: Checkpoint = serde_json::from_slice(&text).map_err(|error| self.unreadable(&error))?;
        if kept.genesis_validators_root != genesis_validators_root {
            return Err(CheckpointFlaw::OtherNetwork { path: self.0.clone() });
        }
        Ok(Some(kept))
    }

    /// Replaces what is kept in one step, so that no half of it is ever read.
    pub(super) async fn write(&self, checkpoint: &Checkpoint) -> Result<(), CheckpointFlaw> {
        let text = serde_json::to_vec(checkpoint).map_err(|error| self.unreadable(&error))?;
        if let Some(folder) = self.0.parent() {
            tokio::fs::create_dir_all(folder).await.map_err(|error| self.unreadable(&error))?;
        }
        let beside = self.0.with_extension(format!("{}.new", std::process::id()));
        tokio::fs::write(&beside, text).await.map_err(|error| self.unreadable(&error))?;
        tokio::fs::rename(&beside, &self.0).await.map_err(|error| self.unreadable(&error))
    }

    fn unreadable(&self, error: &dyn std::error::Error) -> CheckpointFlaw {
        CheckpointFlaw::File { path: self.0.clone(), detail: error.to_string() }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_kept_is_read_again_and_another_networks_is_not() {
        let folder = std::env::temp_dir().join(format!("countersign-checkpoint-{}", std::process::id()));
        let file = CheckpointFile::at(folder.join("checkpoint.json"));
        let (network, block_root) = (B256::repeat_byte(1), B256::repeat_byte(2));
        assert_eq!(file.read(network).await.unwrap(), None);
        let kept = Checkpoint { genesis_validators_root: network, block_root, slot: 7 };
        file.write(&kept).await.unwrap();
        assert_eq!(file.read(network).await.unwrap(), Some(kept));
        assert!(matches!(file.read(block_root).await, Err(CheckpointFlaw::OtherNetwork { .. })));
        std::fs::write(folder.join("checkpoint.json"), "{").unwrap();
        assert!(matches!(file.read(network).await, Err(CheckpointFlaw::File { .. })));
        std::fs::remove_dir_all(folder).unwrap();
    }
}
