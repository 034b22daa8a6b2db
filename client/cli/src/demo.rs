//! The demonstration: what happens, in order.

mod desk;
mod stage;
mod story;
mod trade;

use std::path::Path;
use std::time::Duration;

use countersign::registry::write::Written;
use countersign::registry::{HeadPolicy, ResolveError, RevocationReason, Standing};
use countersign::{AcceptError, Error, Identity, Query, Reject, Trader};
use tempfile::TempDir;

use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;

use desk::{Change, Desk};
use stage::Stage;
use story::{Facts, Story, Told};
use trade::{Door, shake_hands, unexpected};

/// Plays it on a chain that `program`, an Anvil, runs. Whatever ends it, the chain and the files are gone afterwards.
pub(crate) async fn run(console: Console, program: &Path) -> Result<(), Failure> {
    let folder = tempfile::tempdir().map_err(no_folder)?;
    let mut story = Story::begin(console)?;
    let stage = story.step("start_chain", "Start a chain of its own", Stage::start(program)).await?;
    story.step("deploy_registry", "Deploy the registry at its one address", stage.deploy_registry()).await?;
    let price = story
        .step("deploy_instrument", "Deploy an instrument with a price", stage.deploy_instrument())
        .await?;
    let cast = story
        .step("make_keys", "Make a key for each of two traders, encrypted", Cast::assemble(console, &folder))
        .await?;
    let Cast { alice, mut bob } = cast;
    story
        .step("register_alice", "Register Alice's key", alice.put_on_chain(&stage, Change::Register))
        .await?;
    story.step("register_bob", "Register Bob's key", bob.put_on_chain(&stage, Change::Register)).await?;
    let (alices, bobs) = (at_work(&alice, &stage).await?, at_work(&bob, &stage).await?);
    story
        .step("resolve_bob", "Alice resolves Bob by address, proofs checked", resolve(&alices, &bob))
        .await?;
    story
        .step("resolve_alice", "Bob resolves Alice by address, proofs checked", resolve(&bobs, &alice))
        .await?;
    let mut door = Door::open(&bobs).await?;
    let pair = shake_hands(&alices, &mut door, &price);
    let pair = story.step("handshake", "Shake hands over TCP, bound to block and price", pair).await?;
    story.step("trade", "Trade over the channel, then close it", pair.trade()).await?;
    drop(door);

    bob.new_key(2).await?;
    story.step("rotate_bob", "Rotate Bob's key", bob.put_on_chain(&stage, Change::Rotate)).await?;
    let bobs = at_work(&bob, &stage).await?;
    let mut door = Door::open(&bobs).await?;
    let alices = alice.trader(&stage, seldom_looks()).await?;
    let again = new_key_works(&alices, &mut door, &price);
    story.step("new_session", "A new session uses Bob's new key", again).await?;
    story.step("revoke_alice", "Revoke Alice's key", revoke(&stage, &alice)).await?;
    let refused = refused(&alices, &mut door, &price);
    story.step("refused", "The next handshake is refused, and both sides say why", refused).await?;
    story.end()
}

/// The two traders.
struct Cast {
    alice: Desk,
    bob: Desk,
}

impl Cast {
    async fn assemble(console: Console, folder: &TempDir) -> Result<Told<Self>, Failure> {
        let silent = console.silent();
        let alice = Desk::open(silent, "Alice", stage::ALICES_ACCOUNT, folder.path()).await?;
        let bob = Desk::open(silent, "Bob", stage::BOBS_ACCOUNT, folder.path()).await?;
        let facts = Facts::default()
            .say("Alice", format!("{}, key in {}", alice.account(), alice.keystore_name()))
            .say("Bob", format!("{}, key in {}", bob.account(), bob.keystore_name()));
        Ok(Told::new(Self { alice, bob }, facts))
    }
}

async fn at_work(desk: &Desk, stage: &Stage) -> Result<Trader, Failure> {
    desk.trader(stage, HeadPolicy::anvil()).await
}

async fn resolve(trader: &Trader, whom: &Desk) -> Result<Told<()>, Failure> {
    let resolved = trader.resolve(whom.identity).await?;
    let anchor = resolved.proved_at.anchor;
    let facts = Facts::default()
        .say(whom.name, whom.account())
        .say("key", format!("0x{}", hex::encode(resolved.peer_key.public_key().compressed())))
        .say(
            "version",
            format!(
                "{}, active, {}",
                resolved.peer_key.record().version,
                if resolved.pinned { "pinned" } else { "compact" }
            ),
        )
        .say("proven at", format!("block {}, 0x{}", anchor.block_number, hex::encode(anchor.block_hash)));
    Ok(Told::new((), facts))
}

async fn new_key_works(alice: &Trader, door: &mut Door, price: &Query) -> Result<Told<()>, Failure> {
    let told = shake_hands(alice, door, price).await?;
    told.and_then(async |pair| {
        let version = pair.dialler.peer_key().record().version;
        look_around(alice, door, price).await?;
        pair.close().await?;
        if version == 2 {
            Ok(())
        } else {
            Err(unexpected(&format!("Bob's key has version {version}, not 2")))
        }
    })
    .await
}

/// Waits until Alice has seen, once, everything that she follows.
async fn look_around(alice: &Trader, door: &Door, price: &Query) -> Result<(), Failure> {
    let follower = alice.resolver().follow();
    let records = [alice.identity(), door.trader.identity()].map(|whose| follower.watch(whose, None));
    let price = follower.watch_queries(std::slice::from_ref(price));
    for watching in records.iter().chain([&price]) {
        let seen = tokio::time::timeout(Duration::from_secs(10), watching.proven()).await;
        seen.map_err(|_| unexpected("what is followed was not proven"))?;
    }
    Ok(())
}

async fn revoke(stage: &Stage, whom: &Desk) -> Result<Told<()>, Failure> {
    let registrar = stage.registrar(whom.identity.owner).await?;
    let reason = RevocationReason::KeyCompromised;
    let Written { block_number, gas_used, .. } = registrar.revoke(whom.identity.label, reason).await?;
    let facts = Facts::default()
        .say("owner", whom.account())
        .say("reason", reason)
        .say("block", format!("{block_number}, {gas_used} gas"));
    Ok(Told::new((), facts))
}

/// Alice's machine, or whoever stole her key, dials on with the proof it still holds. Bob proves the newest state.
async fn refused(alice: &Trader, door: &mut Door, price: &Query) -> Result<Told<()>, Failure> {
    hear_of_revocation(&door.trader, alice.identity()).await?;
    let (bob, at, queries) = (door.trader.identity(), door.listener.local_addr(), [price.clone()]);
    let both = async { tokio::join!(alice.dial(bob, at, &queries), door.listener.accept()) };
    // A refused dial ends at once; an answering side that saw nothing would wait for ever.
    let both = tokio::time::timeout(Duration::from_secs(10), both).await;
    let (dialled, answered) = both.map_err(|_| unexpected("nobody refused"))?;
    let Err(Error::Refused { reason: Reject::Revoked, .. }) = &dialled else {
        return Err(unexpected(&format!(
            "the dialler was not told of the revocation: {}",
            outcome(&dialled)
        )));
    };
    let Err(AcceptError { cause, told: Some(Reject::Revoked), .. }) = &answered else {
        return Err(unexpected(&format!("the answering side did not refuse: {}", outcome(&answered))));
    };
    let Error::Resolve(ResolveError::Revoked { version, reason, .. }) = cause.as_ref() else {
        return Err(unexpected(&format!("it was refused for another reason: {cause}")));
    };
    let facts = Facts::default()
        .say("Alice is told", Reject::Revoked)
        .say("Bob proved", format!("Alice's key, version {version}, is revoked: {reason}"));
    Ok(Told::new((), facts))
}

/// Waits until Bob has heard of the block: his node announces none, so he asks for it every so often.
async fn hear_of_revocation(bob: &Trader, whose: Identity) -> Result<(), Failure> {
    let follower = bob.resolver().follow();
    let mut changes = follower.changes();
    let watching = follower.watch(whose, None);
    let heard = tokio::time::timeout(Duration::from_secs(10), async {
        while !matches!(watching.standing(), Some(Standing::Revoked { .. })) {
            changes.next().await;
        }
    });
    heard.await.map_err(|_| unexpected("the revocation was not heard of"))
}

/// A dialler that looks at the chain once an hour and goes on with what it saw: that is how one comes to be refused by
/// the other side instead of by its own proof.
fn seldom_looks() -> HeadPolicy {
    HeadPolicy { poll_interval: Duration::from_secs(3_600), ..HeadPolicy::anvil() }
}

fn outcome<T, E: std::fmt::Display>(result: &Result<T, E>) -> String {
    result.as_ref().err().map_or_else(|| "it succeeded".into(), ToString::to_string)
}

fn no_folder(error: std::io::Error) -> Failure {
    Failure::new(Exit::Unexpected, "demo", format!("cannot make a temporary folder: {error}"))
}
