//! Ctrl-C and SIGTERM.

use tokio::sync::watch;

use crate::exit::Exit;
use crate::failure::Failure;

/// Tells when the user, or the system, asked to stop. Clones tell the same.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt(watch::Receiver<Vec<Signal>>);

/// What asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    Interrupt,
    Terminate,
}

impl Interrupt {
    /// Begins to watch. From here on the signals no longer end the process by themselves.
    pub(crate) fn watch() -> Result<Self, Failure> {
        let (sender, receiver) = watch::channel(Vec::new());
        let mut signals = Signals::install()?;
        tokio::spawn(async move {
            while let Some(signal) = signals.next().await {
                sender.send_modify(|seen| seen.push(signal));
            }
        });
        Ok(Self(receiver))
    }

    /// Waits for a signal, for ever if need be.
    pub(crate) async fn signalled(&mut self) -> Signal {
        self.count_reached(1).await
    }

    /// Waits for a second signal: whoever sends one does not want to wait for a clean end.
    pub(crate) async fn insisted(&mut self) -> Signal {
        self.count_reached(2).await
    }

    /// The first signal, which decides the exit code, once there were `count`.
    async fn count_reached(&mut self, count: usize) -> Signal {
        let first = match self.0.wait_for(|seen| seen.len() >= count).await {
            Ok(seen) => seen.first().copied(),
            Err(_) => None,
        };
        match first {
            Some(signal) => signal,
            // The watching task has ended with the runtime: no signal will come any more.
            None => std::future::pending().await,
        }
    }
}

impl Signal {
    pub(crate) fn into_failure(self) -> Failure {
        match self {
            Self::Interrupt => Failure::new(Exit::Interrupted, "interrupted", "interrupted"),
            Self::Terminate => Failure::new(Exit::Terminated, "terminated", "terminated"),
        }
    }
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn install() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        let install = |kind| signal(kind).map_err(not_installed);
        Ok(Self {
            interrupt: install(SignalKind::interrupt())?,
            terminate: install(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> Option<Signal> {
        tokio::select! {
            received = self.interrupt.recv() => received.map(|()| Signal::Interrupt),
            received = self.terminate.recv() => received.map(|()| Signal::Terminate),
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn install() -> Result<Self, Failure> {
        Ok(Self)
    }

    async fn next(&mut self) -> Option<Signal> {
        tokio::signal::ctrl_c().await.ok().map(|()| Signal::Interrupt)
    }
}

#[cfg(unix)]
fn not_installed(error: std::io::Error) -> Failure {
    Failure::new(Exit::Unexpected, "internal", format!("cannot watch for signals: {error}"))
}
