//! Files that are there whole, or as they were before.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use crate::exit::Exit;
use crate::failure::Failure;

/// Writes a new file that only its owner may read, and never replaces another.
pub(crate) fn write_new(path: &Path, content: &[u8]) -> Result<(), Failure> {
    refuse_existing(path)?;
    let file = written_beside(path, content)?;
    file.persist_noclobber(path).map_err(|refused| match refused.error.kind() {
        ErrorKind::AlreadyExists => exists_already(path),
        _ => not_written(path, &refused.error),
    })?;
    sync_folder(path)
}

/// Writes a file that only its owner may read, in the place of the one that may be there.
pub(crate) fn replace(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let file = written_beside(path, content)?;
    file.persist(path).map_err(|refused| not_written(path, &refused.error))?;
    sync_folder(path)
}

/// Refuses early, before anybody types a passphrase for nothing.
pub(crate) fn refuse_existing(path: &Path) -> Result<(), Failure> {
    if path.symlink_metadata().is_ok() { Err(exists_already(path)) } else { Ok(()) }
}

/// The folder that a path stands in.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

fn written_beside(path: &Path, content: &[u8]) -> Result<tempfile::NamedTempFile, Failure> {
    let failed = |error| not_written(path, &error);
    // The library makes it with mode 0600.
    let mut file =
        tempfile::Builder::new().prefix(".countersign-").tempfile_in(folder_of(path)).map_err(failed)?;
    file.write_all(content).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    Ok(file)
}

/// The name itself survives a crash only once the folder is on disk.
#[cfg(unix)]
pub(crate) fn sync_folder(path: &Path) -> Result<(), Failure> {
    File::open(folder_of(path))
        .and_then(|folder| folder.sync_all())
        .map_err(|error| not_written(path, &error))
}

#[cfg(not(unix))]
pub(crate) fn sync_folder(_: &Path) -> Result<(), Failure> {
    Ok(())
}

fn exists_already(path: &Path) -> Failure {
    let message = format!("{} exists already and is left as it was", path.display());
    Failure::new(Exit::Unexpected, "file_exists", message)
        .hint("choose another name with --out, or move the file away")
}

pub(crate) fn not_written(path: &Path, error: &io::Error) -> Failure {
    let failure =
        Failure::new(Exit::Unexpected, "output", format!("cannot write {}: {error}", path.display()));
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            failure.hint("make room and run the command again")
        }
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            failure.hint("check the path: is the folder there?")
        }
        ErrorKind::PermissionDenied => failure.hint("use a folder that you may write to"),
        _ => failure,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_is_private_and_replaces_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one");
        write_new(&path, b"first").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(write_new(&path, b"second").unwrap_err().kind(), "file_exists");
        assert_eq!(std::fs::read(&path).unwrap(), b"first");
        replace(&path, b"third").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"third");
        // Nothing is left beside it.
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(write_new(&folder.path().join("no/where"), b"").unwrap_err().kind(), "output");
    }
}
