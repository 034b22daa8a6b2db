//! The least suite that the two records allow.

use crate::error::{Error, FloorOf, PeerIncompatible};
use crate::state::{Role, StateView};
use crate::suite::{Suite, SuitePolicy};

/// Refuses a suite below this side's policy.
pub(super) fn check_policy(suite: Suite, policy: SuitePolicy) -> Result<(), Error> {
    match policy.accepts(suite) {
        true => Ok(()),
        false => Err(too_low(suite, Suite::Hybrid.level(), FloorOf::LocalPolicy)),
    }
}

/// Refuses a suite below the floor of either record.
pub(super) fn check_records(suite: Suite, view: &StateView, local_role: Role) -> Result<(), Error> {
    for role in [Role::Initiator, Role::Responder] {
        let floor = view.key_of(role, local_role).record().suite_floor;
        if suite.level() < floor {
            return Err(too_low(suite, floor, FloorOf::Record(role)));
        }
    }
    Ok(())
}

const fn too_low(suite: Suite, floor: u8, demanded_by: FloorOf) -> Error {
    Error::PeerIncompatible(PeerIncompatible::SuiteTooLow { suite, floor, demanded_by })
}
