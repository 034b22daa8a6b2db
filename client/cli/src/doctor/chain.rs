//! Checks of the nodes, the registry and one's own record.

use std::time::Duration;

use countersign::protocol::{Address, Identity};
use countersign::registry::{
    Announcing, Endpoint, EndpointHealth, HeadPolicy, HeadSource, HeadTrust, ProvedHead, ResolveError,
    Resolver,
};

use super::{EndpointReport, Finding};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::moment::{coarse, unix_now};
use crate::party::{Account, checksummed, shown};
use crate::settings::ChainSettings;

pub(crate) fn not_configured(failure: &Failure) -> Finding {
    Finding::fail("chain", failure)
}

/// Which chain the findings that follow are about, where there are several.
pub(crate) fn heading(chain: &ChainSettings) -> Finding {
    let count = chain.endpoints.len();
    let nodes = if count == 1 { "one node".to_owned() } else { format!("{count} nodes") };
    Finding::ok("chain", format!("{}, by {nodes}", chain.chain_id))
}

/// Each node by itself, then what they say together.
pub(crate) async fn examine(chain: &ChainSettings) -> Vec<Finding> {
    let mut findings = Vec::new();
    for endpoint in &chain.endpoints {
        findings.extend(node(chain, endpoint).await);
    }
    findings.push(agreement(chain).await);
    findings
}

/// Whether the registry names the key in the keystore. On a chain that is not the default one it need not have any: whoever
/// trades on the one may have no record on the others.
pub(crate) async fn own_record(
    chain: &ChainSettings,
    owner: &Result<Option<Account>, Failure>,
    held: Option<Address>,
    is_default: bool,
) -> Finding {
    let identity = match owner {
        Ok(Some(owner)) => owner.identity,
        Ok(None) => {
            return Finding::warn(
                "record",
                "no owner is configured",
                "add --owner 0x…, or set [identity] owner",
            );
        }
        Err(failure) => return Finding::fail("record", failure),
    };
    let resolved = match chain.resolver() {
        Ok(resolver) => resolver.resolve(identity).await.map_err(Failure::from),
        Err(failure) => Err(failure),
    };
    match resolved {
        Err(failure) if !is_default && failure.kind() == "not_registered" => {
            let hint = format!("only if you trade there: countersign register --chain-id {}", chain.chain_id);
            Finding::warn("record", failure.message(), hint)
        }
        Err(failure) => Finding::fail("record", &failure),
        Ok(resolved) => {
            let record = resolved.peer_key.record();
            compare(&identity, record.version, record.signer, held)
        }
    }
}

fn compare(identity: &Identity, version: u16, registered: Address, held: Option<Address>) -> Finding {
    let record =
        format!("{} has key version {version}, signer {}", shown(identity), checksummed(&registered));
    match held {
        Some(held) if held == registered => Finding::ok("record", format!("{record}: the keystore's")),
        Some(held) => {
            let message = format!("{record}, but the keystore holds {}", checksummed(&held));
            let failure = Failure::new(Exit::Unhealthy, "not_my_key", message);
            Finding::fail(
                "record",
                &failure.hint("name the right keystore, or countersign rotate --new-keystore FILE"),
            )
        }
        None => Finding::warn(
            "record",
            record,
            "without a keystore that names its signer the two cannot be compared",
        ),
    }
}

/// Reachable and on the right chain; its clock; its proofs, and the registry's code by them; how fast it is, and
/// whether it announces its blocks.
async fn node(chain: &ChainSettings, endpoint: &Endpoint) -> Vec<Finding> {
    let trust = HeadTrust::OwnNode(endpoint.clone());
    let resolver = match Resolver::new(chain.chain_id, chain.registry, trust, tolerant(&chain.policy)) {
        Ok(resolver) => resolver,
        Err(error) => return vec![Finding::fail("node", &error.into())],
    };
    let head = match resolver.head().await {
        Ok(head) => head,
        Err(error) => return vec![Finding::fail("node", &error.into())],
    };
    let number = head.anchor.block_number;
    let reached = Finding::ok("node", format!("{endpoint}: chain {}, block {number}", chain.chain_id));
    let proofs = proofs(&resolver, endpoint, number).await;
    let mut findings = vec![reached, clock(chain, &head), proofs];
    findings.extend(health(&resolver).await);
    findings
}

fn clock(chain: &ChainSettings, head: &ProvedHead) -> Finding {
    let now = unix_now();
    let (age, ahead) = (now.saturating_sub(head.timestamp), head.timestamp.saturating_sub(now));
    let allowed = |limit: Duration| format!("{} is allowed", coarse(limit));
    let fault = |message: String| {
        let failure = Failure::new(Exit::Unhealthy, "clock", message);
        Finding::fail(
            "clock",
            &failure.hint("set this machine's clock (NTP), or look at the node's synchronisation"),
        )
    };
    if ahead > chain.policy.max_clock_skew.as_secs() {
        let ahead = coarse(Duration::from_secs(ahead));
        return fault(format!(
            "the newest block lies {ahead} ahead of this clock; {}",
            allowed(chain.policy.max_clock_skew)
        ));
    }
    match chain.policy.max_head_age {
        Some(limit) if age > limit.as_secs() => {
            let age = coarse(Duration::from_secs(age));
            fault(format!("the newest block is {age} old by this clock; {}", allowed(limit)))
        }
        _ => Finding::ok("clock", format!("the newest block is {} old", coarse(Duration::from_secs(age)))),
    }
}

/// Asks for the proof of a record that nobody has: an honest node proves its absence, and the registry's code with it.
async fn proofs(resolver: &Resolver, endpoint: &Endpoint, block: u64) -> Finding {
    match resolver.resolve(NOBODY).await {
        Err(ResolveError::NotRegistered { .. }) | Ok(_) => {
            let registry = checksummed(&resolver.registry());
            Finding::ok(
                "proofs",
                format!("{endpoint} serves valid ones; the registry {registry} has the known code"),
            )
        }
        Err(error @ ResolveError::NoRegistryHere { .. }) => {
            let hint =
                "check --registry and --chain-id; on a chain of your own: countersign register --deploy";
            Finding::fail("registry", &Failure::from(error).hint(hint))
        }
        Err(ResolveError::ProofInvalid { .. }) if block == 0 => Finding::warn(
            "proofs",
            "the chain has no block but its first, in which development chains prove nothing",
            "send any transaction, for instance countersign register --deploy",
        ),
        Err(error) => Finding::fail("proofs", &error.into()),
    }
}

async fn health(resolver: &Resolver) -> Vec<Finding> {
    resolver.probe_subscriptions().await;
    let finding = |health: EndpointHealth| {
        let endpoint = &health.endpoint;
        let latency_ms = health.latency.map(|latency| latency.as_secs_f64() * 1000.0);
        let speed =
            latency_ms.map_or_else(|| "does not answer".into(), |ms| format!("answers in {ms:.1} ms"));
        let (subscriptions, blocks) = match health.announcing {
            Announcing::Subscribed => (Some(true), "announces new blocks"),
            Announcing::Polled => (Some(false), "has no subscriptions and is asked for new blocks"),
            Announcing::Unknown => (None, "does not say whether it has subscriptions"),
        };
        Finding::ok("health", format!("{endpoint} {speed}, {blocks}")).on(EndpointReport {
            endpoint: endpoint.to_string(),
            latency_ms,
            subscriptions,
        })
    };
    resolver.health().into_iter().map(finding).collect()
}

async fn agreement(chain: &ChainSettings) -> Finding {
    let head = match chain.resolver() {
        Ok(resolver) => resolver.head().await.map_err(Failure::from),
        Err(failure) => Err(failure),
    };
    match (head, &chain.trust) {
        (Err(failure), _) => Finding::fail("head", &failure),
        (Ok(head), HeadTrust::OwnNode(_)) => {
            Finding::ok("head", format!("block {}, by your own node's word", head.anchor.block_number))
        }
        (Ok(head), HeadTrust::Quorum { endpoints, threshold }) => {
            let number = head.anchor.block_number;
            let detail =
                format!("block {number}, {threshold} of {} endpoints must agree on it", endpoints.len());
            match threshold.get() {
                1 => Finding::warn("head", detail, "name more endpoints, or --own-node if the node is yours"),
                _ => Finding::ok("head", detail),
            }
        }
        (Ok(head), HeadTrust::LightClient(trust)) => {
            let (number, count) = (head.anchor.block_number, trust.beacons.len());
            let HeadSource::LightClient { signed, of } = head.trust else {
                return Finding::ok("head", format!("block {number}"));
            };
            let detail = format!(
                "block {number}, signed by {signed} of {of} in the sync committee ({count} beacon nodes)"
            );
            Finding::ok("head", detail)
        }
    }
}

/// The clock is a check of its own, so the resolver is not to stumble over it.
fn tolerant(policy: &HeadPolicy) -> HeadPolicy {
    HeadPolicy {
        max_head_age: None,
        max_clock_skew: Duration::from_secs(u32::MAX.into()),
        head_reuse: Duration::ZERO,
        ..policy.clone()
    }
}

/// An account that can register nothing: nobody holds the key of address zero.
const NOBODY: Identity = Identity::of(Address([0; 20]));
