//! The newest block as it comes, from real nodes behind proxies that lie, lag, break or are silent.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use alloy::network::Ethereum;
use alloy::node_bindings::Anvil;
use alloy::providers::ProviderBuilder;
use alloy::providers::ext::AnvilApi;
use alloy::rpc::types::Header;
use alloy::rpc::types::anvil::ReorgOptions;
use countersign::registry::{
    Announcing, Endpoint, EndpointHealth, EndpointState, HeadNews, HeadPolicy, HeadTrust, Heads, ProofPart,
    ResolveError, Resolver, artifact,
};
use countersign_tests::proxy::{Lie, Proxy, refuse};
use countersign_tests::trader::{CHAIN, Market, Terms, anvil_path, prompt};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

struct Scene {
    market: Market,
    nodes: Vec<Proxy>,
}

impl Scene {
    async fn set(count: usize) -> Self {
        let market = Market::open().await;
        let mut nodes = Vec::new();
        for _ in 0..count {
            nodes.push(Proxy::before(market.endpoint().to_string().parse().unwrap()).await);
        }
        Self { market, nodes }
    }

    fn endpoints(&self) -> Vec<Endpoint> {
        self.nodes.iter().map(Proxy::endpoint).collect()
    }

    fn web_sockets(&self) -> Vec<Endpoint> {
        self.nodes.iter().map(Proxy::web_socket).collect()
    }
}

/// Asks often, and gives up soon.
fn eager() -> HeadPolicy {
    HeadPolicy {
        poll_interval: Duration::from_millis(50),
        request_timeout: Duration::from_millis(1500),
        max_response_bytes: 256 << 10,
        ..prompt()
    }
}

/// So seldom asked that whatever comes was announced.
fn announced_only() -> HeadPolicy {
    HeadPolicy { poll_interval: Duration::from_secs(600), request_timeout: GENEROUS, ..eager() }
}

fn resolver(endpoints: Vec<Endpoint>, threshold: usize, policy: HeadPolicy) -> Resolver {
    let trust = HeadTrust::Quorum { endpoints, threshold: threshold.try_into().unwrap() };
    Resolver::new(CHAIN, artifact::key_registry_address(), trust, policy).unwrap()
}

/// The next block that is agreed on.
async fn agreed(heads: &mut Heads) -> (u64, usize) {
    let (header, votes) = agreed_header(heads).await;
    (header.number, votes)
}

async fn agreed_header(heads: &mut Heads) -> (Arc<alloy::consensus::Header>, usize) {
    let next = async {
        loop {
            match heads.next().await {
                HeadNews::Agreed { header, full, votes } => {
                    assert_eq!(header.block().hash, full.hash_slow());
                    return (full, votes);
                }
                // A busy machine is slow to answer.
                HeadNews::Still { .. } | HeadNews::Doubt(_) => {}
            }
        }
    };
    timeout(GENEROUS, next).await.expect("a head")
}

/// Agreed blocks up to a height.
async fn agreed_up_to(heads: &mut Heads, height: u64) -> u64 {
    loop {
        let (number, _) = agreed(heads).await;
        if number >= height {
            return number;
        }
    }
}

async fn still(heads: &mut Heads) -> (u64, Instant) {
    loop {
        if let HeadNews::Still { header, since, .. } = timeout(GENEROUS, heads.next()).await.expect("news") {
            return (header.block().number, since);
        }
    }
}

async fn doubt(heads: &mut Heads) -> ResolveError {
    loop {
        if let HeadNews::Doubt(error) = timeout(GENEROUS, heads.next()).await.expect("news") {
            return error;
        }
    }
}

async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let wait = async {
        while !is_so() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(timeout(GENEROUS, wait).await.is_ok(), "{what}");
}

fn state(resolver: &Resolver, position: usize) -> EndpointState {
    resolver.health()[position].state
}

#[tokio::test]
async fn new_blocks_come_over_a_web_socket_subscription() {
    let scene = Scene::set(1).await;
    let resolver = resolver(scene.web_sockets(), 1, announced_only());
    let mut heads = resolver.heads();
    let (first, votes) = agreed(&mut heads).await;
    assert_eq!((first, votes), (scene.market.height().await, 1));
    for number in first + 1..first + 4 {
        scene.market.mine(1).await;
        assert_eq!(agreed(&mut heads).await, (number, 1));
    }
    let EndpointHealth { announcing, head, latency, state, .. } = resolver.health().remove(0);
    assert_eq!((announcing, head, state), (Announcing::Subscribed, Some(first + 3), EndpointState::Healthy));
    assert!(latency.is_some());
}

#[tokio::test]
async fn new_blocks_come_over_an_ipc_subscription() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.ipc");
    let anvil = Anvil::at(anvil_path()).arg("--ipc").arg(&path).try_spawn().unwrap();
    let provider = ProviderBuilder::new().connect_http(anvil.endpoint_url());
    let endpoint = path.display().to_string().parse().unwrap();
    let resolver = resolver(vec![endpoint], 1, announced_only());
    let mut heads = resolver.heads();
    assert_eq!(agreed(&mut heads).await, (0, 1));
    AnvilApi::<Ethereum>::anvil_mine(&provider, Some(1), None).await.unwrap();
    assert_eq!(agreed(&mut heads).await, (1, 1));
    assert_eq!(resolver.health()[0].announcing, Announcing::Subscribed);
}

#[tokio::test]
async fn a_node_over_http_or_without_subscriptions_is_asked() {
    let scene = Scene::set(2).await;
    scene.nodes[1].refuse("eth_subscribe");
    for endpoint in [scene.nodes[0].endpoint(), scene.nodes[1].web_socket()] {
        let resolver = resolver(vec![endpoint], 1, eager());
        let mut heads = resolver.heads();
        let (first, _) = agreed(&mut heads).await;
        scene.market.mine(1).await;
        assert_eq!(agreed(&mut heads).await.0, first + 1);
        assert_eq!(resolver.health()[0].announcing, Announcing::Polled);
    }
}

#[tokio::test]
async fn a_subscription_that_falls_silent_is_made_up_for_by_asking() {
    let scene = Scene::set(1).await;
    let resolver = resolver(scene.web_sockets(), 1, eager());
    let mut heads = resolver.heads();
    let (first, _) = agreed(&mut heads).await;
    scene.nodes[0].tell(Lie::Answer(Box::new(|call, answer| {
        if call.method == "eth_subscription" {
            *answer = Value::Null;
        }
    })));
    scene.market.mine(1).await;
    assert_eq!(agreed(&mut heads).await.0, first + 1);
    until("it is asked", || resolver.health()[0].announcing == Announcing::Polled).await;
}

#[tokio::test]
async fn a_node_that_stands_still_is_stalled_and_holds_up_nobody() {
    let scene = Scene::set(3).await;
    let old = scene.market.height().await;
    scene.nodes[0].stick_at(old, HEADS);
    let resolver = resolver(scene.endpoints(), 2, eager());
    let mut heads = resolver.heads();
    agreed_up_to(&mut heads, old).await;
    until("it has shown its head", || resolver.health()[0].head == Some(old)).await;
    scene.market.mine(5).await;
    agreed_up_to(&mut heads, old + 5).await;
    assert_eq!(state(&resolver, 0), EndpointState::Stalled { behind: 5 });
    // Back among the others, it is well again.
    scene.nodes[0].tell(Lie::None);
    until("it has caught up", || resolver.health()[0].head == Some(old + 5)).await;
    scene.market.mine(1).await;
    agreed_up_to(&mut heads, old + 6).await;
    assert_eq!(state(&resolver, 0), EndpointState::Healthy);
}

#[tokio::test]
async fn a_node_that_never_answers_cools_down_while_the_others_go_on() {
    for endpoints in [Scene::endpoints, Scene::web_sockets] {
        let scene = Scene::set(3).await;
        scene.nodes[0].tell(Lie::Stall);
        let resolver = resolver(endpoints(&scene), 2, eager());
        let mut heads = resolver.heads();
        let (first, _) = agreed(&mut heads).await;
        scene.market.mine(1).await;
        assert_eq!(agreed(&mut heads).await, (first + 1, 2));
        until("it cools down", || matches!(state(&resolver, 0), EndpointState::CoolingDown { .. })).await;
        assert!(matches!(resolver.health()[0].last_failure, Some(ResolveError::Timeout { .. })));
    }
}

#[tokio::test]
async fn a_connection_that_breaks_is_made_again_and_the_chain_id_asked_anew() {
    let scene = Scene::set(1).await;
    let policy = HeadPolicy { poll_interval: Duration::from_millis(300), ..eager() };
    let resolver = resolver(scene.web_sockets(), 1, policy);
    let mut heads = resolver.heads();
    let (mut height, _) = agreed(&mut heads).await;
    for _ in 0..3 {
        scene.nodes[0].cut();
        scene.market.mine(1).await;
        height += 1;
        assert_eq!(agreed(&mut heads).await.0, height);
    }
    // Behind the next connection another chain's node stands.
    scene.nodes[0].bend("eth_chainId", |id| *id = json!("0x5"));
    scene.nodes[0].cut();
    assert!(matches!(doubt(&mut heads).await, ResolveError::WrongChain { got: 5, .. }));
}

#[tokio::test]
async fn a_node_of_another_chain_counts_for_nothing() {
    let scene = Scene::set(3).await;
    scene.nodes[0].bend("eth_chainId", |id| *id = json!("0x5"));
    let two_of_three = resolver(scene.endpoints(), 2, eager());
    assert_eq!(agreed(&mut two_of_three.heads()).await, (scene.market.height().await, 2));
    let alone = resolver(scene.endpoints()[..1].to_vec(), 1, eager());
    let error = doubt(&mut alone.heads()).await;
    assert!(matches!(error, ResolveError::WrongChain { got: 5, .. }), "{error:?}");
}

#[tokio::test]
async fn an_announcement_that_lies_about_its_hash_is_but_a_reason_to_ask() {
    let scene = Scene::set(1).await;
    let resolver = resolver(scene.web_sockets(), 1, announced_only());
    let mut heads = resolver.heads();
    let (first, _) = agreed(&mut heads).await;
    for lie in [json!(format!("0x{}", "42".repeat(32))), json!("nonsense")] {
        scene.nodes[0].tell(Lie::Answer(Box::new(move |call, answer| {
            if call.method == "eth_subscription" {
                answer["params"]["result"]["hash"] = lie.clone();
            }
        })));
        scene.market.mine(1).await;
        agreed(&mut heads).await;
    }
    assert_eq!(scene.market.height().await, first + 2);
}

#[tokio::test]
async fn an_answer_that_lies_about_its_hash_counts_for_nothing() {
    let scene = Scene::set(3).await;
    scene.nodes[0]
        .bend("eth_getBlockByNumber", |block| block["stateRoot"] = json!(format!("0x{}", "42".repeat(32))));
    let two_of_three = resolver(scene.endpoints(), 2, eager());
    let mut heads = two_of_three.heads();
    assert_eq!(agreed(&mut heads).await, (scene.market.height().await, 2));
    until("it is distrusted", || matches!(state(&two_of_three, 0), EndpointState::CoolingDown { .. })).await;
    let alone = resolver(scene.endpoints()[..1].to_vec(), 1, eager());
    let error = doubt(&mut alone.heads()).await;
    let is_named = matches!(error, ResolveError::ProofInvalid { what: ProofPart::HeaderHash { .. }, .. });
    assert!(is_named, "{error:?}");
}

#[tokio::test]
async fn a_node_ahead_alone_with_an_invented_block_convinces_nobody() {
    let scene = Scene::set(3).await;
    scene.nodes[0].bend("eth_getBlockByNumber", invent);
    let resolver = resolver(scene.endpoints(), 2, eager());
    let mut heads = resolver.heads();
    let honest = scene.market.height().await;
    assert_eq!(agreed(&mut heads).await.0, honest);
    scene.market.mine(3).await;
    assert_eq!(agreed_up_to(&mut heads, honest + 3).await, honest + 3);
    // Nor has it a part in what is confirmed.
    let (number, _) = still(&mut heads).await;
    assert_eq!(number, honest + 3);
}

/// A block on top of the newest one that nobody else has, of a header that hashes right.
fn invent(block: &mut Value) {
    let number = u64::from_str_radix(block["number"].as_str().unwrap().trim_start_matches("0x"), 16).unwrap();
    block["parentHash"] = block["hash"].clone();
    block["number"] = json!(format!("{:#x}", number + 1));
    let header: Header = serde_json::from_value(block.clone()).unwrap();
    block["hash"] = json!(header.inner.hash_slow());
}

#[tokio::test]
async fn two_of_three_agree_against_a_chain_that_a_liar_invents() {
    let scene = Scene::set(3).await;
    scene.nodes[0].bend("eth_getBlockByNumber", |block| {
        block["extraData"] = json!("0x6c6965");
        let header: Header = serde_json::from_value(block.clone()).unwrap();
        block["hash"] = json!(header.inner.hash_slow());
    });
    let resolver = resolver(scene.endpoints(), 2, eager());
    let mut heads = resolver.heads();
    let start = scene.market.height().await;
    for number in start..start + 4 {
        let (header, votes) = agreed_header(&mut heads).await;
        assert_eq!((header.number, votes), (number, 2));
        assert_ne!(header.extra_data.as_ref(), b"lie");
        scene.market.mine(1).await;
    }
    let two = self::resolver(scene.endpoints()[..2].to_vec(), 2, eager());
    let error = doubt(&mut two.heads()).await;
    assert!(
        matches!(error, ResolveError::HeadsDisagree { needed: 2, ref said } if said.len() == 2),
        "{error:?}"
    );
}

#[tokio::test]
async fn nodes_a_few_blocks_apart_agree_on_what_both_have_once_asked_by_height() {
    let scene = Scene::set(2).await;
    scene.market.mine(4).await;
    let height = scene.market.height().await;
    for behind in [1, 2] {
        scene.nodes[0].stick_at(height - behind, HEADS);
        let resolver = resolver(scene.endpoints(), 2, eager());
        let begun = Instant::now();
        assert_eq!(agreed(&mut resolver.heads()).await, (height - behind, 2));
        assert!(begun.elapsed() >= eager().head_patience, "the one ahead may turn out to be right");
    }
    scene.nodes[0].stick_at(height - 3, HEADS);
    let resolver = resolver(scene.endpoints(), 2, eager());
    let error = doubt(&mut resolver.heads()).await;
    assert!(matches!(error, ResolveError::HeadsDisagree { .. }), "{error:?}");
}

#[tokio::test]
async fn slow_endless_and_senseless_answers_hold_up_nobody() {
    let lies: [fn() -> Lie; 4] = [
        || Lie::Trickle,
        || Lie::Drone,
        || Lie::Say("{\"jsonrpc\":".into()),
        || Lie::Say(format!("[{}]", "0,".repeat(1 << 19))),
    ];
    for endpoints in [Scene::endpoints, Scene::web_sockets] {
        let scene = Scene::set(3).await;
        let resolver = resolver(endpoints(&scene), 2, eager());
        let mut heads = resolver.heads();
        let (mut height, _) = agreed(&mut heads).await;
        for lie in &lies {
            scene.nodes[0].tell(lie());
            let failures = resolver.health()[0].consecutive_failures;
            scene.market.mine(1).await;
            height += 1;
            assert_eq!(agreed(&mut heads).await.0, height);
            until("it failed", || resolver.health()[0].consecutive_failures > failures).await;
        }
        scene.nodes[0].tell(Lie::None);
        until("it is well", || state(&resolver, 0) == EndpointState::Healthy).await;
    }
}

/// The same, where there is nobody else: what is wrong is told, and within the time that the policy gives.
#[tokio::test]
async fn a_single_node_that_answers_a_byte_a_second_is_doubted_in_time() {
    for endpoints in [Scene::endpoints, Scene::web_sockets] {
        let scene = Scene::set(1).await;
        scene.nodes[0].tell(Lie::Trickle);
        let resolver = resolver(endpoints(&scene), 1, eager());
        let begun = Instant::now();
        let error = doubt(&mut resolver.heads()).await;
        assert!(matches!(error, ResolveError::Timeout { .. }), "{error:?}");
        assert!(begun.elapsed() < 4 * eager().request_timeout, "{:?}", begun.elapsed());
    }
}

/// IPC has no lengths before its messages, so only the limit ends an endless one.
#[cfg(unix)]
#[tokio::test]
async fn an_endless_message_over_ipc_is_cut_short() {
    use tokio::io::AsyncWriteExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.ipc");
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = sent.clone();
    let node = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        while stream.write_all(&[b' '; 4096]).await.is_ok() {
            counted.fetch_add(4096, Ordering::Relaxed);
        }
    });
    let resolver = resolver(vec![path.display().to_string().parse().unwrap()], 1, eager());
    let error = resolver.head().await.unwrap_err();
    assert!(matches!(error, ResolveError::Unreachable { .. }), "{error:?}");
    timeout(GENEROUS, node).await.expect("the connection ends").unwrap();
    // What the socket's own buffers took besides.
    assert!(sent.load(Ordering::Relaxed) < eager().max_response_bytes + (2 << 20));
}

#[tokio::test]
async fn a_chain_that_stands_still_is_confirmed_until_its_nodes_fall_silent() {
    for endpoints in [Scene::endpoints, Scene::web_sockets] {
        let scene = Scene::set(3).await;
        let resolver = resolver(endpoints(&scene), 2, eager());
        let mut heads = resolver.heads();
        let (height, _) = agreed(&mut heads).await;
        let mut last = None;
        for _ in 0..5 {
            let (number, since) = still(&mut heads).await;
            assert_eq!(number, height);
            assert!(last < Some(since));
            last = Some(since);
        }
        // One is missed by nobody.
        scene.nodes[0].tell(Lie::Stall);
        still(&mut heads).await;
        scene.nodes[1].tell(Lie::Stall);
        let error = doubt(&mut heads).await;
        assert!(matches!(error, ResolveError::NoQuorum { needed: 2, answered: 1, .. }), "{error:?}");
        scene.nodes[1].tell(Lie::None);
        assert_eq!(still(&mut heads).await.0, height);
    }
}

#[tokio::test]
async fn a_reorganisation_is_told_as_another_block() {
    for endpoints in [Scene::endpoints, Scene::web_sockets] {
        let scene = Scene::set(3).await;
        scene.market.mine(6).await;
        let resolver = resolver(endpoints(&scene), 2, eager());
        let mut heads = resolver.heads();
        let (before, _) = agreed_header(&mut heads).await;
        let options = ReorgOptions { depth: 3, tx_block_pairs: Vec::new() };
        AnvilApi::<Ethereum>::anvil_reorg(scene.market.provider(), options).await.unwrap();
        let (after, _) = agreed_header(&mut heads).await;
        assert_eq!(after.number, before.number);
        assert_ne!(after.hash_slow(), before.hash_slow());
    }
}

/// Many clients of one node that goes and comes back: they do not all knock at the same moment, nor without pause, and
/// all of them find back.
#[tokio::test]
async fn after_a_common_outage_clients_come_back_spread_over_time() {
    let scene = Scene::set(1).await;
    let policy = HeadPolicy { poll_interval: Duration::from_millis(200), ..eager() };
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let mut heads = resolver(scene.web_sockets(), 1, policy.clone()).heads();
        agreed(&mut heads).await;
        clients.push(heads);
    }
    let node = &scene.nodes[0];
    node.tell(Lie::HangUp);
    let down = node.arrivals().len();
    let outage = Instant::now();
    node.cut();
    sleep(Duration::from_secs(6)).await;
    node.tell(Lie::None);
    let back = Instant::now();
    for heads in &mut clients {
        let next = async {
            loop {
                if let HeadNews::Still { since, .. } = heads.next().await
                    && since > back
                {
                    return;
                }
            }
        };
        timeout(GENEROUS, next).await.expect("it finds back");
    }
    let arrivals = node.arrivals();
    let knocks: Vec<Duration> = arrivals[down..].iter().map(|arrival| *arrival - outage).collect();
    // Full jitter below 0.2, 0.4, … 6.4 s: about seven attempts of each in six seconds; without a pause it is thousands.
    assert!(knocks.len() < 30 * CLIENTS, "{} connections", knocks.len());
    let returned: Vec<_> = arrivals.iter().filter(|arrival| **arrival > back).collect();
    let busiest = returned.iter().map(|from| {
        returned
            .iter()
            .filter(|arrival| (**from..=**from + Duration::from_millis(200)).contains(arrival))
            .count()
    });
    assert!(busiest.max().unwrap() <= CLIENTS / 2, "{returned:?}");
}

#[tokio::test]
async fn proofs_are_asked_of_the_fast_first_and_of_the_next_at_once_where_one_fails() {
    let scene = Scene::set(2).await;
    let alice = scene.market.enrol(1, "", Terms::default()).await;
    scene.nodes[1].tell(Lie::Delay(Duration::from_millis(400)));
    let resolver = resolver(scene.endpoints(), 2, HeadPolicy { head_patience: GENEROUS, ..eager() });
    for _ in 0..3 {
        resolver.head().await.unwrap();
    }
    let latency = |position: usize| resolver.health()[position].latency.unwrap();
    assert!(latency(0) < latency(1));
    // Both refuse to prove anything of `latest`, so that a proof has to be asked for by number.
    let asked: [Arc<AtomicUsize>; 2] = Default::default();
    let stubborn = |position: usize, refuses_numbers: bool| {
        let asked = asked[position].clone();
        Lie::Answer(Box::new(move |call, answer| {
            if call.method == "eth_getProof" {
                let is_by_number = call.params[2] != "latest";
                asked.fetch_add(usize::from(is_by_number), Ordering::Relaxed);
                if !is_by_number || refuses_numbers {
                    refuse(answer);
                }
            }
        }))
    };
    scene.nodes[0].tell(stubborn(0, false));
    scene.nodes[1].tell(stubborn(1, false));
    resolver.resolve(alice.identity).await.unwrap();
    assert_eq!(asked.each_ref().map(|asked| asked.load(Ordering::Relaxed)), [1, 0]);
    scene.nodes[0].tell(stubborn(0, true));
    let begun = Instant::now();
    resolver.resolve(alice.identity).await.unwrap();
    assert_eq!(asked.each_ref().map(|asked| asked.load(Ordering::Relaxed)), [2, 1]);
    assert!(begun.elapsed() < eager().request_timeout, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_silent_node_delays_a_proof_by_no_more_than_patience() {
    let scene = Scene::set(3).await;
    let alice = scene.market.enrol(1, "", Terms::default()).await;
    let resolver = resolver(scene.endpoints(), 2, HeadPolicy { request_timeout: GENEROUS, ..eager() });
    resolver.head().await.unwrap();
    for position in 0..3 {
        // Each in turn is silent where a proof is asked for by number, and all refuse it of `latest`.
        for (other, node) in scene.nodes.iter().enumerate() {
            node.tell(Lie::Answer(Box::new(move |call, answer| {
                if call.method == "eth_getProof" && call.params[2] == "latest" {
                    refuse(answer);
                } else if call.method == "eth_getProof" && other == position {
                    *answer = Value::Null;
                }
            })));
        }
        let begun = Instant::now();
        resolver.resolve(alice.identity).await.unwrap();
        assert!(
            begun.elapsed() < 3 * eager().head_patience + Duration::from_secs(1),
            "{:?}",
            begun.elapsed()
        );
    }
}

const HEADS: &[&str] = &["eth_getBlockByNumber"];

const CLIENTS: usize = 12;

/// For what takes milliseconds on an idle machine.
const GENEROUS: Duration = Duration::from_secs(30);
