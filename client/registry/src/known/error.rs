//! Why what was proven before cannot be read or kept.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::private_file::FileFlaw;

/// Why the known records cannot be read or kept. Nothing is accepted meanwhile: what cannot be remembered could be
/// undone by a restart.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KnownError {
    /// Somebody else on this machine may read or change the file, or a file beside it.
    #[error("the known records in {path} are open to other users (mode {mode:03o}); close them with: chmod {wanted:o} '{path}'", path = path.display())]
    Exposed {
        /// The file, or its folder.
        path: PathBuf,
        /// Its permission bits, 0 to 0o777.
        mode: u32,
        /// What they should be.
        wanted: u32,
    },
    /// The folder belongs to another user, who may put another file in the file's place.
    #[error("{path} belongs to another user; keep the known records in a folder of your own", path = path.display())]
    ForeignFolder {
        /// The folder.
        path: PathBuf,
    },
    /// The file's owner may not write to it, or the file system may not be written to.
    #[error("the known records in {path} cannot be written to; make the file writable (chmod 600) or keep them elsewhere", path = path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// A link, a folder, a device.
    #[error("{path} is no regular file; give the path of the known records themselves", path = path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// Some other file, or an other program's database.
    #[error("{path} does not hold known records; it was left as it was, name another file", path = path.display())]
    NotKnownRecords {
        /// The file.
        path: PathBuf,
    },
    /// A later version of this software wrote it.
    #[error("{path} has format {found}, and this version reads formats up to {readable}; update it, or name another file", path = path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The format's number.
        found: i64,
        /// The highest that is understood.
        readable: i64,
    },
    /// The file is damaged.
    #[error("the known records in {path} are damaged ({detail}); restore them from a copy, or move the file and those beside it away and begin anew: a rollback from before then goes unnoticed", path = path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// No room is left.
    #[error("there is no room to keep the known records in {path}; make room and try again, nothing is lost", path = path.display())]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// Another process writes for longer than anybody should.
    #[error("another process keeps the known records in {path} locked; end it, or wait and try again", path = path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("cannot {action} the known records in {path}: {detail}", path = path.display())]
    Io {
        /// What was being done.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the operating system or SQLite said.
        detail: String,
    },
    /// The thread that writes ended early.
    #[error("the known records in {path} are no longer written; start this program again", path = path.display())]
    Closed {
        /// The file.
        path: PathBuf,
    },
}

impl KnownError {
    pub(super) fn io(action: &'static str, path: &Path, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { path: path.into() },
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { path: path.into() },
            _ => Self::Io { action, path: path.into(), detail: error.to_string() },
        }
    }

    pub(super) fn sqlite(action: &'static str, path: &Path, error: &rusqlite::Error) -> Self {
        let path = path.to_path_buf();
        let detail = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::ReadOnly) => Self::ReadOnly { path },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path },
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { path, detail },
            Some(ErrorCode::NotADatabase) => Self::NotKnownRecords { path },
            Some(_) => Self::Io { action, path, detail },
            // Not SQLite's own: a row that holds what was never written there.
            None => Self::Damaged { path, detail },
        }
    }
}

impl From<FileFlaw> for KnownError {
    fn from(flaw: FileFlaw) -> Self {
        match flaw {
            FileFlaw::Exposed { path, mode, wanted } => Self::Exposed { path, mode, wanted },
            FileFlaw::ForeignFolder { path } => Self::ForeignFolder { path },
            FileFlaw::ReadOnly { path } => Self::ReadOnly { path },
            FileFlaw::NotAFile { path } => Self::NotAFile { path },
            FileFlaw::Io { action, path, kind, detail } => {
                Self::io(action, &path, &io::Error::new(kind, detail))
            }
        }
    }
}
