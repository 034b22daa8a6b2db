//! The file of the known records: its owner's alone, in a folder where nobody else can put another in its place.

use std::fs::{self, DirBuilder, Metadata, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::error::KnownError;

/// Makes the file and its folder where they are missing, and gives the path with all links in it resolved.
///
/// # Errors
/// [`KnownError`] where others may read or change the file or its folder, or the path names no regular file.
pub(super) fn prepare(path: &Path) -> Result<PathBuf, KnownError> {
    let Some(name) = path.file_name() else { return Err(KnownError::NotAFile { path: path.into() }) };
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    make_folder(folder)?;
    let folder =
        fs::canonicalize(folder).map_err(|error| KnownError::io("find the folder of", folder, &error))?;
    let path = folder.join(name);
    make_file(&path)?;
    let file = fs::symlink_metadata(&path).map_err(|error| KnownError::io("look at", &path, &error))?;
    if !file.is_file() {
        return Err(KnownError::NotAFile { path });
    }
    let around =
        fs::metadata(&folder).map_err(|error| KnownError::io("look at the folder of", &folder, &error))?;
    refuse_exposed(&path, &file, &folder, &around)?;
    Ok(path)
}

fn make_folder(folder: &Path) -> Result<(), KnownError> {
    if folder.exists() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| KnownError::io("make a folder for", folder, &error))
}

fn make_file(path: &Path) -> Result<(), KnownError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(KnownError::io("make", path, &error)),
    }
}

#[cfg(unix)]
fn refuse_exposed(path: &Path, file: &Metadata, folder: &Path, around: &Metadata) -> Result<(), KnownError> {
    use std::os::unix::fs::MetadataExt;
    let mode = |metadata: &Metadata| metadata.mode() & 0o777;
    if mode(file) & 0o077 != 0 {
        return Err(KnownError::Exposed { path: path.into(), mode: mode(file), wanted: 0o600 });
    }
    if mode(file) & 0o600 != 0o600 {
        return Err(KnownError::ReadOnly { path: path.into() });
    }
    // SQLite finds its journal by name, and plays back what it finds.
    if mode(around) & 0o022 != 0 {
        return Err(KnownError::Exposed { path: folder.into(), mode: mode(around), wanted: 0o700 });
    }
    // Only its owner can open the file, so whose the file is, is whose this process is.
    if around.uid() != file.uid() && around.uid() != 0 {
        return Err(KnownError::ForeignFolder { path: folder.into() });
    }
    Ok(())
}

// Elsewhere access lists rule, and a new file inherits those of the user's own folder.
#[cfg(not(unix))]
fn refuse_exposed(_: &Path, _: &Metadata, _: &Path, _: &Metadata) -> Result<(), KnownError> {
    Ok(())
}
