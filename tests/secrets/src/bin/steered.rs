//! Runs one of the paths that secrets take, for memcheck to watch: `scripts/constant-time` says which, and what may be found.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a program of a test: what goes wrong fails the test"
)]

use core::hint::black_box;
use std::process::ExitCode;

use countersign_custody::{Custody, Keystore, LocalKey, Passphrase, ScryptCost};
use countersign_protocol::curve::{PublicKey, SecretKey, backend};
use countersign_protocol::{Channel, ContentType, CookieJar, Padding};
use countersign_secrets::memcheck::{conceal, is_watched, publish, unwatched};
use countersign_secrets::session::{
    self, Key, Views, complete, custody, deliver, dial, initiator_ephemerals, reply, responder_ephemerals,
    warm,
};
use zeroize::Zeroizing;

fn main() -> ExitCode {
    if !is_watched() {
        eprintln!("steered: to be run under valgrind, by scripts/constant-time");
        return ExitCode::FAILURE;
    }
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let Some((_, run)) = PATHS.iter().find(|(name, _)| *name == wanted) else {
        PATHS.iter().for_each(|(name, _)| println!("{name}"));
        return ExitCode::SUCCESS;
    };
    run();
    ExitCode::SUCCESS
}

const PATHS: &[(&str, fn())] = &[
    ("control-compare", leaky_compare),
    ("control-index", leaky_index),
    ("scalar", scalar),
    ("scalar-portable", scalar_portable),
    ("macs", macs),
    ("handshake", handshake),
    ("products", products),
    ("records", records),
    ("epochs", epochs),
    ("resumption", resumption),
    ("keystore", keystore),
];

/// A comparison that ends early: what must be found.
fn leaky_compare() {
    let secret = secret_bytes::<32>(1);
    black_box(leaky_equal(&secret, &[2; 32]));
}

#[inline(never)]
fn leaky_equal(a: &[u8; 32], b: &[u8; 32]) -> bool {
    for (a, b) in a.iter().zip(b) {
        if black_box(*a) != *b {
            return false;
        }
    }
    true
}

/// A table that is read at a secret place: what must be found.
fn leaky_index() {
    let [secret] = secret_bytes::<1>(1);
    black_box(looked_up(black_box(&[7; 256]), secret));
}

#[inline(never)]
fn looked_up(table: &[u8; 256], index: u8) -> u8 {
    table.get(usize::from(index)).copied().unwrap_or_default()
}

/// A static or ephemeral key: parsed, its public half, a product, a signature.
fn scalar() {
    let peer = unwatched(|| SecretKey::from_bytes(&[9; 32]).expect("a scalar").public_key());
    let secret = SecretKey::from_bytes(&secret_bytes(3)).expect("a scalar");
    black_box(secret.public_key());
    black_box(secret.ecdh_x(&peer).as_bytes());
    black_box(secret.sign_prehash(&[5; 32]));
}

/// The same on the backend without C.
fn scalar_portable() {
    use backend::portable::Scalar;
    let peer = unwatched(|| Scalar::parse(&[9; 32]).expect("a scalar").base_product());
    let secret = Scalar::parse(&secret_bytes(3)).expect("a scalar");
    black_box(secret.base_product());
    black_box(secret.product_x(&peer).as_bytes());
    black_box(secret.sign_prehash(&[5; 32]));
}

/// What a stranger sends is compared with what it should be: `mac1` with the right and a wrong value, `mac2` against a jar.
fn macs() {
    let parties = unwatched(|| Parties::new(false));
    for wrong in [0, 1] {
        let mut hello = unwatched(|| parties.hello());
        let macs = hello.len() - 32;
        if let Some(last) = hello.get_mut(macs + 15) {
            *last ^= wrong;
        }
        hello.get_mut(macs..macs + 16).into_iter().for_each(conceal);
        black_box(parties.read(&mut hello));
    }
    let jar = CookieJar::new(secret_bytes(8));
    let hello = unwatched(|| parties.hello());
    let source = ([127, 0, 0, 1], 4_000).into();
    let nonce = [4; 12];
    let sealed = jar.answer(&hello, &source, &parties.public[1], nonce).expect("a hello");
    publish(&sealed);
    black_box(jar.admits(&hello, &source));
}

/// A whole handshake, every secret of it: static keys, ephemeral keys, ML-KEM's seeds and randomness.
fn handshake() {
    let parties = Parties::new(true);
    black_box(parties.established(secret_draw));
}

/// Static-static products from their cache. What names them is public, what they are is secret.
fn products() {
    let parties = unwatched(|| Parties::new(true));
    unwatched(|| warm(&parties.keys[0], &parties.views.alice));
    warm(&parties.keys[0], &parties.views.alice);
    let request = countersign_protocol::KeyRequest::Ecdh {
        purpose: countersign_protocol::EcdhPurpose::StaticStatic,
        peer: parties.public[1],
    };
    black_box(session::answered(&parties.keys[0], request));
    parties.keys[0].forget(&parties.public[1]);
}

/// Records and datagrams, padded or not, under secret keys, of secret content.
fn records() {
    let [mut alice, mut bob] = unwatched(|| Parties::new(true).established(secret_draw));
    for padding in [Padding::None, Padding::Padme] {
        alice.set_padding(padding);
        let (mut record, mut datagram) = (Vec::new(), Vec::new());
        alice.append(ContentType::Data, &secret_bytes::<100>(7), &mut record).expect("the channel is open");
        publish(&record[..]);
        black_box(bob.open(&mut record, 0)).expect("the record opens");
        alice.append_datagram(&secret_bytes::<100>(7), &mut datagram).expect("the channel is open");
        publish(&datagram[..]);
        black_box(bob.open_datagram(&mut datagram, 0)).expect("the datagram opens");
    }
    black_box(alice.exporter().export(b"quote", b"", &mut [0; 64])).expect("64 bytes are few");
}

/// A rotation with secret fresh keys. The session before it is public, or all that its control records say would count as secret.
fn epochs() {
    let parties = unwatched(|| Parties::new(false));
    let [mut alice, mut bob] = unwatched(|| parties.established(public_draw));
    let views = unwatched(|| Views::at(78, &parties.public));
    alice
        .request_rotation(views.alice, initiator_ephemerals(secret_draw))
        .expect("nothing else is under way");
    deliver(&mut alice, &mut bob, 0, publish);
    bob.agree(views.bob, responder_ephemerals(secret_draw)).expect("both hold the same state");
    deliver(&mut bob, &mut alice, 0, publish);
    deliver(&mut alice, &mut bob, 0, publish);
}

/// A session from the ticket of another, with secret fresh keys; the ticket is public, or its proposal would count as secret.
fn resumption() {
    let parties = unwatched(|| Parties::new(false));
    let [mut alice, mut bob] = unwatched(|| parties.established(public_draw));
    let tickets =
        [&mut alice, &mut bob].map(|channel| channel.take_ticket().expect("each session gives one"));
    let views = unwatched(|| Views::at(78, &parties.public));
    black_box(session::resume(&views, tickets, secret_draw, publish));
}

/// A keystore file, opened with a passphrase.
fn keystore() {
    let passphrase = |conceals: bool| {
        let mut bytes = Zeroizing::new(b"correct horse battery staple".to_vec());
        if conceals {
            conceal(&mut bytes);
        }
        Passphrase::new(bytes).expect("it is short")
    };
    let file = unwatched(|| {
        let key = LocalKey::new(SecretKey::from_bytes(&[3; 32]).expect("a scalar"));
        Keystore::encrypt(&key, &passphrase(false), ScryptCost::LIGHT).expect("the system has randomness")
    });
    black_box(file.decrypt(&passphrase(true))).expect("it is the passphrase");
}

/// Two parties who know each other.
struct Parties {
    keys: [Key; 2],
    public: [PublicKey; 2],
    views: Views,
}

impl Parties {
    fn new(are_secret: bool) -> Self {
        let keys = [11, 12].map(|number| {
            let bytes = if are_secret { secret_bytes(number) } else { [number; 32] };
            custody(SecretKey::from_bytes(&bytes).expect("a scalar"))
        });
        let public = [keys[0].public_key(), keys[1].public_key()];
        publish(&public);
        let views = Views::at(77, &public);
        Self { keys, public, views }
    }

    fn hello(&self) -> Vec<u8> {
        dial(&self.views.alice, &self.keys[0], initiator_ephemerals(|out| out.fill(21))).hello
    }

    fn read(&self, hello: &mut [u8]) -> bool {
        session::expect_hello(&self.views.bob).read(hello).is_ok()
    }

    fn established(&self, draw: fn(&mut [u8])) -> [Channel; 2] {
        let Views { alice, bob } = &self.views;
        let mut sent = dial(alice, &self.keys[0], initiator_ephemerals(draw));
        publish(&sent.hello[..]);
        let mut replied = reply(bob, &self.keys[1], &mut sent.hello, responder_ephemerals(draw));
        publish(&replied.reply[..]);
        let mut completed = complete(&self.keys[0], sent.next, &mut replied.reply);
        publish(&completed.confirmation[..]);
        let bob = replied.next.read(&mut completed.confirmation).expect("the confirmation opens");
        [completed.established.channel, bob.channel]
    }
}

fn public_draw(out: &mut [u8]) {
    out.fill(23);
}

fn secret_draw(out: &mut [u8]) {
    out.fill(29);
    conceal(out);
}

fn secret_bytes<const N: usize>(byte: u8) -> [u8; N] {
    let mut bytes = [byte; N];
    conceal(&mut bytes);
    bytes
}
