//! What remembers the calls that were answered.

use std::path::{Path, PathBuf};

use countersign::custody::read_private_file;
use countersign::replay::{RedisUrl, RedisUrlError};
use zeroize::Zeroizing;

use super::Settings;
use crate::arguments::{Layer, Layered, MaybeSecret, ReplayArguments};
use crate::exit::Exit;
use crate::failure::Failure;

impl Settings {
    /// The Redis that remembers answered calls; `None` where this process's own memory does.
    pub(crate) fn replay_cache(&self, arguments: &ReplayArguments) -> Result<Option<RedisUrl>, Failure> {
        let in_file = || {
            let written = self.config.document.session.replay_cache.clone()?;
            Some(Layer::File.holds(MaybeSecret::from(written)))
        };
        let Some(Layered { layer, value }) = arguments.cache.clone().or_else(in_file) else {
            return Ok(None);
        };
        if !value.as_str().contains("://") {
            let named = Path::new(value.as_str());
            let path = match layer {
                Layer::File => self.config.path_in_file(named),
                Layer::Environment | Layer::Flag => PathBuf::from(named),
            };
            return read(&path).map(Some);
        }
        let url: RedisUrl = value.as_str().parse()?;
        match layer {
            Layer::Flag if url.has_password() => {
                Err(misplaced("the command line, which other processes can read"))
            }
            Layer::File if url.has_password() => {
                Err(misplaced("the configuration, which gets copied and shared"))
            }
            _ => Ok(Some(url)),
        }
    }
}

/// The URL in a file that nobody else may open.
fn read(path: &Path) -> Result<RedisUrl, Failure> {
    let in_file = |failure: Failure| failure.in_file(path);
    let content = read_private_file(path, MAX_URL).map_err(|error| {
        let failure = Failure::new(Exit::Configuration, "replay_cache", error.to_string());
        failure.hint("--replay-cache takes redis://host:port/db, or the path of a file that holds such a URL")
    })?;
    let text = Zeroizing::new(String::from_utf8_lossy(&content).into_owned());
    text.parse().map_err(|error: RedisUrlError| in_file(error.into()))
}

fn misplaced(place: &str) -> Failure {
    let message = format!("the URL of the replay cache holds a password, and stands in {place}");
    let failure = Failure::new(Exit::Configuration, "replay_cache", message);
    failure.hint("write the URL into a file, chmod 600 it, and name the file instead; or export COUNTERSIGN_REPLAY_CACHE")
}

/// The most bytes of a URL.
const MAX_URL: usize = 4096;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::{Config, Document};

    const SECRET: &str = "redis://:s3cret@127.0.0.1:6380/2";

    fn settings(text: &str, path: Option<PathBuf>) -> Settings {
        Settings { config: Config { document: Document::parse(text).unwrap(), path } }
    }

    fn given(layer: Layer, text: &str) -> ReplayArguments {
        ReplayArguments { cache: Some(layer.holds(text.to_owned().into())) }
    }

    fn refusal(settings: &Settings, arguments: &ReplayArguments) -> String {
        let failure = settings.replay_cache(arguments).unwrap_err();
        let text = format!("{} {:?} {arguments:?}", failure.message(), failure.hint_text());
        assert!(!text.contains("s3cret"), "{text}");
        text
    }

    #[test]
    fn the_strongest_layer_wins_and_none_means_memory() {
        let settings = settings("[session]\nreplay_cache = 'redis://127.0.0.1:1'", None);
        let found =
            |arguments: &ReplayArguments| settings.replay_cache(arguments).unwrap().unwrap().to_string();
        assert_eq!(found(&ReplayArguments::default()), "redis://127.0.0.1:1/0");
        assert_eq!(found(&given(Layer::Flag, "redis://127.0.0.1:2")), "redis://127.0.0.1:2/0");
        let empty = super::tests::settings("", None);
        assert!(empty.replay_cache(&ReplayArguments::default()).unwrap().is_none());
    }

    #[test]
    fn a_password_may_stand_in_the_environment_and_nowhere_that_others_read() {
        let none = settings("", None);
        let url = none.replay_cache(&given(Layer::Environment, SECRET)).unwrap().unwrap();
        assert!(url.has_password());
        assert!(refusal(&none, &given(Layer::Flag, SECRET)).contains("command line"));
        let shared = settings(&format!("[session]\nreplay_cache = '{SECRET}'"), None);
        assert!(refusal(&shared, &ReplayArguments::default()).contains("configuration"));
        assert!(refusal(&none, &given(Layer::Environment, "http://s3cret@h")).contains("rediss://"));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_holds_the_url_if_nobody_else_may_open_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("redis-url");
        let mode = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        std::fs::write(&file, format!("{SECRET}\n")).unwrap();
        let in_config = settings("[session]\nreplay_cache = 'redis-url'", Some(folder.path().join("c.toml")));
        mode(0o644);
        assert!(refusal(&in_config, &ReplayArguments::default()).contains("chmod 600"));
        mode(0o600);
        let url = in_config.replay_cache(&ReplayArguments::default()).unwrap().unwrap();
        assert!(url.has_password() && url.to_string() == "redis://127.0.0.1:6380/2");
        std::fs::write(&file, "s3cret").unwrap();
        assert!(refusal(&in_config, &ReplayArguments::default()).contains("redis-url"));
        let absent = given(Layer::Flag, "/nowhere/at/all");
        assert!(refusal(&in_config, &absent).contains("/nowhere/at/all"));
    }
}
