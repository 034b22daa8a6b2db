//! What a run came through, so that nobody mistakes a quiet one for a proof.

use std::fmt;
use std::ops::AddAssign;

macro_rules! figures {
    ($($(#[$doc:meta])* $name:ident: $text:literal,)+) => {
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub(crate) struct Figures {
            $($(#[$doc])* pub(crate) $name: u64,)+
        }

        impl Figures {
            pub(crate) fn named(&self) -> Vec<(&'static str, u64)> {
                vec![$(($text, self.$name)),+]
            }
        }

        impl AddAssign for Figures {
            fn add_assign(&mut self, other: Self) {
                $(self.$name += other.$name;)+
            }
        }
    };
}

figures! {
    steps: "steps",
    virtual_s: "virtual seconds",
    sessions: "sessions",
    resumptions: "of them resumed",
    rotations: "rotations",
    state_tickets: "state tickets",
    /// As the responder of the session sees it.
    half_closed_epochs: "epochs begun on half-closed channels",
    crossings: "crossing requests",
    refusals: "refused requests",
    /// For the record of one side, by the other's or its own head.
    revocations: "ends for a record (revoked, expired, superseded)",
    worn_out: "ends of worn-out keys",
    crashes: "crashes",
    cuts: "cut sessions",
    /// Two for each session that ends so.
    closes: "sides closed in good order",
    rejects: "rejected handshakes",
    cookies: "cookies answered",
    unknown_tickets: "unknown tickets",
    replays: "replays refused",
    alterations: "altered streams found out",
    messages: "messages delivered",
    /// While a request of either side was under way.
    messages_meanwhile: "of them while a request was under way",
    messages_one_way: "of them to a side that had closed",
    datagrams: "datagrams delivered",
    repeated_datagrams: "repeated datagrams refused",
    late_datagrams: "datagrams refused that came after their keys were erased",
    waits: "waits for a key with room",
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<_> = self.named().into_iter().map(|(name, count)| format!("{count} {name}")).collect();
        f.write_str(&parts.join(", "))
    }
}
