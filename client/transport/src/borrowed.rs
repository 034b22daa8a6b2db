//! A look into a connection.

use core::fmt;
use core::ops::Deref;
use std::sync::MutexGuard;

use crate::connection_core::{Core, Shared};

/// A part of a connection, borrowed. Nothing moves on the connection meanwhile, so do not hold it for long, and not
/// while the same thread uses another handle of that connection: that would wait for itself.
pub struct Borrowed<'a, S, T> {
    core: MutexGuard<'a, Core<S>>,
    part: fn(&Core<S>) -> &T,
}

impl<'a, S, T> Borrowed<'a, S, T> {
    pub(crate) fn of(shared: &'a Shared<S>, part: fn(&Core<S>) -> &T) -> Self {
        Self { core: shared.lock(), part }
    }
}

impl<S, T> Deref for Borrowed<'_, S, T> {
    type Target = T;

    fn deref(&self) -> &T {
        (self.part)(&self.core)
    }
}

impl<S, T: fmt::Debug> fmt::Debug for Borrowed<'_, S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        T::fmt(self, f)
    }
}
