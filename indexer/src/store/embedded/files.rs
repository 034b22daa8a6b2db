//! The folder, opened, and opened anew after a failure to write.

use std::fs::DirBuilder;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use fjall::OwnedWriteBatch as WriteBatch;
use tokio::sync::{Mutex, OwnedMutexGuard, watch};

use super::tables::Tables;
use crate::store::StoreError;

#[derive(Debug)]
pub(super) struct Files {
    path: PathBuf,
    cache: u64,
    opened: RwLock<Opened>,
    newest: watch::Sender<u64>,
    writing: Arc<Mutex<()>>,
    synced: std::sync::Mutex<Instant>,
}

#[derive(Debug)]
enum Opened {
    Good(Arc<Tables>),
    /// A write failed: the engine only reads until it is opened anew.
    Failed(Arc<Tables>),
    Closed,
}

impl Files {
    pub(super) fn open(path: PathBuf, cache: u64) -> Result<Self, StoreError> {
        let mut folder = DirBuilder::new();
        folder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
        folder.create(&path).map_err(|failure| io_fault(&failure, &path))?;
        let tables = Tables::open(&path, cache)?;
        let newest = watch::Sender::new(tables.newest(&tables.snapshot())?);
        let opened = RwLock::new(Opened::Good(Arc::new(tables)));
        let synced = std::sync::Mutex::new(Instant::now());
        Ok(Self { path, cache, opened, newest, writing: Arc::default(), synced })
    }

    pub(super) fn newest(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    /// To read from.
    pub(super) fn tables(&self) -> Result<Arc<Tables>, StoreError> {
        match &*self.opened.read().unwrap_or_else(PoisonError::into_inner) {
            Opened::Good(tables) | Opened::Failed(tables) => Ok(tables.clone()),
            Opened::Closed => {
                Err(StoreError::Unavailable { detail: "its files are being opened anew".into() })
            }
        }
    }

    /// To write to: opened anew if need be. Blocks; only the one that leads may call it.
    pub(super) fn writable(&self) -> Result<Arc<Tables>, StoreError> {
        let mut opened = self.opened.write().unwrap_or_else(PoisonError::into_inner);
        if let Opened::Good(tables) = &*opened {
            return Ok(tables.clone());
        }
        if let Opened::Failed(tables) = std::mem::replace(&mut *opened, Opened::Closed) {
            drop(opened);
            close(tables);
            opened = self.opened.write().unwrap_or_else(PoisonError::into_inner);
        }
        let tables = Arc::new(Tables::open(&self.path, self.cache)?);
        *opened = Opened::Good(tables.clone());
        Ok(tables)
    }

    /// Writes all of it or nothing, tells the readers, and sees to it that it survives a power failure soon.
    pub(super) fn write(&self, tables: &Tables, batch: WriteBatch, newest: u64) -> Result<(), StoreError> {
        self.rewrite(batch)?;
        self.newest.send_if_modified(|stored| std::mem::replace(stored, newest) != newest);
        let mut synced = self.synced.lock().unwrap_or_else(PoisonError::into_inner);
        if synced.elapsed() >= SYNCED_EVERY {
            tables.sync().map_err(|failure| self.failed(failure))?;
            *synced = Instant::now();
        }
        Ok(())
    }

    /// Writes what tells readers nothing new.
    pub(super) fn rewrite(&self, batch: WriteBatch) -> Result<(), StoreError> {
        batch.commit().map_err(|failure| self.failed(failure))
    }

    /// What a failure to write means. Nothing is written any more until the files are opened anew.
    fn failed(&self, failure: fjall::Error) -> StoreError {
        let mut opened = self.opened.write().unwrap_or_else(PoisonError::into_inner);
        *opened = match std::mem::replace(&mut *opened, Opened::Closed) {
            Opened::Good(tables) | Opened::Failed(tables) => Opened::Failed(tables),
            Opened::Closed => Opened::Closed,
        };
        fault(failure, &self.path)
    }

    /// Waits until nobody else of this process writes.
    pub(super) async fn elected(&self) -> OwnedMutexGuard<()> {
        self.writing.clone().lock_owned().await
    }
}

/// Waits for those who read: the lock on the folder is held until the last of them is done.
fn close(mut tables: Arc<Tables>) {
    for _ in 0..CLOSING_TRIES {
        match Arc::try_unwrap(tables) {
            Ok(last) => return drop(last),
            Err(shared) => tables = shared,
        }
        std::thread::sleep(CLOSING_PAUSE);
    }
}

/// What a failure of the engine means. It hides the cause of a failed write, so the disk is asked.
pub(super) fn fault(failure: fjall::Error, path: &Path) -> StoreError {
    match failure {
        fjall::Error::Locked => StoreError::Busy,
        fjall::Error::Io(failure) => io_fault(&failure, path),
        fjall::Error::Storage(fjall::LsmError::Io(failure)) => io_fault(&failure, path),
        fjall::Error::Poisoned => match is_full(path) {
            true => StoreError::Full { detail: path.display().to_string() },
            false => StoreError::Unavailable { detail: "writing its files failed before".into() },
        },
        failure => StoreError::Damaged { detail: failure.to_string() },
    }
}

fn io_fault(failure: &std::io::Error, path: &Path) -> StoreError {
    let detail = format!("{}: {failure}", path.display());
    match failure.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            StoreError::Full { detail }
        }
        _ => StoreError::Unavailable { detail },
    }
}

/// Whether there is less room than a tree's next file may take.
fn is_full(path: &Path) -> bool {
    rustix::fs::statvfs(path).is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) < SCARCE)
}

const SCARCE: u64 = 256 << 20;

/// Near the head each block is synced, as they are seconds apart; a backfill does not wait for the disk.
const SYNCED_EVERY: Duration = Duration::from_secs(1);

const CLOSING_TRIES: u32 = 1000;
const CLOSING_PAUSE: Duration = Duration::from_millis(5);
