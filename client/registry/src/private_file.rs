//! Files that decide what is believed: their owner's alone, in a folder where nobody else can put another in their place.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// Why a file that decides what is believed was not read or not written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileFlaw {
    /// Somebody else on this machine may read or change the file, or put another in its place.
    #[error("{path} is open to other users (mode {mode:03o}); close it with: chmod {wanted:o} '{path}'", path = path.display())]
    Exposed {
        /// The file, or its folder.
        path: PathBuf,
        /// Its permission bits, 0 to 0o777.
        mode: u32,
        /// What they should be.
        wanted: u32,
    },
    /// The folder belongs to another user, who may put another file in the file's place.
    #[error("{path} belongs to another user; keep the file in a folder of your own", path = path.display())]
    ForeignFolder {
        /// The folder.
        path: PathBuf,
    },
    /// The file's owner may not write to it.
    #[error("{path} cannot be written to; make it writable (chmod 600) or name another file", path = path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// A link, a folder, a device.
    #[error("{path} is no regular file; give the path of the file itself", path = path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("cannot {action} {path}: {detail}", path = path.display())]
    Io {
        /// What was being done.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What kind of refusal.
        kind: ErrorKind,
        /// What the operating system said.
        detail: String,
    },
}

/// Makes a file and its folder where they are missing, and gives the path with all links in its folder resolved. Blocks.
///
/// # Errors
/// [`FileFlaw`] where others may read or change the file or its folder, or the path names no regular file.
pub(crate) fn make(path: &Path) -> Result<PathBuf, FileFlaw> {
    let folder = folder_of(path)?;
    make_folder(folder)?;
    let (folder, path) = resolved(folder, path)?;
    if make_file(&path)? {
        flush_folder(&folder)?;
    }
    let (file, around) = (look_at_file(&path)?, look_at_folder(&folder)?);
    if !file.is_file() {
        return Err(FileFlaw::NotAFile { path });
    }
    refuse_exposed(&path, &file)?;
    refuse_open_folder(&folder, &around, Some(&file))?;
    Ok(path)
}

/// Reads at most `limit` bytes of a file; `None` where there is none. Blocks.
///
/// # Errors
/// [`FileFlaw`] where others may read or change the file or its folder, the path names no regular file, or it cannot be
/// read.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, FileFlaw> {
    let folder = folder_of(path)?;
    if !folder.exists() {
        return Ok(None);
    }
    let (folder, path) = resolved(folder, path)?;
    let around = look_at_folder(&folder)?;
    let file = match fs::symlink_metadata(&path) {
        Ok(file) if !file.is_file() => return Err(FileFlaw::NotAFile { path }),
        Ok(file) => Some(file),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(refused("look at", &path, &error)),
    };
    refuse_open_folder(&folder, &around, file.as_ref())?;
    let Some(file) = file else { return Ok(None) };
    refuse_exposed(&path, &file)?;
    // The same file still: nobody else may change what lies in this folder.
    let opened = File::open(&path).map_err(|error| refused("open", &path, &error))?;
    let mut content = Vec::new();
    opened.take(limit).read_to_end(&mut content).map_err(|error| refused("read", &path, &error))?;
    Ok(Some(content))
}

/// Puts a file of mode 0600 in the place of what is there, in one step: a crash leaves the old one or the new one, whole,
/// and at most a file beside it whose name begins with `.countersign-`. Once this returns it survives a power failure. A
/// link is replaced, not followed. Blocks.
///
/// # Errors
/// [`FileFlaw`] where others may put another file in its place, or it cannot be written.
pub(crate) fn replace(path: &Path, content: &[u8]) -> Result<(), FileFlaw> {
    let folder = folder_of(path)?;
    make_folder(folder)?;
    let (folder, path) = resolved(folder, path)?;
    let beside = tempfile::Builder::new().prefix(".countersign-").tempfile_in(&folder);
    let mut beside = beside.map_err(|error| refused("make a file beside", &path, &error))?;
    let own = look_at_file(beside.path())?;
    refuse_open_folder(&folder, &look_at_folder(&folder)?, Some(&own))?;
    beside.write_all(content).map_err(|error| refused("write", &path, &error))?;
    beside.as_file().sync_all().map_err(|error| refused("flush", &path, &error))?;
    beside.persist(&path).map_err(|kept| refused("replace", &path, &kept.error))?;
    flush_folder(&folder)
}

fn folder_of(path: &Path) -> Result<&Path, FileFlaw> {
    if path.file_name().is_none() {
        return Err(FileFlaw::NotAFile { path: path.into() });
    }
    Ok(path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")))
}

/// Gives the folders that have a new entry, flushed: a power failure would take it, and with it everything inside.
fn make_folder(folder: &Path) -> Result<Vec<PathBuf>, FileFlaw> {
    let missing = folder.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists());
    let around = |folder: &Path| match folder.parent() {
        Some(around) if !around.as_os_str().is_empty() => around.to_path_buf(),
        _ => PathBuf::from("."),
    };
    let changed: Vec<PathBuf> = missing.map(around).collect();
    if changed.is_empty() {
        return Ok(changed);
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| refused("make a folder for", folder, &error))?;
    for folder in &changed {
        flush_folder(folder)?;
    }
    Ok(changed)
}

/// The folder without links in its path, and the file in it.
fn resolved(folder: &Path, path: &Path) -> Result<(PathBuf, PathBuf), FileFlaw> {
    let folder = fs::canonicalize(folder).map_err(|error| refused("find the folder of", folder, &error))?;
    let path = path.file_name().map_or_else(|| folder.clone(), |name| folder.join(name));
    Ok((folder, path))
}

/// Whether it was missing.
fn make_file(path: &Path) -> Result<bool, FileFlaw> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(refused("make", path, &error)),
    }
}

fn look_at_file(path: &Path) -> Result<Metadata, FileFlaw> {
    fs::symlink_metadata(path).map_err(|error| refused("look at", path, &error))
}

fn look_at_folder(folder: &Path) -> Result<Metadata, FileFlaw> {
    fs::metadata(folder).map_err(|error| refused("look at the folder of", folder, &error))
}

#[cfg(unix)]
fn flush_folder(folder: &Path) -> Result<(), FileFlaw> {
    let flushed = File::open(folder).and_then(|opened| opened.sync_all());
    flushed.map_err(|error| refused("flush", folder, &error))
}

// Elsewhere a folder cannot be flushed.
#[cfg(not(unix))]
fn flush_folder(_: &Path) -> Result<(), FileFlaw> {
    Ok(())
}

#[cfg(unix)]
fn refuse_exposed(path: &Path, file: &Metadata) -> Result<(), FileFlaw> {
    let mode = mode_of(file);
    if mode & 0o077 != 0 {
        return Err(FileFlaw::Exposed { path: path.into(), mode, wanted: 0o600 });
    }
    if mode & 0o600 != 0o600 {
        return Err(FileFlaw::ReadOnly { path: path.into() });
    }
    Ok(())
}

/// Who may write to the folder may replace the file, and what SQLite finds beside it by name and plays back.
#[cfg(unix)]
fn refuse_open_folder(folder: &Path, around: &Metadata, file: Option<&Metadata>) -> Result<(), FileFlaw> {
    use std::os::unix::fs::MetadataExt;
    let mode = mode_of(around);
    if mode & 0o022 != 0 {
        return Err(FileFlaw::Exposed { path: folder.into(), mode, wanted: 0o700 });
    }
    // Only its owner can open the file, so whose the file is, is whose this process is.
    let is_foreign = |file: &Metadata| around.uid() != file.uid() && around.uid() != 0;
    if file.is_some_and(is_foreign) {
        return Err(FileFlaw::ForeignFolder { path: folder.into() });
    }
    Ok(())
}

#[cfg(unix)]
fn mode_of(metadata: &Metadata) -> u32 {
    std::os::unix::fs::MetadataExt::mode(metadata) & 0o777
}

// Elsewhere access lists rule, and a new file inherits those of the user's own folder.
#[cfg(not(unix))]
fn refuse_exposed(_: &Path, _: &Metadata) -> Result<(), FileFlaw> {
    Ok(())
}

#[cfg(not(unix))]
fn refuse_open_folder(_: &Path, _: &Metadata, _: Option<&Metadata>) -> Result<(), FileFlaw> {
    Ok(())
}

fn refused(action: &'static str, path: &Path, error: &io::Error) -> FileFlaw {
    FileFlaw::Io { action, path: path.into(), kind: error.kind(), detail: error.to_string() }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn whatever_has_a_new_entry_is_flushed() {
        let place = tempfile::tempdir().unwrap();
        let [one, two] = ["one", "one/two"].map(|name| place.path().join(name));
        assert_eq!(make_folder(&two).unwrap(), [one.clone(), place.path().to_path_buf()]);
        assert!(make_folder(&two).unwrap().is_empty());
        let file = two.join("known.sqlite");
        assert!(make_file(&file).unwrap());
        assert!(!make_file(&file).unwrap());
        make(&one.join("three/four/known.sqlite")).unwrap();
    }
}
