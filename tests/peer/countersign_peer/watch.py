"""What a party watches while a channel lives (SPEC 10)."""

from .chain import Anchor, Block, Chain
from .state import Record, SessionState


class Watch:
    """Both records of a session, by proof, at each new head."""

    def __init__(self, chain: Chain, state: SessionState, overlap: int = 60):
        self._chain, self._overlap = chain, overlap
        self._records = (state.initiator, state.responder)
        self._seen: bytes | None = None

    def end(self) -> tuple[str, int] | None:
        """Reason and detail of an abort, if the newest head gives one; None also where it was looked at before."""
        head = self._chain.newest()
        if head.hash == self._seen:
            return None
        self._seen = head.hash
        for detail, record in enumerate(self._records):
            found = self._chain.identity(head, record.owner, record.label)
            reason = verdict(record, found, head, self._overlap)
            if reason is not None:
                return reason, detail
        return None


def verdict(record: Record, found: Anchor | None, head: Block, overlap: int) -> str | None:
    if found is None or found.record.revoked:
        return "Revoked"
    if found.record.expired(head.timestamp):
        return "Expired"
    if found.record.version != record.version and head.timestamp - found.record.anchored_at > overlap:
        return "Superseded"
    return None
