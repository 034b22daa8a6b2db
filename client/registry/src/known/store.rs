//! The database, opened: one connection that writes, and one that reads what is committed meanwhile.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::error::KnownError;
use super::schema::{self, Format, NEWEST};
use crate::private_file;

/// Two connections to one database. Every call blocks.
#[derive(Debug)]
pub(super) struct Store {
    path: PathBuf,
    in_file: bool,
    writer: Arc<Mutex<Connection>>,
    reader: Arc<Mutex<Connection>>,
}

impl Store {
    /// Opens a file, which is made where it is missing.
    pub(super) fn open(path: &Path) -> Result<Self, KnownError> {
        let path = private_file::make(path)?;
        let mut writer = connect(&path)?;
        begin_log(&writer, &path)?;
        bring_up_to_date(&mut writer, &path)?;
        let reader = connect(&path)?;
        let [writer, reader] = [writer, reader].map(|connection| Arc::new(Mutex::new(connection)));
        Ok(Self { path, in_file: true, writer, reader })
    }

    /// A database that ends with the process.
    pub(super) fn in_memory() -> Result<Self, KnownError> {
        let path = PathBuf::from(MEMORY);
        let opened = Connection::open_in_memory();
        let mut connection = opened.map_err(|error| KnownError::sqlite("make", &path, &error))?;
        bring_up_to_date(&mut connection, &path)?;
        let connection = Arc::new(Mutex::new(connection));
        Ok(Self { path, in_file: false, writer: connection.clone(), reader: connection })
    }

    /// The file, where there is one.
    pub(super) fn file(&self) -> Option<&Path> {
        self.in_file.then_some(&*self.path)
    }

    /// The file, or a word for the memory, for messages.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads in one transaction: all of it is of one moment.
    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, KnownError> {
        self.read_by(&lock(&self.reader), read)
    }

    /// As [`read`](Self::read), unless another reads just now: then `None`.
    pub(super) fn glance<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, KnownError> {
        match self.reader.try_lock() {
            Ok(connection) => self.read_by(&connection, read).map(Some),
            Err(TryLockError::Poisoned(poisoned)) => self.read_by(&poisoned.into_inner(), read).map(Some),
            Err(TryLockError::WouldBlock) => Ok(None),
        }
    }

    fn read_by<T>(
        &self,
        connection: &Connection,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, KnownError> {
        let outcome = connection.unchecked_transaction().and_then(|moment| read(&moment));
        outcome.map_err(|error| KnownError::sqlite("read", &self.path, &error))
    }

    /// Writes in one transaction: once this returns, all of it survives a power failure; on an error none of it is there.
    pub(super) fn write<T>(
        &self,
        write: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, KnownError> {
        let mut connection = lock(&self.writer);
        let outcome =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).and_then(|change| {
                let value = write(&change)?;
                change.commit()?;
                Ok(value)
            });
        outcome.map_err(|error| KnownError::sqlite("write", &self.path, &error))
    }

    /// Reads every page. Takes time in proportion to the file.
    pub(super) fn check(&self) -> Result<(), KnownError> {
        let verdict: String =
            self.read(|connection| connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)))?;
        match verdict.as_str() {
            "ok" => Ok(()),
            _ => Err(KnownError::Damaged { path: self.path.clone(), detail: verdict }),
        }
    }

    #[cfg(test)]
    pub(super) fn limit_pages(&self, pages: i64) {
        lock(&self.writer).pragma_update(None, "max_page_count", pages).unwrap_or_default();
    }
}

fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    // A transaction that a panic cut short was rolled back when it was dropped.
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

fn connect(path: &Path) -> Result<Connection, KnownError> {
    // The path's links are resolved, so one in it was put there since.
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let opened = Connection::open_with_flags(path, flags).and_then(|connection| {
        connection.busy_timeout(PATIENCE)?;
        // In a log, FULL flushes at each commit; a lesser level may lose the last ones with the power.
        connection.pragma_update(None, "synchronous", "FULL")?;
        // The file is nobody else's, and yet nothing in it shall be able to call anything.
        connection.pragma_update(None, "trusted_schema", false)?;
        Ok(connection)
    });
    opened.map_err(|error| KnownError::sqlite("open", path, &error))
}

/// Changes go to a log beside the file, so that who reads never waits for who writes.
fn begin_log(connection: &Connection, path: &Path) -> Result<(), KnownError> {
    let mut attempts = 0;
    loop {
        // SQLite does not wait by itself where several processes begin the log at once.
        match connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0)) {
            Ok(_) => return Ok(()),
            Err(error) if attempts < 100 && is_busy(&error) => {
                attempts += 1;
                std::thread::sleep(PATIENCE / 100);
            }
            Err(error) => return Err(KnownError::sqlite("open", path, &error)),
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
}

fn bring_up_to_date(connection: &mut Connection, path: &Path) -> Result<(), KnownError> {
    let migrated = connection.transaction_with_behavior(TransactionBehavior::Immediate).and_then(|change| {
        let format = schema::migrate(&change)?;
        if format == Format::Ready {
            change.commit()?;
        }
        Ok(format)
    });
    match migrated.map_err(|error| KnownError::sqlite("open", path, &error))? {
        Format::Ready => Ok(()),
        Format::Newer(found) => Err(KnownError::Newer { path: path.into(), found, readable: NEWEST }),
        Format::Foreign => Err(KnownError::NotKnownRecords { path: path.into() }),
    }
}

/// How long another process may take to write.
const PATIENCE: Duration = Duration::from_secs(5);

/// What messages call a database without a file.
const MEMORY: &str = "this process's memory";
