//! The terminal's settings, for the time a passphrase is typed.

/// Puts the terminal back, when dropped, to what it was.
///
/// A thread that waits for a passphrase has turned the echo off and cannot be stopped: where a signal ends the command
/// meanwhile, nobody else would turn it on again.
#[derive(Debug)]
pub(crate) struct Terminal(#[cfg(unix)] Option<Remembered>);

#[cfg(unix)]
#[derive(Debug)]
struct Remembered {
    device: std::fs::File,
    settings: rustix::termios::Termios,
}

impl Terminal {
    /// Remembers how the terminal is set, if there is one.
    #[cfg(unix)]
    pub(crate) fn remember() -> Self {
        let open = std::fs::File::open(DEVICE).ok();
        Self(open.and_then(|device| {
            let settings = rustix::termios::tcgetattr(&device).ok()?;
            Some(Remembered { device, settings })
        }))
    }

    /// Elsewhere the shell sets its console anew for every line it reads.
    #[cfg(not(unix))]
    pub(crate) const fn remember() -> Self {
        Self()
    }
}

#[cfg(unix)]
impl Drop for Terminal {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcsetattr};
        if let Some(Remembered { device, settings }) = &self.0 {
            // A terminal that is gone needs no echo.
            let _ = tcsetattr(device, OptionalActions::Now, settings);
        }
    }
}

/// Where passphrases are asked for, whatever standard input is.
#[cfg(unix)]
const DEVICE: &str = "/dev/tty";
