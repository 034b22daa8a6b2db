//! Why what a beacon node sent is not taken.

use alloy_primitives::B256;

/// What does not hold of a bootstrap or an update. All of it is the fault of who sent it, but for
/// [`FromTheFuture`](Self::FromTheFuture), which a slow clock causes too, and [`OtherBlock`](Self::OtherBlock), where
/// the checkpoint may be mistyped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The slot lies before the first fork that the network names.
    #[error("slot {slot} lies before the first fork that is known here; begin at a newer checkpoint")]
    BeforeFirstFork {
        /// Which.
        slot: u64,
    },
    /// The bootstrap is not of the trusted block.
    #[error(
        "the bootstrap is of block {got}, and {trusted} is trusted; check the checkpoint, or ask another beacon node"
    )]
    OtherBlock {
        /// The checkpoint.
        trusted: B256,
        /// The root of the header that was sent.
        got: B256,
    },
    /// The execution block is not the one in the beacon block's body.
    #[error("the header at slot {slot} does not commit to the execution block that is shown with it")]
    ExecutionBranch {
        /// The slot of the beacon block.
        slot: u64,
    },
    /// The state of the trusted block does not hold the committee.
    #[error("the header at slot {slot} does not commit to the sync committee that is shown with it")]
    CurrentCommitteeBranch {
        /// The slot of the header.
        slot: u64,
    },
    /// The state of the attested block does not hold the next committee.
    #[error("the header at slot {slot} does not commit to the next sync committee that is shown with it")]
    NextCommitteeBranch {
        /// The slot of the attested header.
        slot: u64,
    },
    /// The next committee of this period is known, and it is another one.
    #[error("another sync committee is shown for the next period than the one proven before")]
    OtherNextCommittee,
    /// The state of the attested block does not hold the finalized root.
    #[error("the header at slot {slot} does not commit to the finalized header that is shown with it")]
    FinalityBranch {
        /// The slot of the attested header.
        slot: u64,
    },
    /// Nobody signed.
    #[error("nobody of the sync committee signed")]
    NoParticipants,
    /// The signature is later than the clock.
    #[error("the signature is of slot {signature_slot}, and it is slot {now}; check this machine's clock")]
    FromTheFuture {
        /// When it was made, it says.
        signature_slot: u64,
        /// The slot by the local clock.
        now: u64,
    },
    /// A header is signed before it exists, or final before its parents.
    #[error(
        "the slots are out of order: signed at {signature_slot}, attested {attested}, finalized {finalized}"
    )]
    SlotsOutOfOrder {
        /// When it was signed.
        signature_slot: u64,
        /// The header that was.
        attested: u64,
        /// The finalized header.
        finalized: u64,
    },
    /// The committee of that period is not known here.
    #[error("signed in sync committee period {signed}, and the committees of period {known} {} are known; ask for the updates between", if *next_known { "and the next" } else { "alone" })]
    UnknownPeriod {
        /// The period of the signature.
        signed: u64,
        /// The period of the finalized header.
        known: u64,
        /// Whether the committee of the period after it is known.
        next_known: bool,
    },
    /// It says nothing that is not known.
    #[error("the update attests to slot {attested}, and slot {finalized} is final already")]
    Irrelevant {
        /// What it attests to.
        attested: u64,
        /// The finalized header's slot.
        finalized: u64,
    },
    /// A key of the committee is no point of its group, or infinity.
    #[error("member {position} of the sync committee has no valid public key")]
    CommitteeKey {
        /// The member's place.
        position: usize,
    },
    /// The aggregate signature is not of those members on that header.
    #[error(
        "the signature is not that of the {participants} members of the sync committee that are said to have signed"
    )]
    Signature {
        /// How many are said to have signed.
        participants: usize,
    },
    /// The best update known skips a period, so it cannot be forced.
    #[error(
        "the best update known is of period {update}, and nothing proves the committee after period {known}"
    )]
    PeriodSkipped {
        /// The period of its finalized header.
        update: u64,
        /// The period of the finalized header known here.
        known: u64,
    },
}

/// What is no bootstrap or update at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Not the SSZ of the container.
    #[error("not the SSZ of {container}: {detail}")]
    Ssz {
        /// Which container.
        container: &'static str,
        /// What the decoder said.
        detail: String,
    },
    /// Not the JSON of the container.
    #[error("not the JSON of {container}: {detail}")]
    Json {
        /// Which container.
        container: &'static str,
        /// What the decoder said.
        detail: String,
    },
    /// A fork that is not known here.
    #[error("it is of fork {name:?}, which is not known here; update this program")]
    UnknownFork {
        /// As the node calls it, cut after 32 characters.
        name: String,
    },
    /// A finalized header or a next committee without a branch that could prove it.
    #[error("{what} comes without a proof")]
    Unproven {
        /// Which.
        what: &'static str,
    },
}
