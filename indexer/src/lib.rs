//! The whole registry at hand: every identity, listed, searched, watched and audited, each answer with what is needed
//! to check it.
//!
//! ```text
//! chain ──Block──► apply(block, state) ──ChangeSet──► Store ──Answer──► API
//!                     pure, with an inverse             embedded, or PostgreSQL
//! ```
//!
//! # What this crate does not do
//!
//! - It is no root of trust. Whoever needs to be sure verifies the proof that comes with an answer, or asks the chain
//!   with `countersign-registry`; the client depends on nothing here.
//! - It holds no key and sends no transaction.

pub mod api;
pub mod backup;
pub mod chain;
pub mod change;
pub mod event;
pub mod indexing;
pub mod leading;
pub mod record;
pub mod store;
pub mod verification;
