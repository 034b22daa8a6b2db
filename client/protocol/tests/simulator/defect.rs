//! What the simulator can be told to do wrong, to show that it would find out.

/// Each is this simulator's own doing, not the engine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Defect {
    /// The network alters records, and nobody admits it.
    AltersRecords,
    /// The network puts records of one session into another.
    MixesSessions,
    /// The network loses a record out of a stream.
    LosesRecords,
    /// A side hands a message to its application twice.
    DeliversTwice,
    /// A side hands datagrams on without opening them.
    DeliversDatagramsTwice,
    /// A side goes on when its head shows a record revoked.
    IgnoresRevocation,
    /// A side goes on when its keys are worn out.
    IgnoresAge,
    /// No side answers requests for a new epoch.
    IgnoresRequests,
    /// No side begins or answers an epoch on a channel that is closed in one direction.
    NeglectsHalfClosed,
    /// A side has more to say after its close.
    TalksAfterClose,
    /// Tickets outlive the records, and the responder does not look at its newest head.
    KeepsTickets,
    /// All nodes tell the same lie.
    BelievesLies,
    /// An abort is not said.
    LeavesSilently,
}
