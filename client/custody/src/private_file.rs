//! Files that only their owner may read, and that are either whole or not there.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// Why a file that holds a secret was not read or not written. Each names the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrivateFileError {
    /// Somebody else on this machine may read or change the file, so its content may be known or forged.
    #[error("{path} is open to other users (mode {mode:03o}); close it with: chmod 600 '{path}'", path = path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits, 0 to 0o777.
        mode: u32,
    },
    /// Something is there already, and a key is never overwritten.
    #[error("{path} exists already and is left as it was; choose another name or move it away", path = path.display())]
    AlreadyExists {
        /// The file.
        path: PathBuf,
    },
    /// A folder, a device, or another thing that holds no keystore.
    #[error("{path} is not a regular file; give the path of the file itself", path = path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The file is longer than any file of its kind; it was not read.
    #[error("{path} is longer than {limit} bytes, so it is not what it should be; check the path", path = path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The most bytes that are read.
        limit: usize,
    },
    /// The operating system refused; nothing was left under the file's name that was not there before.
    #[error("cannot {action} {path}: {source}{}", advice(source), path = path.display())]
    Io {
        /// What was being done.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

/// Reads a regular file of at most `limit` bytes that nobody but its owner may open.
pub(crate) fn read(path: &Path, limit: usize) -> Result<Zeroizing<Vec<u8>>, PrivateFileError> {
    // Before opening: to open a named pipe would wait for its writer.
    let before = std::fs::metadata(path).map_err(io_error("open", path))?;
    if !before.is_file() {
        return Err(PrivateFileError::NotAFile { path: path.into() });
    }
    read_opened(path, limit)
}

/// Reads a file, or a named pipe such as a shell's `<(…)`, of at most `limit` bytes that nobody but its owner may open.
///
/// # Errors
/// [`PrivateFileError`]: open to other users, too long, no file, or the operating system's reason.
pub fn read_file_or_pipe(path: &Path, limit: usize) -> Result<Zeroizing<Vec<u8>>, PrivateFileError> {
    if std::fs::metadata(path).map_err(io_error("open", path))?.is_dir() {
        return Err(PrivateFileError::NotAFile { path: path.into() });
    }
    read_opened(path, limit)
}

/// Reads to the end, at most `limit` bytes, leaving no copy behind in a buffer that grew.
pub(crate) fn read_bounded(
    mut source: impl Read,
    path: &Path,
    limit: usize,
) -> Result<Zeroizing<Vec<u8>>, PrivateFileError> {
    let mut content = Zeroizing::new(vec![0; limit + 1]);
    let mut filled = 0;
    while let Some(free) = content.get_mut(filled..).filter(|free| !free.is_empty()) {
        match source.read(free) {
            Ok(0) => {
                content.truncate(filled);
                return Ok(content);
            }
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(io_error("read", path)(error)),
        }
    }
    Err(PrivateFileError::TooLong { path: path.into(), limit })
}

/// Writes a new file with mode 0600 that is whole or absent whatever happens, and never replaces another.
///
/// Written beside its final name, flushed, renamed, and the folder flushed: a crash leaves at most a file whose
/// name begins with `.countersign-`. Where the last step alone fails, the file is there and whole.
pub(crate) fn write_new(path: &Path, content: &[u8]) -> Result<(), PrivateFileError> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if path.symlink_metadata().is_ok() {
        return Err(PrivateFileError::AlreadyExists { path: path.into() });
    }
    let mut file = tempfile::Builder::new()
        .prefix(".countersign-")
        .tempfile_in(folder)
        .map_err(io_error("create a file in", folder))?;
    file.write_all(content).map_err(io_error("write", path))?;
    file.as_file().sync_all().map_err(io_error("flush", path))?;
    file.persist_noclobber(path).map_err(|refused| match refused.error.kind() {
        ErrorKind::AlreadyExists => PrivateFileError::AlreadyExists { path: path.into() },
        _ => io_error("name", path)(refused.error),
    })?;
    sync_folder(folder)
}

fn read_opened(path: &Path, limit: usize) -> Result<Zeroizing<Vec<u8>>, PrivateFileError> {
    let file = File::open(path).map_err(io_error("open", path))?;
    // Of the opened file, not of the path: the path may name another file by now.
    let metadata = file.metadata().map_err(io_error("open", path))?;
    refuse_exposed(&metadata, path)?;
    read_bounded(file, path, limit)
}

#[cfg(unix)]
fn refuse_exposed(metadata: &Metadata, path: &Path) -> Result<(), PrivateFileError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & OTHERS == 0 { Ok(()) } else { Err(PrivateFileError::Exposed { path: path.into(), mode }) }
}

// Elsewhere access lists rule, and a new file inherits those of the user's own folder.
#[cfg(not(unix))]
fn refuse_exposed(_: &Metadata, _: &Path) -> Result<(), PrivateFileError> {
    Ok(())
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> Result<(), PrivateFileError> {
    File::open(folder).and_then(|opened| opened.sync_all()).map_err(io_error("flush the folder", folder))
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> Result<(), PrivateFileError> {
    Ok(())
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> PrivateFileError {
    let path = path.to_path_buf();
    move |source| PrivateFileError::Io { action, path, source }
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::NotFound => "; check the path",
        ErrorKind::PermissionDenied => "; use an account that may, or another folder",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            "; make room and try again"
        }
        _ => "",
    }
}

/// Every permission of the group and of other users.
#[cfg(unix)]
const OTHERS: u32 = 0o077;
