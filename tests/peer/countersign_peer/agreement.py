"""Whether a side agrees to a proposal, from proofs of its own (SPEC 4.2, 7, 8)."""

from dataclasses import dataclass, field, replace

from . import curve
from .chain import Anchor, Block, Chain
from .errors import Disagreement, ProtocolError
from .proposal import Proposal
from .state import Query, Reading, Record, SessionState


@dataclass
class Policy:
    """This side's own limits."""

    clock_skew_ms: int = 30_000
    anchor_blocks: int = 64
    record_age: int = 0
    instruments: tuple[Query, ...] | None = None
    answered: dict[bytes, float] = field(default_factory=dict)

    def check_fresh(self, timestamp: int, ephemeral: bytes, now_ms: int) -> None:
        if abs(timestamp - now_ms) > self.clock_skew_ms:
            raise Disagreement("ClockSkew")
        # A hello stays good from `skew` before its timestamp to `skew` behind it.
        self.answered = {e: at for e, at in self.answered.items() if now_ms - at <= 2 * self.clock_skew_ms}
        if ephemeral in self.answered:
            raise Disagreement("Replayed")
        self.answered[ephemeral] = now_ms


def in_force(anchor: Anchor | None, now: int) -> Record:
    """The record, unless it is absent, revoked or expired at `now`."""
    if anchor is None:
        raise Disagreement("NotRegistered")
    if anchor.record.revoked:
        raise Disagreement("Revoked")
    if anchor.record.expired(now):
        raise Disagreement("Expired")
    return anchor.record


def state_at(chain: Chain, block: Block, initiator: Record, responder: Record, queries: tuple[Query, ...]) -> SessionState:
    """The state at a block, with the valuation proven there."""
    valuation = tuple(Reading(query, chain.value(block, query)) for query in queries)
    return SessionState(chain.chain_id, block.number, block.hash, chain.registry, initiator, responder, valuation)


def judge(
    chain: Chain, policy: Policy, proposal: Proposal, me: tuple[bytes, bytes], suite: int, initiator_key: bytes | None
) -> SessionState:
    """The state that this side proved itself for a live handshake (with the key `s`) or a resumption, or why there is none."""
    if (proposal.responder_owner, proposal.responder_label) != me:
        raise Disagreement("WrongResponder")
    if policy.instruments is not None and proposal.queries() != policy.instruments:
        raise Disagreement("Unwilling")
    newest, block = _block(chain, policy, proposal)
    found = in_force(_anchor(chain, newest, proposal, initiator=True), newest.timestamp)
    if newest.timestamp < found.anchored_at + policy.record_age:
        raise Disagreement("TooYoung")
    if initiator_key is not None and curve.address_of(initiator_key) != found.signer:
        raise Disagreement("KeyMismatch")
    state = _state(chain, newest, block, proposal)
    if found != state.initiator:
        raise Disagreement("StaleState")
    if not all(floor in (0, 1) and suite >= floor for floor in (state.initiator.suite_floor, state.responder.suite_floor)):
        raise Disagreement("SuiteTooLow")
    _compare(proposal, state)
    return state


def judge_epoch(chain: Chain, policy: Policy, proposal: Proposal, session: SessionState, present_block: int) -> SessionState:
    """The state of a new epoch of a running session, or why there is none. Only block and values may be other than its own."""
    block = {"block_number": proposal.block_number, "block_hash": proposal.block_hash}
    same = replace(Proposal.of(session, 0), readings=proposal.readings, **block)
    queries = tuple(reading.query for reading in session.valuation)
    if proposal != same or proposal.queries() != queries:
        raise ProtocolError("an epoch request in which more than block and values changed")
    if proposal.block_number < present_block:
        raise Disagreement("StaleState")
    newest, block = _block(chain, policy, proposal)
    state = _state(chain, newest, block, proposal)
    check_records(state, session.initiator, session.responder)
    _compare(proposal, state)
    return state


def check_records(state: SessionState, initiator: Record, responder: Record) -> None:
    """Refuses records other than those that the session or the ticket began with."""
    for detail, (found, kept) in enumerate(((state.initiator, initiator), (state.responder, responder))):
        if found != kept:
            raise Disagreement("RecordDiffers", detail)


def _block(chain: Chain, policy: Policy, proposal: Proposal) -> tuple[Block, Block]:
    if proposal.chain_id != chain.chain_id:
        raise Disagreement("WrongChain")
    if proposal.registry != chain.registry:
        raise Disagreement("WrongRegistry")
    newest = chain.newest()
    if proposal.block_number > newest.number:
        raise Disagreement("UnknownBlock", newest.number)
    block = chain.block(proposal.block_number)
    if block.hash != proposal.block_hash or newest.number - block.number > policy.anchor_blocks:
        raise Disagreement("StaleState")
    return newest, block


def _anchor(chain: Chain, block: Block, proposal: Proposal, initiator: bool) -> Anchor | None:
    if initiator:
        return chain.identity(block, proposal.initiator_owner, proposal.initiator_label)
    return chain.identity(block, proposal.responder_owner, proposal.responder_label)


def _state(chain: Chain, newest: Block, block: Block, proposal: Proposal) -> SessionState:
    """The state at the proposed block, both records in force at the newest head too."""
    in_force(_anchor(chain, newest, proposal, initiator=True), newest.timestamp)
    initiator = in_force(_anchor(chain, block, proposal, initiator=True), newest.timestamp)
    try:
        in_force(_anchor(chain, newest, proposal, initiator=False), newest.timestamp)
        responder = in_force(_anchor(chain, block, proposal, initiator=False), newest.timestamp)
    except Disagreement as reason:
        # The reasons that name a record mean the initiator's.
        raise Disagreement("RecordDiffers", 1) from reason
    return state_at(chain, block, initiator, responder, proposal.queries())


def _compare(proposal: Proposal, state: SessionState) -> None:
    if proposal.initiator_hash != state.initiator.hash() or proposal.initiator_version != state.initiator.version:
        raise Disagreement("RecordDiffers", 0)
    if proposal.responder_hash != state.responder.hash():
        raise Disagreement("RecordDiffers", 1)
    for position, (claimed, found) in enumerate(zip(proposal.readings, state.valuation, strict=True)):
        if claimed != found:
            raise Disagreement("ValuationDiffers", position)
