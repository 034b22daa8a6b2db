//! What proofs and the passing of time make of the watched records: pure, no IO.

use std::collections::HashSet;

use countersign_protocol::Identity;
use countersign_protocol::curve::PublicKey;

use super::change::Change;
use super::records::{Records, WatchedRecord};
use crate::error::ResolveError;
use crate::proof::ProvenRecord;
use crate::standing::Standing;

/// What is known of the watched records, and the time up to which it was told.
#[derive(Clone, Debug, Default)]
pub(super) struct Standings {
    pub(super) records: Records,
    /// In Unix seconds: the newest block's time, or the local clock where that is ahead.
    time: u64,
    /// When the first of the records expires that have not yet; `None` where none will.
    next_expiry: Option<u64>,
    /// Of whom it was told that they went back, and nothing since.
    rewound: HashSet<Identity>,
}

/// A record as it was proven at a head.
#[derive(Clone, Copy, Debug)]
pub(super) struct Proof {
    pub(super) identity: Identity,
    pub(super) record: Option<ProvenRecord>,
    /// A key that somebody says it has.
    pub(super) hint: Option<PublicKey>,
    /// The block at which it was proven.
    pub(super) block: u64,
}

impl Standings {
    /// Takes in what was proven.
    pub(super) fn prove(&mut self, proof: Proof, changes: &mut Vec<Change>) {
        let Proof { identity, record, hint, block } = proof;
        let now = Standing::of(record.as_ref(), self.time);
        self.rewound.remove(&identity);
        let before = self.records.find(&identity);
        let same = before.filter(|before| before.record.map(|it| *it.word()) == record.map(|it| *it.word()));
        // The same word on the same chain was there all the while: none comes back.
        let since = same.map_or(block, |same| same.since.min(block));
        let known = same.and_then(|same| same.key()).map(|key| *key.public_key());
        if let Some(before) = before.map(|before| before.told).filter(|before| *before != now) {
            changes.push(Change::Stands { identity, before, now });
        }
        self.note_expiry(record.as_ref(), now);
        self.records.insert(identity, WatchedRecord::new(record, since, now, known.or(hint)));
    }

    /// What was proven does not follow what was proven before, so it is not taken in.
    pub(super) fn refuse(&mut self, identity: Identity, refusal: ResolveError, changes: &mut Vec<Change>) {
        self.doubt(&[identity]);
        if self.rewound.len() >= MAX_REWOUND {
            // Who is forgotten is told again.
            self.rewound.clear();
        }
        if matches!(refusal, ResolveError::RecordRewound { .. }) && self.rewound.insert(identity) {
            changes.push(Change::Rewound { identity, refusal });
        }
    }

    /// The head moved on, and these may have changed: they are not served until they are proven there.
    pub(super) fn doubt<'a>(&mut self, identities: impl IntoIterator<Item = &'a Identity>) {
        for identity in identities {
            if let Some(watched) = self.records.find(identity).filter(|watched| watched.is_current) {
                let doubted = watched.doubted(watched.since);
                self.records.insert(*identity, doubted);
            }
        }
    }

    /// The chain is another one above a block, or altogether: what was known to be so only there is known no longer. Of
    /// whom it was.
    pub(super) fn lose(&mut self, above: Option<u64>) -> Vec<Identity> {
        let is_lost = |watched: &WatchedRecord| above.is_none_or(|above| watched.since > above);
        let lost = self.records.iter().filter(|(_, watched)| is_lost(watched));
        let lost: Vec<Identity> = lost.map(|(identity, _)| *identity).collect();
        for identity in &lost {
            if let Some(watched) = self.records.find(identity) {
                let lost = watched.doubted(NEVER);
                self.records.insert(*identity, lost);
            }
        }
        lost
    }

    /// Time is `time` now. It goes back only where the chain does.
    pub(super) fn pass(&mut self, time: u64, changes: &mut Vec<Change>) {
        let is_quiet = time >= self.time && self.next_expiry.is_none_or(|expiry| time < expiry);
        self.time = time;
        if is_quiet {
            return;
        }
        self.next_expiry = None;
        let all: Vec<(Identity, Standing, Standing)> = self
            .records
            .iter()
            .map(|(identity, watched)| (*identity, watched.told, Standing::of(watched.record.as_ref(), time)))
            .collect();
        for (identity, before, now) in all {
            let Some(watched) = self.records.find(&identity).cloned() else { continue };
            self.note_expiry(watched.record.as_ref(), now);
            // Of one that may have changed it is told once it is proven.
            if before != now && watched.is_current {
                changes.push(Change::Stands { identity, before, now });
                self.records.insert(identity, watched.told_anew(now));
            }
        }
    }

    pub(super) const fn next_expiry(&self) -> Option<u64> {
        self.next_expiry
    }

    fn note_expiry(&mut self, record: Option<&ProvenRecord>, now: Standing) {
        let until = record.map_or(0, |record| u64::from(record.word().valid_until));
        if matches!(now, Standing::Active(_)) && until != 0 {
            self.next_expiry = Some(self.next_expiry.map_or(until, |known| known.min(until)));
        }
    }
}

/// Identities of whom it is remembered that they went back; about 60 bytes each.
const MAX_REWOUND: usize = 16_384;

/// Above every block.
const NEVER: u64 = u64::MAX;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use std::collections::HashMap;

    use countersign_protocol::{Address, SignatureScheme};
    use proptest::prelude::*;

    use super::*;
    use crate::word::{RecordWord, RevocationReason};

    fn identity(byte: u8) -> Identity {
        Identity::of(Address([byte; 20]))
    }

    fn record(byte: u8, version: u16, valid_until: u32, is_revoked: bool) -> Option<ProvenRecord> {
        let word = RecordWord {
            signer: Address([1; 20]),
            anchored_at: 1,
            valid_until,
            version,
            scheme: SignatureScheme::Ecdsa,
            suite_floor: 0,
            revoked: is_revoked.then_some(RevocationReason::Policy),
        };
        (version > 0).then(|| ProvenRecord::stored(identity(byte), word))
    }

    #[derive(Clone, Debug)]
    enum Step {
        Prove { whose: u8, version: u16, valid_until: u32, is_revoked: bool },
        Doubt(u8),
        Lose(Option<u64>),
        Pass(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (0..4_u8, 0..3_u16, 0..60_u32, any::<bool>()).prop_map(|(whose, version, valid_until, is_revoked)| {
                Step::Prove { whose, version, valid_until, is_revoked }
            }),
            1 => (0..4_u8).prop_map(Step::Doubt),
            1 => prop::option::of(0..40_u64).prop_map(Step::Lose),
            4 => (0..60_u64).prop_map(Step::Pass),
        ]
    }

    proptest! {
        /// Whatever is proven, doubted and lost, and however time goes: what is told of an identity follows on what was
        /// told before, nothing is told twice, and in the end whoever listened knows how each proven one stands.
        #[test]
        fn what_is_told_adds_up(steps in prop::collection::vec(step(), 0..80)) {
            let mut standings = Standings::default();
            let (mut heard, mut time): (HashMap<Identity, Standing>, u64) = (HashMap::new(), 0);
            for (block, step) in (1..).zip(steps) {
                let mut changes = Vec::new();
                match step {
                    Step::Prove { whose, version, valid_until, is_revoked } => {
                        let record = record(whose, version, valid_until, is_revoked);
                        standings.prove(Proof { identity: identity(whose), record, hint: None, block }, &mut changes);
                        heard.entry(identity(whose)).or_insert_with(|| Standing::of(record.as_ref(), time));
                    }
                    Step::Doubt(whose) => standings.doubt(&[identity(whose)]),
                    Step::Lose(above) => {
                        for lost in standings.lose(above) {
                            prop_assert!(!standings.records.find(&lost).unwrap().is_current);
                        }
                    }
                    Step::Pass(to) => {
                        time = to;
                        standings.pass(to, &mut changes);
                    }
                }
                for change in changes {
                    let Change::Stands { identity, before, now } = change else { panic!("{change:?}") };
                    prop_assert_ne!(before, now);
                    prop_assert_eq!(heard.insert(identity, now), Some(before));
                }
                for (identity, watched) in standings.records.iter().filter(|(_, watched)| watched.is_current) {
                    prop_assert_eq!(heard.get(identity), Some(&watched.told));
                    prop_assert_eq!(watched.told, Standing::of(watched.record.as_ref(), time));
                    prop_assert!(watched.since <= block);
                }
            }
        }
    }

    #[test]
    fn a_record_is_known_from_the_block_at_which_it_was_first_so() {
        let mut standings = Standings::default();
        let prove = |standings: &mut Standings, version, block| {
            let proof =
                Proof { identity: identity(1), record: record(1, version, 0, false), hint: None, block };
            standings.prove(proof, &mut Vec::new());
            standings.records.find(&identity(1)).unwrap().since
        };
        assert_eq!(prove(&mut standings, 1, 10), 10);
        assert_eq!(prove(&mut standings, 1, 12), 10, "it was so all the while");
        assert_eq!(prove(&mut standings, 2, 13), 13);
        assert!(standings.lose(Some(13)).is_empty());
        assert_eq!(standings.lose(Some(12)), [identity(1)]);
        assert_eq!(prove(&mut standings, 2, 14), 14, "the block where it was so before is gone");
    }
}
