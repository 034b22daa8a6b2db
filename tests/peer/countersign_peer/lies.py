"""Proposals that are not true, to see what a responder says to each."""

from dataclasses import replace

from .proposal import Proposal


def spoilt(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def lie(name: str | None, proposal: Proposal) -> Proposal:
    """The proposal with this lie in it; without a name, as it is."""
    if name is None:
        return proposal
    if name == "last-value":
        *kept, last = proposal.readings
        return replace(proposal, readings=(*kept, replace(last, value=spoilt(last.value))))
    changes = {
        "initiator-record": {"initiator_hash": spoilt(proposal.initiator_hash)},
        "responder-record": {"responder_hash": spoilt(proposal.responder_hash)},
        "version": {"initiator_version": proposal.initiator_version + 1},
        "block-hash": {"block_hash": spoilt(proposal.block_hash)},
        "future-block": {"block_number": proposal.block_number + 1000},
        "late": {"timestamp": proposal.timestamp - 60_000},
        "early": {"timestamp": proposal.timestamp + 60_000},
        "chain": {"chain_id": proposal.chain_id + 1},
        "registry": {"registry": spoilt(proposal.registry)},
        "responder": {"responder_owner": spoilt(proposal.responder_owner)},
        "responder-label": {"responder_label": spoilt(proposal.responder_label)},
        "initiator": {"initiator_owner": spoilt(proposal.initiator_owner)},
    }
    return replace(proposal, **changes[name])
