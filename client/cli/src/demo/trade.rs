//! What the two traders say to each other: a request for a quote, a quote, an order.

use countersign::{Listener, Query, Session, StateHash, Trader};
use serde_json::{Value, json};

use super::stage::shown_price;
use super::story::{Facts, Told};
use crate::exit::Exit;
use crate::failure::Failure;

/// Both ends of one session.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) dialler: Session,
    pub(super) listener: Session,
}

/// The answering trader at its port.
#[derive(Debug)]
pub(super) struct Door {
    pub(super) trader: Trader,
    pub(super) listener: Listener,
}

impl Door {
    /// Listens at a free port of this machine.
    pub(super) async fn open(trader: &Trader) -> Result<Self, Failure> {
        let listener = trader.listen("127.0.0.1:0").await?;
        Ok(Self { trader: trader.clone(), listener })
    }
}

/// A live handshake over TCP: one side dials, the other answers.
pub(super) async fn shake_hands(
    dialler: &Trader,
    door: &mut Door,
    price: &Query,
) -> Result<Told<Pair>, Failure> {
    let (at, peer) = (door.listener.local_addr(), door.trader.identity());
    let queries = [price.clone()];
    let answered = async {
        let accepted = door.listener.accept().await;
        accepted.map_err(|refused| unexpected(&format!("the answering side refused: {refused}")))
    };
    let dialled = async { dialler.dial(peer, at, &queries).await.map_err(Failure::from) };
    let (dialler, listener) = tokio::try_join!(dialled, answered)?;
    let pair = Pair { dialler, listener };
    let facts = pair.facts()?;
    Ok(Told::new(pair, facts))
}

impl Pair {
    fn facts(&self) -> Result<Facts, Failure> {
        let (ours, theirs) = (self.dialler.state_hash(), self.listener.state_hash());
        if ours != theirs {
            return Err(unexpected("the two sides hold different states"));
        }
        let anchor = self.dialler.anchor();
        let price = self.dialler.readings().first().map(|reading| shown_price(reading.value.commitment()));
        Ok(Facts::default()
            .say("suite", format!("{} (secp256k1 + ML-KEM-768)", self.dialler.summary.suite))
            .say("key versions", format!("Alice {}, Bob {}", version(&self.listener), version(&self.dialler)))
            .say("block", format!("{}, 0x{}", anchor.block_number, hex::encode(anchor.block_hash)))
            .say("price", price.unwrap_or_default())
            .say("Alice's state", state(ours))
            .say("Bob's state", format!("{}, the same", state(theirs))))
    }

    /// Ends the session so that both sides know that it is whole.
    pub(super) async fn close(mut self) -> Result<(), Failure> {
        let (one, other) = tokio::join!(self.dialler.connection.close(), self.listener.connection.close());
        one.and(other).map_err(Failure::from)
    }

    /// Request, quote, order; each read and understood by the other side before it answers.
    pub(super) async fn trade(mut self) -> Result<Told<()>, Failure> {
        let request = json!({"type": "rfq", "side": "buy", "quantity": 10});
        let got = pass(&mut self.dialler, &mut self.listener, &request).await?;
        let quantity = got.get("quantity").and_then(Value::as_u64).unwrap_or_default();
        let quote = json!({"type": "quote", "id": 1, "quantity": quantity, "price": "3142.00"});
        let got = pass(&mut self.listener, &mut self.dialler, &quote).await?;
        let order = json!({"type": "order", "quote": got.get("id"), "quantity": got.get("quantity")});
        pass(&mut self.dialler, &mut self.listener, &order).await?;
        self.close().await?;
        Ok(Told::new(
            (),
            Facts::default().say("Alice asks", request).say("Bob quotes", quote).say("Alice orders", order),
        ))
    }
}

/// Sends a message from one side and reads it at the other.
async fn pass(from: &mut Session, to: &mut Session, message: &Value) -> Result<Value, Failure> {
    from.connection.send_message(message.to_string().as_bytes()).await?;
    let received =
        to.connection.next_message().await?.ok_or_else(|| unexpected("the session ended early"))?;
    let received: Value =
        serde_json::from_slice(&received).map_err(|error| unexpected(&error.to_string()))?;
    if received == *message { Ok(received) } else { Err(unexpected("another message arrived than was sent")) }
}

fn version(session: &Session) -> u16 {
    session.peer_key().record().version
}

fn state(hash: StateHash) -> String {
    hash.to_string()
}

pub(super) fn unexpected(what: &str) -> Failure {
    let failure = Failure::new(Exit::Unexpected, "demo", what);
    failure.hint("this should not happen; run it again with -vv and report what it says")
}
