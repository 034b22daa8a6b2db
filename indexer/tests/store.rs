//! Both stores, for real, against one suite.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub
)]

#[path = "store/chain.rs"]
mod chain;
#[path = "store/compare.rs"]
mod compare;
#[path = "store/contract.rs"]
mod contract;
#[path = "store/fixture.rs"]
mod fixture;
#[path = "store/killing.rs"]
mod killing;
#[path = "store/outage.rs"]
mod outage;
#[path = "store/pace.rs"]
mod pace;
#[path = "store/process.rs"]
mod process;
#[path = "store/property.rs"]
mod property;
#[path = "store/server.rs"]
mod server;
#[path = "store/twin.rs"]
mod twin;
