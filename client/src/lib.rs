//! Private, mutually authenticated channels between two parties who know each other by Ethereum address.
//!
//! A [`Trader`] is one identity: an account, one of its keys in the registry, and whoever holds that key. It dials
//! other identities and answers them. Each session is opened by a post-quantum hybrid handshake whose keys exist
//! only if both sides *proved* the same state of the chain: the same block, the same two registry records, the same
//! valuation of the instrument they are about to trade.
//!
//! ```text
//! Identity ─► Resolver: header, account and storage proofs ─► StateView ─┐
//!                                                                        ▼
//! Trader::dial ───► hello ───► Listener: proves the same block for itself, or says why not
//!       ◄───────── reply ◄────┘            each key request ─► Custody
//!       ───────► confirmation ─► Session   on both sides: the same state hash
//!                                   └─ connection: AsyncRead + AsyncWrite, or messages
//! ```
//!
//! # While a session lives
//!
//! It keeps itself ([`Keeper`]). Its keys are renewed every two minutes, and bound to newer blocks as often as
//! [`Policy::rebind`] says, each time on a state that both sides prove; data flows meanwhile. The chain is followed: at each new head the
//! records of all live sessions are known by proof, and one that is revoked or expired ends its session within that block,
//! one that is replaced after [`Policy::overlap`], and whoever reads or writes hears why. The next session with the
//! same peer needs no static key ([`Policy::ticket_lifetime`]).
//!
//! # What it does not do
//!
//! - It believes no node, and no peer, about the chain; but which chain is canonical is what the configured endpoints
//!   say ([`HeadTrust`](registry::HeadTrust)).
//! - It finds no endpoints: where a counterparty listens, the caller says.
//! - It interprets nothing: orders, quotes and prices are bytes and words to it, and what a reading means is agreed
//!   elsewhere.
//! - It keeps nothing on disk but what its resolver is told to remember
//!   ([`Resolver::remembering`](registry::Resolver::remembering)), and locks no memory.
//!
//! # Example
//!
//! ```no_run
//! use std::path::Path;
//!
//! use countersign::custody::{Keystore, Passphrase};
//! use countersign::registry::{HeadPolicy, HeadTrust, Resolver, artifact};
//! use countersign::{Identity, Query, Trader};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! // How this side sees the chain: through its own node, everything else proven.
//! let trust = HeadTrust::OwnNode("http://127.0.0.1:8545".parse()?);
//! let resolver = Resolver::new(31337, artifact::key_registry_address(), trust, HeadPolicy::anvil())?;
//!
//! // Who this side is, and its key.
//! let me = Identity::of("0x70997970c51812dc3a010c7d01b50e0d17dc79c8".parse()?);
//! let passphrase = Passphrase::from_file(Path::new("passphrase"))?;
//! let key = Keystore::read(Path::new("alice.json"))?.decrypt(&passphrase)?;
//! let alice = Trader::builder(me, key, resolver).build();
//!
//! // A session with a counterparty, bound to what both of them see in an instrument's price slot.
//! let bob = Identity::of("0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc".parse()?);
//! let price = Query::StorageSlot { source: "0x5fbdb2315678afecb367f032d93f642f64180aa3".parse()?, slot: [0; 32] };
//! let mut session = alice.dial(bob, "127.0.0.1:7654", &[price]).await?;
//! println!("{} and this side agree on {}", session.peer(), session.state_hash());
//!
//! session.connection.send_message(b"RFQ 100 @ market").await?;
//! let quote = session.connection.next_message().await?;
//! # Ok(()) }
//! ```
//!
//! The other side:
//!
//! ```no_run
//! # async fn example(bob: countersign::Trader) -> Result<(), Box<dyn std::error::Error>> {
//! let mut listener = bob.listen("127.0.0.1:7654").await?;
//! loop {
//!     match listener.accept().await {
//!         Ok(session) => println!("a session with {}", session.peer()),
//!         Err(refused) => eprintln!("{refused}"), // names the caller, the reason, and what it was told
//!     }
//! }
//! # }
//! ```
#![forbid(unsafe_code)]

pub use countersign_custody as custody;
pub use countersign_protocol as protocol;
pub use countersign_registry as registry;
pub use countersign_replay as replay;
pub use countersign_transport as transport;

/// The README's example, held to what compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

mod answer;
mod call;
mod clock;
mod cookies;
mod dial;
mod difference;
mod error;
mod examination;
mod followed;
mod keeper;
mod keeping;
mod line;
mod listener;
mod opening;
mod pause;
mod policy;
mod pool;
mod refusal;
// In a folder of tests: nowhere else is a key said to be proven without a proof.
#[cfg(test)]
#[path = "tests/registered.rs"]
mod registered;
mod reserve;
mod session;
mod sources;
mod tickets;
mod trader;
mod trader_builder;
mod under_way;
mod wanted;
mod watch;
mod wish;

pub use countersign_protocol::{
    Abort, Address, Agreed, Anchor, Calldata, CalldataTooLong, Identity, Label, Limits, MAX_CALLDATA,
    MAX_READINGS, MAX_RETURNED, Padding, PeerKey, Query, Reading, Reject, ReturnData, Role, StateHash, Suite,
    SuitePolicy, Summary, Value,
};
pub use countersign_transport::{Connection, Datagrams, Ended, Side, Timeouts};
pub use difference::{Difference, Item};
pub use error::{AcceptError, Error, Fault};
pub use keeper::Keeper;
pub use listener::Listener;
pub use policy::{Admission, Policy, Reserves};
pub use session::Session;
pub use trader::Trader;
pub use trader_builder::TraderBuilder;
