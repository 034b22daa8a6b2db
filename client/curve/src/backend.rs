//! Two implementations of one set of operations, each with its `Scalar` and its `Point`.
//!
//! Public so that each can be held against the other; everybody else uses the types at the crate's root, which run
//! on the active one.

#[cfg(feature = "native")]
pub mod native;
pub mod portable;

#[cfg(feature = "native")]
pub(crate) use native as active;
#[cfg(not(feature = "native"))]
pub(crate) use portable as active;
