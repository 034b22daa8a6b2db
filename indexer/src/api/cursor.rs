//! Where a list goes on, as an opaque text.

use alloy::primitives::keccak256;
use countersign_protocol::{Address, Identity, Label};
use countersign_registry::RegistryAt;

use crate::record::Status;
use crate::store::Selection;

/// What a list is of. A cursor is good for the list that it came from alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct List {
    pub(super) registry: RegistryAt,
    pub(super) selection: Selection,
    pub(super) status: Option<Status>,
}

impl List {
    /// The cursor behind `last`.
    pub(super) fn cursor(&self, last: &Identity) -> String {
        let mut bytes = Vec::with_capacity(LENGTH);
        bytes.extend_from_slice(&self.tag(last));
        bytes.extend_from_slice(&last.owner.0);
        bytes.extend_from_slice(&last.label.0);
        hex::encode(bytes)
    }

    /// The identity behind which to go on; `None` where the cursor is of another list, or was changed.
    pub(super) fn position(&self, cursor: &str) -> Option<Identity> {
        let bytes: [u8; LENGTH] = hex::decode(cursor).ok()?.try_into().ok()?;
        let (tag, position) = bytes.split_at_checked(TAG)?;
        let (owner, label) = position.split_at_checked(20)?;
        let identity =
            Identity { owner: Address(owner.try_into().ok()?), label: Label(label.try_into().ok()?) };
        (self.tag(&identity) == tag).then_some(identity)
    }

    /// Tells lists apart, and mistakes. It is no secret's: whoever computes one sees what any client may see, and every
    /// server takes every other's, before a restart and after.
    fn tag(&self, position: &Identity) -> [u8; TAG] {
        let mut preimage = Vec::with_capacity(160);
        preimage.extend_from_slice(b"countersign indexer cursor 1");
        preimage.extend_from_slice(&self.registry.chain_id.to_be_bytes());
        preimage.extend_from_slice(&self.registry.address.0);
        let (kind, bytes): (u8, &[u8]) = match &self.selection {
            Selection::All => (0, &[]),
            Selection::Owner(owner) => (1, &owner.0),
            Selection::Label(label) => (2, &label.0),
            Selection::Signer(signer) => (3, &signer.0),
        };
        preimage.push(kind);
        preimage.extend_from_slice(bytes);
        preimage.push(match self.status {
            None => 0,
            Some(Status::Active) => 1,
            Some(Status::Expired) => 2,
            Some(Status::Revoked) => 3,
        });
        preimage.extend_from_slice(&position.owner.0);
        preimage.extend_from_slice(&position.label.0);
        let [a, b, c, d, e, f, g, h, ..] = keccak256(preimage).0;
        [a, b, c, d, e, f, g, h]
    }
}

const TAG: usize = 8;
const LENGTH: usize = TAG + 20 + 32;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn list(selection: Selection, status: Option<Status>) -> List {
        List { registry: RegistryAt { chain_id: 1, address: Address([7; 20]) }, selection, status }
    }

    proptest! {
        #[test]
        fn a_cursor_says_where_its_own_list_goes_on(owner: [u8; 20], label: [u8; 32]) {
            let identity = Identity { owner: Address(owner), label: Label(label) };
            let list = list(Selection::Owner(Address(owner)), Some(Status::Active));
            prop_assert_eq!(list.position(&list.cursor(&identity)), Some(identity));
        }

        #[test]
        fn a_changed_cursor_is_none(at in 0..LENGTH * 2, digit in proptest::char::range('0', '9')) {
            let list = list(Selection::All, None);
            let cursor = list.cursor(&Identity::of(Address([1; 20])));
            let mut changed: Vec<char> = cursor.chars().collect();
            prop_assume!(changed[at] != digit);
            changed[at] = digit;
            prop_assert_eq!(list.position(&changed.into_iter().collect::<String>()), None);
        }
    }

    #[test]
    fn a_cursor_is_good_for_no_other_list() {
        let identity = Identity::of(Address([1; 20]));
        let all = list(Selection::All, None);
        let cursor = all.cursor(&identity);
        let others = [
            list(Selection::All, Some(Status::Active)),
            list(Selection::Owner(Address([1; 20])), None),
            list(Selection::Signer(Address([1; 20])), None),
            List { registry: RegistryAt { chain_id: 2, ..all.registry }, ..all },
        ];
        for other in others {
            assert_eq!(other.position(&cursor), None, "{other:?}");
        }
    }
}
