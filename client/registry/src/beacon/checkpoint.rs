//! The newest finalized block, in a file.

use std::path::PathBuf;

use alloy::primitives::B256;
use serde::{Deserialize, Serialize};

use crate::blocking::run_apart;
use crate::error::CheckpointFlaw;
use crate::private_file;

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

/// The file that holds it, as JSON. What it names is believed as the configured checkpoint is, so it must be its owner's
/// alone.
#[derive(Clone, Debug)]
pub(super) struct CheckpointFile(PathBuf);

impl CheckpointFile {
    pub(super) const fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// What is kept; `None` where nothing was yet, or a crash left less than the whole.
    ///
    /// # Errors
    /// [`CheckpointFlaw`] where others may change it, or it holds something else.
    pub(super) async fn read(
        &self,
        genesis_validators_root: B256,
    ) -> Result<Option<Checkpoint>, CheckpointFlaw> {
        let file = self.clone();
        run_apart(move || file.read_now(genesis_validators_root)).await
    }

    /// Replaces what is kept, unless that is newer.
    ///
    /// # Errors
    /// [`CheckpointFlaw`] where others may change it, it holds something else, or cannot be written.
    pub(super) async fn write(&self, checkpoint: Checkpoint) -> Result<(), CheckpointFlaw> {
        let file = self.clone();
        run_apart(move || file.write_now(&checkpoint)).await
    }

    fn read_now(&self, genesis_validators_root: B256) -> Result<Option<Checkpoint>, CheckpointFlaw> {
        let Some(text) = private_file::read(&self.0, LONGEST as u64).map_err(CheckpointFlaw::File)? else {
            return Ok(None);
        };
        let kept: Checkpoint = match serde_json::from_slice(&text) {
            Ok(kept) => kept,
            Err(error) if is_torn(&text, &error) => {
                tracing::warn!(file = %self.0.display(), "the kept checkpoint was lost, as by a power failure");
                return Ok(None);
            }
            Err(error) => {
                return Err(CheckpointFlaw::NotACheckpoint {
                    path: self.0.clone(),
                    detail: error.to_string(),
                });
            }
        };
        if kept.genesis_validators_root != genesis_validators_root {
            return Err(CheckpointFlaw::OtherNetwork { path: self.0.clone() });
        }
        Ok(Some(kept))
    }

    fn write_now(&self, checkpoint: &Checkpoint) -> Result<(), CheckpointFlaw> {
        let kept = self.read_now(checkpoint.genesis_validators_root)?;
        if kept.is_some_and(|kept| kept.slot >= checkpoint.slot) {
            return Ok(());
        }
        let text = serde_json::json!(checkpoint).to_string();
        private_file::replace(&self.0, text.as_bytes()).map_err(CheckpointFlaw::File)
    }
}

/// The beginning of one, or nothing. Zeros are what some file systems leave of a file that was never flushed.
fn is_torn(text: &[u8], error: &serde_json::Error) -> bool {
    let is_short = text.len() < LONGEST;
    is_short && (error.is_eof() || text.iter().all(|byte| *byte == 0))
}

/// Bytes; it has less than 300.
const LONGEST: usize = 512;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    const NETWORK: B256 = B256::repeat_byte(1);

    fn kept(slot: u64) -> Checkpoint {
        Checkpoint { genesis_validators_root: NETWORK, block_root: B256::repeat_byte(2), slot }
    }

    #[tokio::test]
    async fn what_is_kept_is_read_again_and_another_networks_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = CheckpointFile::at(folder.path().join("new").join("checkpoint.json"));
        assert_eq!(file.read(NETWORK).await, Ok(None));
        file.write(kept(7)).await.unwrap();
        assert_eq!(file.read(NETWORK).await, Ok(Some(kept(7))));
        let other = B256::repeat_byte(3);
        assert!(matches!(file.read(other).await, Err(CheckpointFlaw::OtherNetwork { .. })));
        let of_another = Checkpoint { genesis_validators_root: other, ..kept(9) };
        assert!(matches!(file.write(of_another).await, Err(CheckpointFlaw::OtherNetwork { .. })));
        assert_eq!(std::fs::read_dir(folder.path().join("new")).unwrap().count(), 1, "nothing beside it");
    }

    #[tokio::test]
    async fn an_older_block_does_not_replace_a_newer_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = CheckpointFile::at(folder.path().join("checkpoint.json"));
        for (slot, stays) in [(7, 7), (6, 7), (8, 8)] {
            file.write(kept(slot)).await.unwrap();
            assert_eq!(file.read(NETWORK).await, Ok(Some(kept(stays))));
        }
    }

    #[tokio::test]
    async fn what_a_crash_left_is_nothing_and_another_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint.json");
        let file = CheckpointFile::at(path.clone());
        file.write(kept(7)).await.unwrap();
        let whole = std::fs::read(&path).unwrap();
        for length in 0..whole.len() {
            for torn in [whole[..length].to_vec(), vec![0; length]] {
                std::fs::write(&path, &torn).unwrap();
                assert_eq!(file.read(NETWORK).await, Ok(None), "{torn:?}");
            }
        }
        file.write(kept(8)).await.unwrap();
        assert_eq!(file.read(NETWORK).await, Ok(Some(kept(8))));
        for other in ["key = 1".to_owned(), "{\"crypto\": {}}".to_owned(), "[".repeat(5000)] {
            std::fs::write(&path, &other).unwrap();
            assert!(
                matches!(file.read(NETWORK).await, Err(CheckpointFlaw::NotACheckpoint { .. })),
                "{other}"
            );
            assert!(matches!(file.write(kept(9)).await, Err(CheckpointFlaw::NotACheckpoint { .. })));
            assert_eq!(std::fs::read_to_string(&path).unwrap(), other);
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn what_others_may_change_is_not_believed() {
        use std::fs::{Permissions, set_permissions};
        use std::os::unix::fs::{PermissionsExt, symlink};

        use crate::private_file::FileFlaw;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint.json");
        let file = CheckpointFile::at(path.clone());
        file.write(kept(7)).await.unwrap();
        let mode_of = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode_of(&path), 0o600);
        for (place, open, closed) in
            [(&*path, 0o644, 0o600), (&*path, 0o620, 0o600), (folder.path(), 0o775, 0o700)]
        {
            set_permissions(place, Permissions::from_mode(open)).unwrap();
            for outcome in [file.read(NETWORK).await.map(drop), file.write(kept(9)).await] {
                let Err(CheckpointFlaw::File(FileFlaw::Exposed { mode, wanted, .. })) = outcome else {
                    panic!("{outcome:?}")
                };
                assert_eq!((mode, wanted), (open, closed));
            }
            set_permissions(place, Permissions::from_mode(closed)).unwrap();
        }
        let link = folder.path().join("link.json");
        symlink(&path, &link).unwrap();
        let outcome = CheckpointFile::at(link).read(NETWORK).await;
        assert!(matches!(outcome, Err(CheckpointFlaw::File(FileFlaw::NotAFile { .. }))), "{outcome:?}");
        assert_eq!(file.read(NETWORK).await, Ok(Some(kept(7))));
    }
}
