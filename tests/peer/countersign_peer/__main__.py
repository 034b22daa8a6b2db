"""Dials or answers a Countersign peer, and prints what happened as one JSON object per line.

    python -m countersign_peer connect 0x3C44… --at 127.0.0.1:9734 --owner 0x7099… --key alice.hex --rpc URL \\
        --do send:hello await:1 rotate epoch:1 close resume send:again close
    python -m countersign_peer listen --bind 127.0.0.1:0 --owner … --key … --rpc URL --echo --sessions 2

Steps: send:TEXT pad:TEXT bulk:BYTES await:MESSAGES rotate state-ticket renewed epoch:NUMBER refusal:COUNT export:LABEL
wait:SECONDS wait-for:LINE abort:REASON cut shut closed close finish; `resume` and `again` begin another session, from the
ticket or live.
Exit codes: 0 done, 1 anything else, 9 one side did not agree.
"""

import argparse
import json
import os
import socket
import stat
import sys

from .agreement import Policy
from .chain import Chain
from .curve import KeyPair
from .dialler import Dialler, Opened
from .errors import Disagreement, ProtocolError
from .keys import keccak
from .listener import Listener
from .session import Session
from .state import Query, word
from .stream import Ended
from .trie import ProofError

REGISTRY = "0x45F38F2AcA274Ee229e45EA827983e45f2896B39"
SUITES = {"hybrid": (1, 0b10), "prefer-hybrid": (1, 0b11), "prefer-classical": (0, 0b11), "classical": (0, 0b01)}


def main() -> int:
    arguments = _arguments()
    try:
        return arguments.run(arguments)
    except Disagreement as reason:
        emit("refused", by="peer", reason=reason.name, detail=reason.detail)
        return 9
    except (ProtocolError, ProofError, Ended, OSError) as error:
        emit("failed", kind=type(error).__name__, message=str(error))
        return 1


def emit(event: str, **fields) -> None:
    print(json.dumps({"event": event, **fields}), flush=True)


def connect(arguments) -> int:
    suite, offered = SUITES[arguments.suites]
    host, _, port = arguments.at.rpartition(":")
    chain = _chain(arguments)
    chain.making_up_calls = arguments.make_up_calls
    dialler = Dialler(
        chain,
        _key(arguments.key),
        (_address(arguments.owner), bytes(32)),
        (_address(arguments.who), bytes(32)),
        None if arguments.peer_key is None else bytes.fromhex(arguments.peer_key),
        (host, int(port)),
        _queries(arguments) or (),
        suite,
        offered,
        emit,
        arguments.below_floors,
        arguments.lie,
        arguments.twice,
    )
    opened = None
    for how, steps in _sessions(arguments.do or ["finish"]):
        opened = dialler.resume(opened.ticket) if how == "resume" else dialler.dial()
        _converse(arguments, dialler.chain, opened, steps, list(arguments.refuse_epoch))
    return 0


def listen(arguments) -> int:
    policy = Policy(instruments=_queries(arguments), clock_skew_ms=arguments.clock_skew_ms)
    listener = Listener(
        _chain(arguments),
        _key(arguments.key),
        (_address(arguments.owner), bytes(32)),
        policy,
        arguments.demand_cookies,
        emit,
        list(arguments.refuse),
    )
    refusing = list(arguments.refuse_epoch)
    scripts = [steps for _, steps in _sessions(arguments.do or ["finish"])]
    with socket.create_server(_host(arguments.bind)) as server:
        host, port = server.getsockname()[:2]
        emit("listening", address=f"{host}:{port}")
        for number in range(arguments.sessions):
            connection, source = server.accept()
            try:
                opened = listener.answer(connection, source)
                _converse(arguments, listener.chain, opened, scripts[min(number, len(scripts) - 1)], refusing)
            except Disagreement as reason:
                emit("refused", by="me", reason=reason.name, detail=reason.detail)
            finally:
                connection.close()
            if arguments.forget_tickets:
                listener.tickets.clear()
    return 0


def _converse(arguments, chain: Chain, opened: Opened, steps: list[str], refusing: list[str]) -> None:
    channel, state = opened.channel, opened.state
    emit(
        "session",
        role=["initiator", "responder"][channel.role],
        peer="0x" + (state.responder, state.initiator)[channel.role].owner.hex(),
        suite=channel.suite,
        resumed=opened.resumed,
        state_hash="0x" + state.hash().hex(),
        h=channel.first.h.hex(),
        block=state.block_number,
        values=[reading.value.hex() for reading in state.valuation],
    )
    session = Session(opened.stream, channel, state, chain, Policy(), emit, arguments.echo)
    session.refusing, session.watching = refusing, not arguments.no_watch
    try:
        session.run(steps)
    finally:
        opened.stream.close()


def _sessions(steps: list[str]) -> list[tuple[str, list[str]]]:
    """The steps, session by session, and how each begins."""
    sessions: list[tuple[str, list[str]]] = [("live", [])]
    for step in steps:
        if step in ("resume", "again"):
            sessions.append((step, []))
        else:
            sessions[-1][1].append(step)
    return sessions


def _arguments():
    parser = argparse.ArgumentParser(prog="countersign_peer", description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(required=True)
    dial = commands.add_parser("connect")
    dial.set_defaults(run=connect)
    dial.add_argument("who", help="the responder's owner address")
    dial.add_argument("--at", required=True)
    dial.add_argument("--suites", choices=SUITES, default="hybrid")
    dial.add_argument("--peer-key", help="the responder's key, where its record is compact; compressed, hexadecimal")
    dial.add_argument("--below-floors", action="store_true", help="dial even where a record demands a stronger suite")
    dial.add_argument("--lie", help="propose something untrue (lies.py)")
    dial.add_argument("--make-up-calls", action="store_true", help="where a call has no reading, propose that it returned nothing")
    dial.add_argument("--twice", action="store_true", help="send the hello twice, each time on a connection of its own")
    answer = commands.add_parser("listen")
    answer.set_defaults(run=listen)
    answer.add_argument("--bind", default="127.0.0.1:0")
    answer.add_argument("--sessions", type=int, default=1, help="end after so many connections")
    answer.add_argument("--demand-cookies", action="store_true")
    answer.add_argument("--refuse", action="append", default=[], help="REASON, REASON:DETAIL or `pass`, a handshake each")
    answer.add_argument("--forget-tickets", action="store_true", help="know no ticket of an earlier session")
    answer.add_argument("--clock-skew-ms", type=int, default=30_000)
    for command in (dial, answer):
        command.add_argument("--owner", required=True)
        command.add_argument("--key", required=True, help="a file only its owner can read: the identity key, hexadecimal")
        command.add_argument("--rpc", required=True)
        command.add_argument("--chain-id", type=int, default=31337)
        command.add_argument("--registry", default=REGISTRY)
        command.add_argument("--instrument", action="append", help="CONTRACT:SLOT or 'CONTRACT:SIGNATURE WORD ...' (repeatable)")
        command.add_argument("--echo", action="store_true")
        command.add_argument("--no-watch", action="store_true", help="do not look at the records while the session lives")
        command.add_argument("--refuse-epoch", action="append", default=[], help="refuse an epoch request so (repeatable)")
        command.add_argument("--do", nargs="+", help="steps")
    return parser.parse_args()


def _chain(arguments) -> Chain:
    return Chain(arguments.rpc, arguments.chain_id, _address(arguments.registry))


def _key(path: str) -> KeyPair:
    if os.stat(path).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SystemExit(f"{path} can be read by others: chmod 600 it")
    with open(path, encoding="ascii") as file:
        return KeyPair(bytes.fromhex(file.read().strip().removeprefix("0x")))


def _address(text: str) -> bytes:
    address = bytes.fromhex(text.removeprefix("0x"))
    if len(address) != 20:
        raise SystemExit(f"{text} is no address")
    return address


def _host(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)


def _queries(arguments) -> tuple[Query, ...] | None:
    """The instrument; None means that a responder takes any."""
    if not arguments.instrument:
        return None
    return tuple(_query(text) for text in arguments.instrument)


def _query(text: str) -> Query:
    """A slot, or a call with what it is called by: `balanceOf(address) 0x70...` has its selector and one word."""
    contract, _, read = text.partition(":")
    if "(" not in read:
        return Query(_address(contract), word(int(read, 0)))
    signature, *arguments = read.split()
    calldata = keccak(signature.encode())[:4] + b"".join(word(int(value, 0)) for value in arguments)
    return Query.call(_address(contract), calldata)


if __name__ == "__main__":
    sys.exit(main())
