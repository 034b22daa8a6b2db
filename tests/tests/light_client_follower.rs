//! A follower that takes nobody's word for a head: it goes by what the sync committee signed.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::time::{Duration, Instant};

use countersign::custody::Custody;
use countersign::registry::{Change, HeadSource, LightClientTrust, ResolveError, Standing};
use countersign_tests::beacon::{BeaconScene, lit};
use countersign_tests::followed::{Followed, swift};
use countersign_tests::proxy::Proxy;
use countersign_tests::trader::Terms;

/// A follower of `scene`, its node behind a proxy, once what the committee signed first is served.
async fn following(scene: &BeaconScene) -> Followed {
    scene.attest(29, 32).await;
    let proxy = Proxy::before(scene.market.endpoint().to_string().parse().unwrap()).await;
    let trust = LightClientTrust { nodes: vec![proxy.endpoint()], ..scene.trust() };
    Followed::by(proxy, lit(trust, swift()))
}

/// Waits until the beacon node was asked some more times, so that what it shows was seen and weighed.
async fn looked_at(scene: &BeaconScene) {
    let (before, begun) = (scene.beacon.requests().len(), Instant::now());
    while scene.beacon.requests().len() < before + 8 {
        assert!(begun.elapsed() < Duration::from_secs(30), "the beacon node is not asked any more");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn version(standing: &Standing) -> u16 {
    match standing {
        Standing::Active(record) => record.version,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_changed_is_told_once_the_committee_signed_its_block_and_not_before() {
    let scene = BeaconScene::set().await;
    let bob = scene.market.enrol(2, "", Terms::default()).await;
    let mut followed = following(&scene).await;
    let _watching = followed.watch(bob.identity).await;
    followed.rest().await;

    let bob = bob.rotate(Terms::default()).await;
    looked_at(&scene).await;
    assert!(followed.rest().await.is_empty(), "the node's own word on its head counts for nothing");
    scene.attest(30, 30).await;
    let (before, now) = followed.stands(bob.identity).await;
    assert_eq!((version(&before), version(&now)), (1, 2));
    let resolved = followed.resolver.resolve(bob.identity).await.unwrap();
    assert_eq!(resolved.proved_at.trust, HeadSource::LightClient { signed: 30, of: 32 });
    assert_eq!(*resolved.peer_key.public_key(), bob.key.public_key());

    bob.revoke().await;
    scene.attest(31, 32).await;
    let (_, now) = followed.stands(bob.identity).await;
    assert!(matches!(now, Standing::Revoked { .. }), "{now:?}");
    let outcome = followed.resolver.resolve(bob.identity).await;
    assert!(matches!(outcome, Err(ResolveError::Revoked { .. })), "{outcome:?}");
}

/// Too few of the committee: no head, whatever the node shows.
#[tokio::test]
async fn a_head_that_too_few_signed_changes_nothing() {
    let scene = BeaconScene::set().await;
    let bob = scene.market.enrol(2, "", Terms::default()).await;
    let mut followed = following(&scene).await;
    let _watching = followed.watch(bob.identity).await;
    followed.rest().await;
    bob.revoke().await;
    scene.attest(30, 21).await;
    looked_at(&scene).await;
    let told = followed.rest().await;
    assert!(told.iter().all(|change| !matches!(change, Change::Stands { .. } | Change::Head(_))), "{told:?}");
    scene.attest(30, 22).await;
    loop {
        match followed.news().await {
            Change::Doubt(_) => {}
            Change::Stands { now: Standing::Revoked { .. }, .. } => break,
            other => panic!("{other:?}"),
        }
    }
}
