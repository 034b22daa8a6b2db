//! The shared cache against a real redis-server.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod server;

use std::net::{Ipv4Addr, TcpListener};
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign_protocol::{Address, Identity};
use countersign_replay::{
    Hello, NotEntered, RedisCache, RedisCacheError, RedisLimits, RedisUrl, ReplayCache,
};
use server::RedisServer;

const NOW: u64 = 1_800_000_000_000;

fn hello(number: u8) -> Hello {
    Hello { responder: identity(1), ephemeral: [number; 33], end_unix_ms: NOW + 60_000 }
}

fn identity(number: u8) -> Identity {
    Identity::of(Address([number; 20]))
}

/// As another process would be: a connection and a memory of its own.
async fn cache(server: &RedisServer) -> RedisCache {
    with(server, RedisLimits::default()).await
}

async fn with(server: &RedisServer, limits: RedisLimits) -> RedisCache {
    RedisCache::connect(&server.url().parse().unwrap(), limits).await.unwrap()
}

async fn refused(url: &str) -> RedisCacheError {
    let url: RedisUrl = url.parse().unwrap();
    let connected = RedisCache::connect(&url, RedisLimits::default()).await;
    connected.map(|_| panic!("connected")).unwrap_err()
}

fn cause(entered: Result<(), NotEntered>) -> RedisCacheError {
    match entered {
        Err(NotEntered::Unavailable(cause)) => *cause.downcast().unwrap(),
        other => panic!("{other:?}"),
    }
}

fn is_replayed(entered: &Result<(), NotEntered>) -> bool {
    matches!(entered, Err(NotEntered::Replayed))
}

fn is_too_late(entered: &Result<(), NotEntered>) -> bool {
    matches!(entered, Err(NotEntered::TooLate))
}

#[tokio::test]
async fn a_hello_that_one_process_answered_counts_for_all() {
    let server = RedisServer::start(&[]);
    let (one, other) = (cache(&server).await, cache(&server).await);
    assert!(!one.knows(&hello(1)));
    one.enter(hello(1), NOW).await.unwrap();
    assert!(one.knows(&hello(1)) && !other.knows(&hello(1)));
    assert!(is_replayed(&one.enter(hello(1), NOW).await));
    assert!(is_replayed(&other.enter(hello(1), NOW).await));
    // From then on without a proof.
    assert!(other.knows(&hello(1)));
    other.enter(hello(2), NOW).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hello_enters_once_however_many_try_at_once() {
    let server = RedisServer::start(&[]);
    let caches = [Arc::new(cache(&server).await), Arc::new(cache(&server).await)];
    for number in 0..50 {
        let tries = (0..8).map(|which| {
            let cache = caches[which % 2].clone();
            tokio::spawn(async move { cache.enter(hello(number), NOW).await })
        });
        let (mut entered, mut replayed) = (0, 0);
        for attempt in tries.collect::<Vec<_>>() {
            let result = attempt.await.unwrap();
            entered += usize::from(result.is_ok());
            replayed += usize::from(is_replayed(&result));
        }
        assert_eq!((entered, replayed), (1, 7), "hello {number}");
    }
}

#[tokio::test]
async fn identities_and_databases_do_not_mix() {
    let server = RedisServer::start(&[]);
    let cache = cache(&server).await;
    cache.enter(hello(1), NOW).await.unwrap();
    cache.enter(Hello { responder: identity(2), ..hello(1) }, NOW).await.unwrap();
    let elsewhere = format!("{}?db=3", server.url());
    let elsewhere = RedisCache::connect(&elsewhere.parse().unwrap(), RedisLimits::default()).await.unwrap();
    elsewhere.enter(hello(1), NOW).await.unwrap();
}

/// Each process by its own clock, and none lets in what another has let age out.
#[tokio::test]
async fn clocks_that_disagree_let_nothing_in_twice() {
    let server = RedisServer::start(&[]);
    let (right, ahead) = (cache(&server).await, cache(&server).await);
    right.enter(hello(1), NOW).await.unwrap();
    // An hour ahead: the first hello is over by this clock, and is removed with the next one that comes.
    let later = NOW + 3_600_000;
    assert!(is_too_late(&ahead.enter(hello(1), later).await));
    ahead.enter(Hello { end_unix_ms: later + 60_000, ..hello(2) }, later).await.unwrap();
    assert_eq!(
        server.say("ZCARD countersign:replay:{0x0101010101010101010101010101010101010101}:hellos"),
        ":1\r\n"
    );
    assert!(is_too_late(&right.enter(hello(1), NOW).await));
    assert!(is_too_late(&right.enter(hello(1), NOW - 3_600_000).await));
    // What is newer than all that was removed still enters by the right clock.
    right.enter(Hello { end_unix_ms: NOW + 60_001, ..hello(3) }, NOW).await.unwrap();
}

#[tokio::test]
async fn the_last_millisecond_counts() {
    let server = RedisServer::start(&[]);
    let (one, other) = (cache(&server).await, cache(&server).await);
    let end = hello(1).end_unix_ms;
    one.enter(hello(1), end).await.unwrap();
    assert!(is_replayed(&other.enter(hello(1), end).await));
    assert!(is_too_late(&other.enter(hello(1), end + 1).await));
    assert!(is_too_late(&other.enter(hello(2), end + 1).await));
}

#[tokio::test]
async fn a_full_cache_forgets_nobody_before_time() {
    let server = RedisServer::start(&[]);
    let limits = RedisLimits { capacity: NonZeroUsize::new(2).unwrap(), ..RedisLimits::default() };
    let cache = with(&server, limits).await;
    let ending = |number, end_unix_ms| Hello { end_unix_ms, ..hello(number) };
    cache.enter(ending(1, NOW + 100), NOW).await.unwrap();
    cache.enter(ending(2, NOW + 50), NOW).await.unwrap();
    assert!(matches!(cache.enter(ending(3, NOW + 100), NOW + 50).await, Err(NotEntered::Full)));
    cache.enter(ending(3, NOW + 100), NOW + 51).await.unwrap();
    assert!(is_replayed(&cache.enter(ending(1, NOW + 100), NOW + 51).await));
}

/// More than the script removes at a time.
#[tokio::test]
async fn a_backlog_is_removed_bit_by_bit_and_stays_refused() {
    let server = RedisServer::start(&[]);
    let cache = cache(&server).await;
    let numbered = |number: u16, end_unix_ms| {
        let mut hello = Hello { end_unix_ms, ..hello(0) };
        hello.ephemeral[..2].copy_from_slice(&number.to_be_bytes());
        hello
    };
    for number in 0..600 {
        cache.enter(numbered(number, NOW + u64::from(number)), NOW).await.unwrap();
    }
    for round in 0..4 {
        let later = NOW + 10_000;
        cache.enter(numbered(1000 + round, later), later).await.unwrap();
        for number in (0..600).step_by(37) {
            let replay = cache.enter(numbered(number, NOW + u64::from(number)), NOW).await;
            assert!(is_too_late(&replay) || is_replayed(&replay), "{number}");
        }
    }
    assert_eq!(
        server.say("ZCARD countersign:replay:{0x0101010101010101010101010101010101010101}:hellos"),
        ":4\r\n"
    );
}

#[tokio::test]
async fn while_the_server_is_gone_nothing_enters_and_nothing_waits_for_long() {
    let mut server = RedisServer::start(&["--appendonly", "yes", "--appendfsync", "always"]);
    let limits = RedisLimits { patience: Duration::from_millis(700), ..RedisLimits::default() };
    let cache = with(&server, limits).await;
    cache.enter(hello(1), NOW).await.unwrap();
    server.kill();
    for _ in 0..2 {
        let since = Instant::now();
        let cause = cause(cache.enter(hello(2), NOW).await);
        assert!(matches!(cause, RedisCacheError::NoAnswer { .. }), "{cause}");
        assert!(cause.to_string().contains("see that it runs"), "{cause}");
        assert!(since.elapsed() < Duration::from_secs(3));
    }
    assert!(!cache.knows(&hello(2)));

    // It comes back with what it had written, and is used again without anybody's doing.
    server.start_again();
    let since = Instant::now();
    while let Err(not_yet) = cache.enter(hello(3), NOW).await {
        assert!(matches!(not_yet, NotEntered::Unavailable(_)), "{not_yet}");
        assert!(since.elapsed() < Duration::from_secs(20), "{not_yet}");
    }
    let fresh = with(&server, RedisLimits::default()).await;
    assert!(is_replayed(&fresh.enter(hello(1), NOW).await));
}

/// A server that takes the connection and says nothing: stopped, or behind a network that lost it.
#[tokio::test]
async fn a_server_that_keeps_silent_is_not_waited_for() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let since = Instant::now();
    let error = refused(&format!("redis://{}", silent.local_addr().unwrap())).await;
    assert!(matches!(error, RedisCacheError::NoAnswer { .. }), "{error}");
    assert!(since.elapsed() < Duration::from_secs(5));
    let nobody = silent.local_addr().unwrap();
    drop(silent);
    let error = refused(&format!("redis://{nobody}")).await;
    assert!(matches!(error, RedisCacheError::NoAnswer { .. }), "{error}");
}

#[tokio::test]
async fn a_server_that_evicts_is_refused() {
    let server = RedisServer::start(&["--maxmemory-policy", "allkeys-lru"]);
    let error = refused(&server.url()).await;
    assert!(matches!(&error, RedisCacheError::Evicts { policy, .. } if policy == "allkeys-lru"), "{error}");
    assert!(error.to_string().contains("set maxmemory-policy noeviction"), "{error}");
    // Nothing here has an expiry, and these evict nothing else.
    server.say("CONFIG SET maxmemory-policy volatile-ttl");
    cache(&server).await.enter(hello(1), NOW).await.unwrap();
}

#[tokio::test]
async fn a_server_that_begins_to_evict_is_noticed_after_the_next_failure() {
    let mut server = RedisServer::start(&[]);
    let cache = cache(&server).await;
    cache.enter(hello(1), NOW).await.unwrap();
    server.kill();
    cause(cache.enter(hello(2), NOW).await);
    server.start_again();
    server.say("CONFIG SET maxmemory-policy allkeys-random");
    let since = Instant::now();
    let found = loop {
        match cause(cache.enter(hello(3), NOW).await) {
            RedisCacheError::NoAnswer { .. } => assert!(since.elapsed() < Duration::from_secs(20)),
            found => break found,
        }
    };
    assert!(matches!(found, RedisCacheError::Evicts { .. }), "{found}");
}

#[tokio::test]
async fn a_server_without_room_lets_nothing_in() {
    let server = RedisServer::start(&["--maxmemory", "100mb"]);
    let cache = cache(&server).await;
    cache.enter(hello(1), NOW).await.unwrap();
    server.say("CONFIG SET maxmemory 1");
    let error = cause(cache.enter(hello(2), NOW).await);
    assert!(matches!(&error, RedisCacheError::Failed { .. }), "{error}");
    server.say("CONFIG SET maxmemory 0");
    assert!(is_replayed(&cache.enter(hello(1), NOW).await));
    cache.enter(hello(2), NOW).await.unwrap();
}

#[tokio::test]
async fn a_replica_is_refused() {
    let server = RedisServer::start(&["--replicaof", "127.0.0.1", "9"]);
    let error = refused(&server.url()).await;
    assert!(matches!(error, RedisCacheError::Replica { .. }), "{error}");
}

#[tokio::test]
async fn a_password_lets_in_and_is_never_shown() {
    let server = RedisServer::start(&["--requirepass", "s3cret-of-the-desk"]);
    for url in [server.url(), format!("{}?pass=s3cret-of-another", server.url())] {
        let error = refused(&url).await;
        assert!(matches!(error, RedisCacheError::Denied { .. }), "{error}");
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
    }
    let url = format!("{}?pass=s3cret-of-the-desk", server.url());
    let cache = RedisCache::connect(&url.parse().unwrap(), RedisLimits::default()).await.unwrap();
    assert!(!format!("{cache:?}").contains("s3cret"), "{cache:?}");
    cache.enter(hello(1), NOW).await.unwrap();
}

#[tokio::test]
async fn a_user_with_the_documented_rights_suffices_and_one_with_less_is_told() {
    let server = RedisServer::start(&[]);
    let rights = "resetkeys ~countersign:replay:* -@all +evalsha +script|load +info +get +set +zadd +zrem +zscore +zcard +zrangebyscore";
    let said = server.say(&format!("ACL SETUSER desk on >pass {rights}"));
    assert!(said.starts_with("+OK"), "{said}");
    let url = format!("{}?user=desk&pass=pass", server.url());
    let cache = RedisCache::connect(&url.parse().unwrap(), RedisLimits::default()).await.unwrap();
    cache.enter(hello(1), NOW).await.unwrap();
    server.say("ACL SETUSER desk -info");
    let error = refused(&url).await;
    assert!(matches!(&error, RedisCacheError::Denied { detail, .. } if detail.contains("info")), "{error}");
}

#[tokio::test]
async fn tls_is_with_a_server_that_the_systems_certificates_vouch_for() {
    // The second half of this test, as a process whose system trusts the certificate.
    if let Ok(url) = std::env::var(URL_OF_A_TRUSTED_SERVER) {
        let cache = RedisCache::connect(&url.parse().unwrap(), RedisLimits::default()).await.unwrap();
        cache.enter(hello(1), NOW).await.unwrap();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let [certificate, key] = self_signed(folder.path());
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port().to_string();
    let tls = ["--tls-port", &port, "--tls-auth-clients", "no", "--tls-cert-file", &certificate];
    let server = RedisServer::start(&[&tls[..], &["--tls-key-file", &key]].concat());
    let url = format!("rediss://127.0.0.1:{port}");
    let error = refused(&url).await;
    assert!(error.to_string().contains("certificate"), "{error}");

    let this_test = "tls_is_with_a_server_that_the_systems_certificates_vouch_for";
    let mut trusting = Command::new(std::env::current_exe().unwrap());
    trusting
        .args(["--exact", this_test])
        .env("SSL_CERT_FILE", &certificate)
        .env(URL_OF_A_TRUSTED_SERVER, &url);
    assert!(trusting.status().unwrap().success());
    assert!(is_replayed(&cache(&server).await.enter(hello(1), NOW).await));
}

/// The paths of a certificate for this machine, and of its key.
fn self_signed(folder: &Path) -> [String; 2] {
    let [certificate, key] =
        ["certificate.pem", "key.pem"].map(|name| folder.join(name).display().to_string());
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]);
    openssl.args(["-subj", "/CN=redis", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]);
    // No authority of its own, or it could not be a server's.
    openssl.args(["-addext", "basicConstraints=critical,CA:FALSE", "-out", &certificate, "-keyout", &key]);
    let made = openssl
        .output()
        .expect("openssl is not on the PATH; scripts/bootstrap installs it where apt-get does");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    [certificate, key]
}

const URL_OF_A_TRUSTED_SERVER: &str = "COUNTERSIGN_TEST_TRUSTED_REDIS";
