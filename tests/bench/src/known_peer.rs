//! The same handshake with a peer both sides know: pools of ephemerals filled between sessions, the products with
//! the other's static key included.

use std::cell::RefCell;
use std::rc::Rc;

use countersign_protocol::{InitiatorEphemerals, ResponderEphemerals};

use crate::countersign_pair::Pair;
use crate::measure::{BenchError, Unit, Workload};

/// Filling the pools is untimed, taking from them is timed.
///
/// # Errors
/// Should the setup fail.
pub(crate) fn known() -> Result<Workload, BenchError> {
    let pair = Rc::new(Pair::new()?);
    let pools = Rc::new(RefCell::new(Pools::default()));
    let (filled_pair, filled) = (Rc::clone(&pair), Rc::clone(&pools));
    Ok(Workload {
        name: "handshake.hybrid.known",
        baseline: "peer.rustls.rpk",
        unit: Unit::Micros,
        runs_per_sample: 1,
        prepare: Box::new(move |runs| (0..runs).try_for_each(|_| filled.borrow_mut().fill(&filled_pair))),
        run: Box::new(move || {
            let dialling = pools.borrow_mut().dialling.pop().ok_or("the initiator's pool is empty")?;
            let answering =
                |_: &Pair| pools.borrow_mut().answering.pop().ok_or("the responder's pool is empty".into());
            pair.handshake(dialling, answering).map(drop)
        }),
    })
}

#[derive(Default)]
struct Pools {
    dialling: Vec<InitiatorEphemerals>,
    answering: Vec<ResponderEphemerals>,
}

impl Pools {
    fn fill(&mut self, pair: &Pair) -> Result<(), BenchError> {
        self.dialling.push(pair.initiator_ephemerals()?.for_responder(pair.answerer()));
        self.answering.push(pair.responder_ephemerals()?.for_initiator(pair.dialler()));
        Ok(())
    }
}
