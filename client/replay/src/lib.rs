//! Which hellos were answered, so that none is answered twice.
//!
//! A responder asks a [`ReplayCache`] before it answers. [`MemoryCache`] serves one process; where several processes answer
//! for one identity, a hello that one of them answered must count for all: [`RedisCache`] (feature `redis`) is one
//! memory for them.
//!
//! ```text
//! hello ─► knows? ─► proof of what it proposes ─► enter ─► reply
//!            │                                      │
//!            └─ Replayed, before any work           └─ NotEntered: Replayed, Full, TooLate, Unavailable
//! ```
//!
//! # What it does not do
//!
//! - It judges no timestamp: until when a hello could be accepted again is the caller's to say.
//! - It answers nobody while it cannot be asked: not knowing is not new.
//! - It outlives no loss: what a process forgets when it ends, or a server when it loses its data, may be answered once
//!   more within the accepted clock skew. Whoever replays such a hello gets a reply that it cannot read, and no session.
#![forbid(unsafe_code)]

mod cache;
mod memory;
#[cfg(feature = "redis")]
mod redis;

pub use cache::{Entering, Hello, NotEntered, ReplayCache};
pub use memory::MemoryCache;
#[cfg(feature = "redis")]
pub use redis::{RedisCache, RedisCacheError, RedisLimits, RedisUrl, RedisUrlError};
