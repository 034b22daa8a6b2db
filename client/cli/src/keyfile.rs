//! Opening and making keystores, with signs of life while scrypt works.

use std::path::Path;

use countersign::custody::{Keystore, LocalKey, Passphrase, ScryptCost};
use tokio::task::spawn_blocking;

use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::passphrase::PassphraseSource;

/// Reads a keystore and opens it.
pub(crate) async fn open(
    console: Console,
    path: &Path,
    source: &PassphraseSource,
) -> Result<LocalKey, Failure> {
    let keystore = read(path)?;
    let passphrase = source.read(&path.display().to_string()).await?;
    let _progress = console.progress("Opening the keystore");
    let opened = blocking(move || keystore.decrypt(&passphrase).map_err(Failure::from)).await;
    opened.map_err(|failure| failure.in_file(path))
}

/// Encrypts a key and writes it to a new file.
pub(crate) async fn write_new(
    console: Console,
    path: &Path,
    key: LocalKey,
    passphrase: Passphrase,
    cost: ScryptCost,
) -> Result<LocalKey, Failure> {
    let _progress = console.progress("Encrypting the key");
    let target = path.to_path_buf();
    blocking(move || {
        if let Some(folder) = target.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            make_private_folder(folder)?;
        }
        Keystore::encrypt(&key, &passphrase, cost)?.write_new(&target)?;
        Ok(key)
    })
    .await
}

pub(crate) fn read(path: &Path) -> Result<Keystore, Failure> {
    Keystore::read(path).map_err(|error| Failure::from(error).in_file(path))
}

/// Refuses early, before a person types a passphrase twice for nothing.
pub(crate) fn refuse_existing(path: &Path) -> Result<(), Failure> {
    if path.symlink_metadata().is_err() {
        return Ok(());
    }
    let message = format!("{} exists already, and a key is never overwritten", path.display());
    Err(Failure::new(Exit::Keystore, "keystore_exists", message)
        .hint("choose another name with --out, or move the file away"))
}

/// Runs what blocks (scrypt, a prompt) where it may.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let broken =
        |error| Failure::new(Exit::Unexpected, "internal", format!("a worker thread failed: {error}"));
    spawn_blocking(work).await.map_err(broken)?
}

fn make_private_folder(folder: &Path) -> Result<(), Failure> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| {
        let message = format!("cannot make the folder {}: {error}", folder.display());
        Failure::new(Exit::Keystore, "keystore", message)
    })
}
