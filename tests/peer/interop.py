"""The independent peer against `countersign listen` and `connect`, live, on a fresh Anvil; and against itself.

    python interop.py COUNTERSIGN ANVIL [NAME …]      the scenarios whose names begin so; all of them without

Fails loudly: what a scenario saw is printed, the others go on, and the exit code is 1.
"""

import socket
import sys
import time
import traceback
from pathlib import Path

from countersign_peer.errors import Disagreement
from stage import INSTRUMENT, ORACLE, OWNERS, REVERTING, Failure, Stage

PRICE = ("--instrument", INSTRUMENT + ":0")
PAIRS = {"hybrid": ("alice", "bob"), "classical": ("carol", "dave")}
CHOICE = {"hybrid": "hybrid", "classical": "prefer-classical"}


def connect_to(stage: Stage, listener, kind: str, trader: str, *arguments):
    """A dialler of this kind, `real` or `peer`, at a listener's address; both have the price as the instrument."""
    at = listener.event("listening")["address"]
    peer = {"alice": "bob", "carol": "dave"}[trader]
    dial = getattr(stage, kind)
    return dial(trader, "connect", OWNERS[peer], "--at", at, *PRICE, *arguments)


def real_listen(stage: Stage, trader: str = "bob", *arguments):
    return stage.real(trader, "listen", "--bind", "127.0.0.1:0", *PRICE, *arguments)


def peer_listen(stage: Stage, trader: str = "bob", *arguments):
    return stage.peer(trader, "listen", *PRICE, *arguments)


def same_session(one, other) -> None:
    """Both sides report one state."""
    hashes = {side.event("session")["state_hash"] for side in (one, other)}
    if len(hashes) != 1:
        raise one.failure(f"two state hashes: {hashes}")


# -- the peer dials `countersign listen`


def dials_hybrid(stage: Stage) -> None:
    _dials(stage, "hybrid")


def dials_classical(stage: Stage) -> None:
    _dials(stage, "classical")


def _dials(stage: Stage, suite: str) -> None:
    ours, theirs = PAIRS[suite]
    listener = real_listen(stage, theirs, "--once", "--suites", CHOICE[suite])
    steps = ("--suites", CHOICE[suite], "--do", "send:one", "bulk:50000", "send:", "pad:two", "await:1", "close")
    peer = connect_to(stage, listener, "peer", ours, *steps)
    same_session(peer, listener)
    listener.until_output(b"two")
    listener.write(b"quote 2,999")
    listener.process.stdin.close()
    peer.event("message", text="quote 2,999")
    peer.end()
    listener.end()
    if listener.output != b"one" + bytes(50_000) + b"two":
        raise listener.failure("other bytes came out than went in")


def dials_another_instrument(stage: Stage) -> None:
    listener = real_listen(stage)
    at = listener.event("listening")["address"]
    peer = stage.peer("alice", "connect", OWNERS["bob"], "--at", at, "--instrument", INSTRUMENT + ":1")
    peer.event("refused", by="peer", reason="Unwilling")
    peer.end(9)


def dials_below_the_floor(stage: Stage) -> None:
    listener = real_listen(stage, "bob", "--suites", "prefer-classical")
    peer = connect_to(stage, listener, "peer", "alice", "--suites", "prefer-classical", "--below-floors")
    peer.event("refused", by="peer", reason="SuiteTooLow")
    peer.end(9)


def dials_with_lies(stage: Stage) -> None:
    """What `countersign listen` says to each, with its detail."""
    listener = real_listen(stage, "bob", "--instrument", INSTRUMENT + ":1")
    at = listener.event("listening")["address"]
    newest = int(stage.rpc("eth_blockNumber"), 16)
    answers = {
        "last-value": ("ValuationDiffers", 1),
        "initiator-record": ("RecordDiffers", 0),
        "responder-record": ("RecordDiffers", 1),
        "version": ("RecordDiffers", 0),
        "block-hash": ("StaleState", 0),
        "future-block": ("UnknownBlock", newest),
        "late": ("ClockSkew", 0),
        "early": ("ClockSkew", 0),
        "chain": ("WrongChain", 0),
        "registry": ("WrongRegistry", 0),
        "responder": ("WrongResponder", 0),
        "responder-label": ("WrongResponder", 0),
        "initiator": ("NotRegistered", 0),
    }
    both = (*PRICE, "--instrument", INSTRUMENT + ":1")
    wrong = []
    for lie, (reason, detail) in answers.items():
        peer = stage.peer("alice", "connect", OWNERS["bob"], "--at", at, *both, "--lie", lie)
        found = peer.event("refused")
        if (found["reason"], found["detail"]) != (reason, detail):
            wrong.append(f"{lie}: {found['reason']} {found['detail']}, not {reason} {detail}")
        peer.end(9)
    if wrong:
        raise listener.failure("; ".join(wrong))


def dials_twice_with_one_hello(stage: Stage) -> None:
    peer = connect_to(stage, real_listen(stage), "peer", "alice", "--twice")
    peer.event("refused", reason="Replayed")
    peer.end(9)


def dials_with_another_key(stage: Stage) -> None:
    peer = connect_to(stage, real_listen(stage), "peer", "alice", "--key", stage.home / "carol.hex")
    peer.event("refused", reason="KeyMismatch")
    peer.end(9)


def dials_with_what_is_no_hello(stage: Stage) -> None:
    """Nothing comes back where no proposal opened, and the listener lives on."""
    listener = real_listen(stage, "bob")
    address = listener.event("listening")["address"]
    host, _, port = address.rpartition(":")
    for message in (b"\1\1\1\2" + bytes(1900), b"\2", b"\x10" + bytes(16), b"\4\1\1\2" + bytes(1900), bytes(17_000)):
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(len(message).to_bytes(2, "big") + message)
            connection.shutdown(socket.SHUT_WR)
            if connection.recv(1) != b"":
                raise listener.failure(f"an answer to {message[:4].hex()}")
    peer = stage.peer("alice", "connect", OWNERS["bob"], "--at", address, *PRICE, "--do", "send:after", "close")
    listener.until_output(b"after")
    peer.end()


def dials_and_cuts_the_stream(stage: Stage) -> None:
    listener = real_listen(stage)
    peer = connect_to(stage, listener, "peer", "alice", "--do", "send:half", "cut")
    same_session(peer, listener)
    peer.end()
    listener.event("broken")


def dials_and_aborts(stage: Stage) -> None:
    listener = real_listen(stage)
    peer = connect_to(stage, listener, "peer", "alice", "--do", "send:x", "abort:KeysWornOut")
    peer.end()
    listener.event("broken")


def dials_and_rotates(stage: Stage) -> None:
    """Rotations and state tickets that the peer begins, data before, between and behind, and a price that moves."""
    listener = real_listen(stage, "bob", "--once")
    steps = ["send:a ", "rotate", "send:b ", "renewed", "send:c ", "await:1", "state-ticket", "pad:d ", "renewed"]
    steps += ["send:e ", "rotate", "renewed", "send:f", "await:2", "close"]
    peer = connect_to(stage, listener, "peer", "alice", "--do", *steps)
    peer.event("epoch", by="me", kind=0)
    listener.until_output(b"a b c ")
    stage.price(3001)
    listener.write(b"between")
    peer.event("message", text="between")
    peer.event("epoch", by="me", kind=1)
    peer.event("epoch", by="me", kind=0)
    listener.until_output(b"a b c d e f")
    listener.write(b"behind")
    listener.process.stdin.close()
    peer.event("message", text="behind")
    peer.end()
    listener.end()


def dials_and_closes_first(stage: Stage) -> None:
    """A subscriber: it has closed its side, and both renew the keys all the same, the listener's data between."""
    listener = real_listen(stage, "bob", "--once")
    steps = ("send:subscribe", "shut", "await:1", "rotate", "renewed", "state-ticket", "renewed", "await:2", "close")
    peer = connect_to(stage, listener, "peer", "alice", "--do", *steps)
    listener.until_output(b"subscribe")
    listener.write(b"before")
    peer.event("message", text="before")
    peer.event("epoch", by="me", kind=0)
    peer.event("epoch", by="me", kind=1)
    listener.write(b"behind")
    listener.process.stdin.close()
    peer.event("message", text="behind")
    peer.event("closed")
    peer.end()
    listener.end()


def dials_and_rotates_classically(stage: Stage) -> None:
    listener = real_listen(stage, "dave", "--once", "--suites", CHOICE["classical"])
    steps = ("rotate", "renewed", "state-ticket", "renewed", "send:classical", "await:1", "close")
    peer = connect_to(stage, listener, "peer", "carol", "--suites", CHOICE["classical"], "--do", *steps)
    listener.until_output(b"classical")
    listener.write(b"heard")
    listener.process.stdin.close()
    peer.event("epoch", kind=1)
    peer.end()
    listener.end()


def dials_and_resumes(stage: Stage) -> None:
    """Three sessions, the second and third from tickets, the third after a rotation in the second."""
    listener = real_listen(stage)
    steps = (
        "send:one",
        "close",
        "resume",
        "send:two",
        "rotate",
        "renewed",
        "send:three",
        "close",
        "resume",
        "send:four",
        "close",
    )
    peer = connect_to(stage, listener, "peer", "alice", "--do", *steps)
    for resumed in (False, True, True):
        ours, theirs = peer.event("session"), listener.event("session")
        if ours["resumed"] is not resumed or ours["state_hash"] != theirs["state_hash"]:
            raise peer.failure("not the session that was to come")
    peer.end()
    listener.until_output(b"onetwothreefour")


def dials_with_a_ticket_that_is_unknown(stage: Stage) -> None:
    """The listener is another process by the time of the resumption: it answers 5, and a live handshake follows."""
    listener = real_listen(stage)
    at = listener.event("listening")["address"]
    steps = ("send:one", "close", "wait-for:again", "resume", "send:two", "close")
    peer = stage.peer("alice", "connect", OWNERS["bob"], "--at", at, *PRICE, "--do", *steps)
    peer.event("waiting")
    listener.kill()
    listener = stage.real("bob", "listen", "--bind", at, *PRICE)
    listener.event("listening")
    peer.write(b"again\n")
    peer.event("ticket-unknown")
    peer.event("session", resumed=False)
    listener.until_output(b"two")
    peer.end()


# -- `countersign connect` dials the peer


def answers_hybrid(stage: Stage) -> None:
    _answers(stage, "hybrid")


def answers_classical(stage: Stage) -> None:
    _answers(stage, "classical")


def _answers(stage: Stage, suite: str) -> None:
    ours, theirs = PAIRS[suite]
    listener = peer_listen(stage, theirs, "--do", "await:1", "send:quote ", "bulk:40000", "pad:end", "finish")
    dialler = connect_to(stage, listener, "real", ours, "--suites", CHOICE[suite])
    same_session(dialler, listener)
    dialler.write(b"order")
    listener.event("message", text="order")
    dialler.until_output(b"end")
    dialler.end()
    listener.event("closed")
    listener.end()
    if dialler.output != b"quote " + bytes(40_000) + b"end":
        raise dialler.failure("other bytes came out than went in")


def answers_with_every_reason(stage: Stage) -> None:
    """Each reject opens at `countersign connect`; after two of them it dials once more."""
    for reason in Disagreement.CODES:
        again = reason in ("UnknownBlock", "StaleState")
        detail = int(stage.rpc("eth_blockNumber"), 16) if reason == "UnknownBlock" else 0
        refusals = ["--refuse", f"{reason}:{detail}"] * (2 if again else 1)
        listener = peer_listen(stage, "bob", "--sessions", str(len(refusals) // 2), *refusals)
        dialler = connect_to(stage, listener, "real", "alice")
        for _ in range(len(refusals) // 2):
            listener.event("refused", by="me", reason=reason)
        dialler.end(9)
        listener.end()


def answers_the_second_time(stage: Stage) -> None:
    """After `UnknownBlock` the dialler comes again, with a block that the responder knows."""
    stage.price(3003)
    newest = int(stage.rpc("eth_blockNumber"), 16)
    listener = peer_listen(stage, "bob", "--sessions", "2", "--refuse", f"UnknownBlock:{newest - 1}")
    dialler = connect_to(stage, listener, "real", "alice")
    same_session(dialler, listener)
    dialler.end()
    listener.end()


def answers_under_load(stage: Stage) -> None:
    """The peer demands a cookie first."""
    listener = peer_listen(stage, "bob", "--demand-cookies")
    dialler = connect_to(stage, listener, "real", "alice")
    listener.event("cookie", by="me")
    same_session(dialler, listener)
    dialler.end()
    listener.end()


def answers_and_rotates(stage: Stage) -> None:
    """The session's responder begins: the roles of the Noise handshake are then the other way round."""
    steps = ("rotate", "send:a ", "renewed", "send:b ", "await:1", "state-ticket", "renewed", "send:c", "await:2", "finish")
    listener = peer_listen(stage, "bob", "--do", *steps)
    dialler = connect_to(stage, listener, "real", "alice")
    dialler.until_output(b"a b ")
    stage.price(3002)
    dialler.write(b"between")
    listener.event("message", text="between")
    listener.event("epoch", by="me", kind=1)
    dialler.until_output(b"a b c")
    dialler.write(b"behind")
    listener.event("message", text="behind")
    dialler.end()
    listener.end()


def answers_one_that_has_closed(stage: Stage) -> None:
    """`countersign connect` has closed its side, and goes on answering while it receives."""
    steps = ("closed", "send:a ", "rotate", "renewed", "send:b ", "state-ticket", "renewed", "send:c", "close")
    listener = peer_listen(stage, "bob", "--do", *steps)
    dialler = connect_to(stage, listener, "real", "alice")
    same_session(dialler, listener)
    dialler.process.stdin.close()
    listener.event("closed")
    listener.event("epoch", by="me", kind=0)
    listener.event("epoch", by="me", kind=1)
    dialler.until_output(b"a b c")
    dialler.end()
    listener.end()


# -- the peer with itself: what the programs do not do on demand


def itself_under_load_and_resumed(stage: Stage) -> None:
    listener = peer_listen(stage, "bob", "--demand-cookies", "--sessions", "3", "--echo")
    steps = ("send:a", "await:1", "close", "resume", "send:b", "await:1", "close", "resume", "send:c", "await:1", "close")
    peer = connect_to(stage, listener, "peer", "alice", "--do", *steps)
    for resumed, text in ((False, "a"), (True, "b"), (True, "c")):
        peer.event("cookie", by="peer")
        peer.event("session", resumed=resumed)
        peer.event("message", text=text)
    peer.end()
    listener.end()


def itself_under_load_with_a_ticket_that_is_unknown(stage: Stage) -> None:
    """The cookie that the resume earned serves the hello too."""
    listener = peer_listen(stage, "bob", "--demand-cookies", "--forget-tickets", "--sessions", "2")
    peer = connect_to(stage, listener, "peer", "alice", "--do", "close", "resume", "send:x", "close")
    peer.event("session", resumed=False)
    peer.event("cookie")
    peer.event("ticket-unknown")
    peer.event("session", resumed=False)
    listener.event("message", text="x")
    peer.end()
    listener.end()


def itself_with_a_ticket_that_is_refused(stage: Stage) -> None:
    listener = peer_listen(stage, "bob", "--sessions", "2", "--refuse", "pass", "--refuse", "Busy")
    peer = connect_to(stage, listener, "peer", "alice", "--do", "close", "resume", "close")
    peer.event("refused", by="peer", reason="Busy")
    peer.end(9)
    listener.end()


def itself_with_requests_that_cross(stage: Stage) -> None:
    """Neither side reads between the message and its own request, so that the requests always cross."""
    listener = peer_listen(stage, "bob", "--do", "await:1", "state-ticket", "epoch:1", "send:c", "finish")
    peer = connect_to(stage, listener, "peer", "alice", "--do", "send:x", "rotate", "epoch:1", "await:1", "close")
    listener.event("dropped", kind=1)
    listener.event("epoch", number=1, by="peer", kind=0)
    peer.event("ignored", kind=1)
    peer.event("epoch", number=1, by="me", kind=0)
    peer.event("message", text="c")
    peer.end()
    listener.end()


def itself_closed_in_one_direction(stage: Stage) -> None:
    """Both renew the keys after the dialler has closed, whoever begins."""
    listener = peer_listen(stage, "bob", "--do", "closed", "send:a", "epoch:1", "rotate", "renewed", "send:b", "close")
    steps = ("shut", "await:1", "rotate", "epoch:1", "await:2", "close")
    peer = connect_to(stage, listener, "peer", "alice", "--do", *steps)
    peer.event("epoch", number=1, by="me", kind=0)
    peer.event("epoch", number=2, by="peer", kind=0)
    peer.event("message", text="b")
    peer.end()
    listener.end()


def itself_refusing_an_epoch(stage: Stage) -> None:
    listener = peer_listen(stage, "bob", "--refuse-epoch", "Unable", "--echo")
    steps = ("rotate", "refusal:1", "send:on", "await:1", "wait:5", "rotate", "epoch:1", "send:new", "await:2", "close")
    peer = connect_to(stage, listener, "peer", "alice", "--do", *steps)
    peer.event("refused", by="peer", reason="Unable")
    peer.event("message", text="on")
    peer.event("epoch", number=1)
    peer.event("message", text="new")
    peer.end()
    listener.end()


# -- the value is what a call returns: executed by `countersign`, told by the node to the peer


def dials_valued_by_a_call(stage: Stage) -> None:
    _valued_by_a_call(stage, "real", "peer")


def answers_valued_by_a_call(stage: Stage) -> None:
    _valued_by_a_call(stage, "peer", "real")


def itself_valued_by_a_call(stage: Stage) -> None:
    _valued_by_a_call(stage, "peer", "peer")


def dials_with_a_call_that_reverts(stage: Stage) -> None:
    """The peer proposes what it made up; nobody has such a reading."""
    listener = real_listen(stage, "bob", "--instrument", f"{REVERTING}:latestRoundData()")
    at = listener.event("listening")["address"]
    both = (*PRICE, "--instrument", f"{REVERTING}:latestRoundData()")
    peer = stage.peer("alice", "connect", OWNERS["bob"], "--at", at, *both, "--make-up-calls")
    peer.event("refused", by="peer", reason="Unable")
    peer.end(9)


def _valued_by_a_call(stage: Stage, listening: str, dialling: str) -> None:
    """The call sees the block that the session is bound to, so each has another value."""
    called = ("--instrument", f"{ORACLE}:latestRoundData()")
    listener = {"real": real_listen, "peer": peer_listen}[listening](stage, "bob", *called)
    steps = ("--do", "wait:1", "state-ticket", "epoch:1", "close") if dialling == "peer" else ()
    dialler = connect_to(stage, listener, dialling, "alice", *called, *steps)
    same_session(dialler, listener)
    if dialling == "real":
        dialler.process.stdin.close()
    else:
        stage.price(3001)
        dialler.event("epoch", number=1)
    dialler.end()


# -- a record is revoked: nothing of these identities goes on, so this comes last


def revoked_in_a_session_the_peer_tells(stage: Stage) -> None:
    listener = real_listen(stage, "dave", "--suites", CHOICE["classical"])
    peer = connect_to(stage, listener, "peer", "carol", "--suites", CHOICE["classical"], "--do", "send:x", "finish")
    same_session(peer, listener)
    stage.command("carol", "revoke", "--unlocked", "--yes", "--reason", "key-compromised")
    peer.event("aborted", reason="Revoked", detail=0)
    listener.event("broken")
    peer.end()


def revoked_in_a_session_countersign_tells(stage: Stage) -> None:
    listener = peer_listen(stage, "bob", "--no-watch", "--do", "finish")
    dialler = connect_to(stage, listener, "real", "alice")
    same_session(dialler, listener)
    stage.command("bob", "revoke", "--unlocked", "--yes", "--reason", "key-compromised")
    listener.event("aborted", by="peer", reason="Revoked", detail=1)
    dialler.end(None)
    if "revoked" not in dialler.log[-1]:
        raise dialler.failure("does not say that the record is revoked")
    listener.end()


SCENARIOS = (
    dials_hybrid,
    dials_classical,
    dials_another_instrument,
    dials_below_the_floor,
    dials_with_lies,
    dials_twice_with_one_hello,
    dials_with_another_key,
    dials_with_what_is_no_hello,
    dials_and_cuts_the_stream,
    dials_and_aborts,
    dials_and_rotates,
    dials_and_closes_first,
    dials_and_rotates_classically,
    dials_and_resumes,
    dials_with_a_ticket_that_is_unknown,
    answers_hybrid,
    answers_classical,
    answers_with_every_reason,
    answers_the_second_time,
    answers_under_load,
    answers_and_rotates,
    answers_one_that_has_closed,
    itself_under_load_and_resumed,
    itself_under_load_with_a_ticket_that_is_unknown,
    itself_with_a_ticket_that_is_refused,
    itself_with_requests_that_cross,
    itself_closed_in_one_direction,
    itself_refusing_an_epoch,
    dials_valued_by_a_call,
    answers_valued_by_a_call,
    itself_valued_by_a_call,
    dials_with_a_call_that_reverts,
    revoked_in_a_session_the_peer_tells,
    revoked_in_a_session_countersign_tells,
)


def main(countersign: str, anvil: str, *wanted: str) -> int:
    chosen = [one for one in SCENARIOS if not wanted or one.__name__.startswith(wanted)]
    if not chosen:
        print(f"no scenario begins with {wanted}", file=sys.stderr)
        return 2
    failed = 0
    with Stage(Path(countersign), Path(anvil)) as stage:
        for scenario in chosen:
            since = time.monotonic()
            try:
                scenario(stage)
                verdict = "ok"
            except Failure as failure:
                verdict, failed = f"FAILED: {failure}", failed + 1
            except Exception:  # a scenario's own mistake must not hide the others
                verdict, failed = f"FAILED: {traceback.format_exc()}", failed + 1
            stage.calm()
            print(f"{scenario.__name__:42} {time.monotonic() - since:5.1f} s  {verdict}", flush=True)
    print(f"{len(chosen) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
