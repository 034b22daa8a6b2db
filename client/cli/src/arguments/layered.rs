//! Values that remember how they came to be given.

use clap::ArgMatches;
use clap::parser::ValueSource;

/// Where a value stands. A later one is stronger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Layer {
    File,
    Environment,
    Flag,
}

/// A value and its layer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layered<T> {
    pub(crate) layer: Layer,
    pub(crate) value: T,
}

impl Layer {
    /// The layer of an argument, unless nobody gave it.
    pub(super) fn of(matches: &ArgMatches, id: &str) -> Option<Self> {
        match matches.value_source(id)? {
            ValueSource::CommandLine => Some(Self::Flag),
            ValueSource::EnvVariable => Some(Self::Environment),
            // What clap itself fills in was given by nobody.
            _ => None,
        }
    }

    pub(crate) const fn holds<T>(self, value: T) -> Layered<T> {
        Layered { layer: self, value }
    }
}

impl<T> Layered<T> {
    /// The value, if its layer may speak of something that `other` names: a weaker one did not know of it.
    pub(crate) fn for_what_is_named_in(self, other: Layer) -> Option<T> {
        (self.layer >= other).then_some(self.value)
    }
}
