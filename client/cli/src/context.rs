//! What every command is given.

use crate::console::Console;
use crate::interrupt::Interrupt;
use crate::settings::Settings;

/// The user's terminal, settings and wish to stop.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) console: Console,
    pub(crate) settings: Settings,
    pub(crate) interrupt: Interrupt,
}
