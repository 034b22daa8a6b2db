//! Ten thousand watched records: what a head costs depends on what it changed, not on how many are watched.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::HashSet;
use std::time::{Duration, Instant};

use alloy::network::Ethereum;
use alloy::primitives::{Address as AccountAddress, B256};
use alloy::providers::Provider;
use alloy::providers::ext::AnvilApi;
use alloy::rpc::client::RpcClient;
use countersign::custody::{Custody, LocalKey};
use countersign::protocol::SignatureScheme;
use countersign::registry::interface::IKeyRegistry::{IKeyRegistryInstance, Reason};
use countersign::registry::{Change, HeadPolicy, RecordSlots, RecordWord, Standing, artifact};
use countersign::{Address, Identity, Label};
use countersign_tests::followed::{Followed, swift};
use countersign_tests::trader::{Market, Terms};

/// `cargo test -p countersign-tests --test follower_many -- --nocapture` prints the figures.
#[tokio::test]
async fn a_head_costs_what_it_changed() {
    let market = Market::open().await;
    let mut real = Vec::new();
    for position in 0..REVOKED.iter().sum() {
        real.push(market.enrol(4, &format!("desk-{position}"), Terms::default()).await.identity);
    }
    let written = write_records(&market, WATCHED - real.len()).await;
    let policy =
        HeadPolicy { max_response_bytes: 16 << 20, request_timeout: Duration::from_secs(30), ..swift() };
    let mut followed = Followed::of(&market, policy).await;
    let warm_up = followed.watch(real[0]).await;

    let (resident, begun) = (resident_bytes(), Instant::now());
    let guards: Vec<_> =
        real.iter().chain(&written).map(|identity| followed.follower.watch(*identity, None)).collect();
    while followed.follower.health().unproven > 0 || guards.iter().any(|guard| guard.standing().is_none()) {
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(begun.elapsed() < Duration::from_secs(300), "{:?}", followed.follower.health());
    }
    drop(warm_up);
    let each = resident_bytes().saturating_sub(resident) / WATCHED;
    println!("{WATCHED} records proven in {:?}, {each} bytes of memory each", begun.elapsed());
    assert!(each < 4096, "{each} bytes");

    let resolved = Instant::now();
    for identity in &written {
        followed.resolver.resolve(*identity).await.unwrap();
    }
    println!(
        "resolved from the follower in {:?} each",
        resolved.elapsed() / u32::try_from(written.len()).unwrap()
    );

    // A head that leaves the registry alone: its account, and no more.
    let proofs = proofs(&mut followed, &market, &HashSet::new(), async |market| market.mine(1).await).await;
    assert_eq!(proofs, 1);
    let mut left = real.as_slice();
    for count in REVOKED {
        let (gone, rest) = left.split_at(count);
        left = rest;
        let whose: HashSet<_> = gone.iter().copied().collect();
        let proofs =
            self::proofs(&mut followed, &market, &whose, async |market| revoke(market, gone).await).await;
        let portions = count.div_ceil(64);
        assert!(proofs <= 2 + portions, "{proofs} questions for {count} changed records");
    }
    assert_eq!(followed.follower.health().proven_anew, 0);
}

/// What it takes to follow one block: the questions beside the polls for a head, all told within a bounded time.
async fn proofs(
    followed: &mut Followed,
    market: &Market,
    expected: &HashSet<Identity>,
    block: impl AsyncFn(&Market),
) -> usize {
    let asked = followed.proxy.calls("eth_getProof");
    block(market).await;
    let begun = Instant::now();
    let mut told = HashSet::new();
    let height = market.height().await;
    followed.reach(height).await;
    while told.len() < expected.len() {
        if let Change::Stands { identity, now: Standing::Revoked { .. }, .. } = followed.news().await {
            assert!(expected.contains(&identity) && told.insert(identity));
        }
    }
    let took = begun.elapsed();
    // One for each question, whatever the number of records in it.
    let questions = followed.proxy.calls("eth_getProof") - asked;
    println!(
        "a head that changed {} of {WATCHED} watched records: {questions} questions, {took:?}",
        expected.len()
    );
    questions
}

/// Revokes the keys of labels of one account, all in one block.
async fn revoke(market: &Market, whose: &[Identity]) {
    let provider = market.provider();
    let registry = IKeyRegistryInstance::new(account(artifact::key_registry_address()), provider);
    AnvilApi::<Ethereum>::anvil_set_auto_mine(provider, false).await.unwrap();
    let owner = account(whose[0].owner);
    let first = provider.get_transaction_count(owner).await.unwrap();
    for (identity, nonce) in whose.iter().zip(first..) {
        let call = registry.revoke(B256::new(identity.label.0), Reason::OwnerDecision);
        let _ = call.from(owner).nonce(nonce).gas(100_000).send().await.unwrap();
    }
    market.mine(1).await;
    AnvilApi::<Ethereum>::anvil_set_auto_mine(provider, true).await.unwrap();
}

/// Registers many identities at once by writing their records into the registry's storage: one pinned key for all.
async fn write_records(market: &Market, count: usize) -> Vec<Identity> {
    let key = LocalKey::generate().unwrap().public_key();
    let word = RecordWord {
        signer: Address(key.address()),
        anchored_at: 1_700_000_000,
        valid_until: 0,
        version: 1,
        scheme: SignatureScheme::Ecdsa,
        suite_floor: 0,
        revoked: None,
    };
    let x = B256::from_slice(&key.xy().0);
    let identities: Vec<_> = (0..count).map(written_identity).collect();
    let client: RpcClient = RpcClient::new_http(market.endpoint().to_string().parse().unwrap());
    for some in identities.chunks(500) {
        let mut batch = client.new_batch();
        for identity in some {
            let slots = RecordSlots::of(identity);
            for (slot, value) in [(slots.word, word.pack()), (slots.x, x)] {
                let params = (account(artifact::key_registry_address()), slot, value);
                drop(batch.add_call::<_, bool>("anvil_setStorageAt", &params).unwrap());
            }
        }
        batch.send().await.unwrap();
    }
    // Proofs of the block whose state was written into are wrong.
    market.mine(1).await;
    identities
}

fn written_identity(position: usize) -> Identity {
    let hash = alloy::primitives::keccak256((position as u64).to_be_bytes());
    Identity { owner: Address(hash[..20].try_into().unwrap()), label: Label::DEFAULT }
}

fn account(address: Address) -> AccountAddress {
    AccountAddress::new(address.0)
}

/// What this process holds in memory.
fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse::<usize>().unwrap() * 1024
}

const WATCHED: usize = 10_000;

/// So many of them are revoked in one block, one block after the other.
const REVOKED: [usize; 3] = [1, 10, 100];
