"""Makes the test vectors of the protocol, or checks a folder of them.

    python vectors.py write FOLDER      the files below, from inputs that hang on their names alone
    python vectors.py check FOLDER      computes every case of every file there again

The format is told in countersign_peer/vectors.py.
"""

import json
import sys
from pathlib import Path

from countersign_peer.cookie import mac1
from countersign_peer.curve import KeyPair
from countersign_peer.vectors import compute, differences
from selftest.world import drawn

INITIATOR, RESPONDER = drawn("initiator static").hex(), drawn("responder static").hex()
EXPORT = {"label": b"settlement".hex(), "context": b"42".hex(), "length": 64}
REASONS = [["StaleState", 0], ["UnknownBlock", 21_000_000], ["ValuationDiffers", 0], ["RecordDiffers", 1], ["Unable", 0]]


def case(kind: str, name: str, /, **inputs) -> dict:
    return {"kind": kind, "name": name, "inputs": inputs, "outputs": compute(kind, inputs)}


def record(secret: str, owner: int, floor: int, **changes) -> dict:
    signer = compute("key_pair", {"secret": secret})["address"]
    terms = {"owner": f"{owner:02x}" * 20, "label": "00" * 32, "version": 1, "signer": signer, "anchored_at": 1_750_000_000}
    return terms | {"valid_until": 0, "scheme": 0, "suite_floor": floor} | changes


def slots(count: int) -> list[dict]:
    return [
        {"kind": 0, "source": "c0" * 20, "subject": f"{slot:064x}", "value": drawn(f"value {slot}").hex()}
        for slot in range(count)
    ]


def call(calldata: bytes, returned: int) -> dict:
    """A view call, and that many bytes that it returned."""
    return {"kind": 1, "source": "c1" * 20, "calldata": calldata.hex(), "returned": drawn("returned", returned).hex()}


def state(readings: int | list = 1, floor: int = 0, block: int = 21_000_000) -> dict:
    """With so many slots for its valuation, or with that one."""
    valuation = slots(readings) if isinstance(readings, int) else readings
    return {
        "chain_id": 1,
        "block_number": block,
        "block_hash": drawn(f"block {block}").hex(),
        "registry": "45f38f2aca274ee229e45ea827983e45f2896b39",
        "initiator": record(INITIATOR, 0xA1, floor, label=drawn("desk").hex(), version=3, valid_until=1_900_000_000),
        "responder": record(RESPONDER, 0xB2, floor, scheme=1),
        "valuation": valuation,
    }


def begins(name: str) -> dict:
    return {"ephemeral": drawn(name + " ephemeral").hex(), "kem_seed": drawn(name + " kem", 64).hex()}


def answers(name: str) -> dict:
    return {"ephemeral": drawn(name + " ephemeral").hex(), "encapsulation": drawn(name + " m").hex()}


# An oracle's `latestRoundData()`, and a balance.
PRICE, BALANCE = call(bytes.fromhex("feaf968c"), 160), call(bytes.fromhex("70a08231") + bytes(12) + b"\xb2" * 20, 32)


def live_inputs(suite: int, readings: int | list = 1) -> dict:
    return {
        "suite": suite,
        # What a party offers that takes part in every suite from this one on.
        "offered": (0b11 >> suite) << suite,
        "initiator_static": INITIATOR,
        "responder_static": RESPONDER,
        "state": state(readings, suite),
        "timestamp": 1_760_000_000_123,
        "initiator": begins(f"live {suite}"),
        "responder": answers(f"live {suite} answer"),
        "cookie_secret": drawn("cookie secret").hex(),
        "ip": ["192.0.2.7", "2001:db8::7"][suite],
        "port": 40_000 + suite,
        "cookie_nonce": drawn("cookie nonce", 12).hex(),
        "rejects": REASONS,
        "export": EXPORT,
    }


def spoilt(message: str, at: int) -> str:
    """One bit flipped; a negative place counts from the end."""
    data = bytearray.fromhex(message)
    data[at] ^= 1
    return data.hex()


def with_mac1(hello: str) -> str:
    data = bytes.fromhex(hello)
    key = KeyPair(bytes.fromhex(RESPONDER)).public
    return (data[:-32] + mac1(key, data[:4], data[4:37]) + data[-16:]).hex()


def primitives() -> list[dict]:
    cases = [case("key_pair", name, secret=drawn(name).hex()) for name in ("initiator static", "responder static")]
    cases.append(case("kem_pair", "a seed", seed=drawn("live 1 kem", 64).hex()))
    key = cases[-1]["outputs"]["public"]
    cases.append(case("encapsulation", "a key", key=key, randomness=drawn("m").hex()))
    for name, start in (
        ("a coefficient of 3328", "000dd0"),
        ("a coefficient of 3329", "010d00"),
        ("the other of 3329", "0010d0"),
    ):
        cases.append(case("encapsulation", name, key=start + key[6:], randomness=drawn("m").hex()))
    point = KeyPair(bytes.fromhex(RESPONDER)).public.hex()
    x = point[2:]
    points = {"a point": point, "its negative": f"{int(point[:2], 16) ^ 1:02x}{x}", "off the curve": f"02{5:064x}"}
    points |= {
        "x above the field": "02" + "ff" * 32,
        "infinity": "00",
        "infinity, 33 bytes": "00" * 33,
        "a hybrid form": "06" + x * 2,
    }
    points |= {"uncompressed": "04" + x * 2, "x alone": x, "an unknown form": "05" + x}
    return cases + [case("diffie_hellman", name, secret=INITIATOR, point=value) for name, value in points.items()]


def states() -> list[dict]:
    cases = [case("state", f"{n} readings", state=state(n), timestamp=1_760_000_000_123) for n in (0, 1, 3, 4, 16)]
    valuations = {
        "a view call": [PRICE],
        "a view call between two slots": [slots(2)[0], PRICE, slots(2)[1]],
        "the same contract called twice": [PRICE, BALANCE],
        "a call without calldata that returned nothing": [call(b"", 0)],
        "the longest calldata and the longest return data": [call(drawn("calldata", 260), 4096)],
        "16 of the longest calls": [call(drawn(f"calldata {n}", 260), 4096) for n in range(16)],
    }
    for name, valuation in valuations.items():
        cases.append(case("state", name, state=state(valuation), timestamp=1_760_000_000_123))
    word = 0x11 << 152 | 0x22 | 1_750_000_000 << 160 | 1_900_000_000 << 200 | 7 << 232 | 1 << 248 | 1 << 249
    for name, value in (("in force", word), ("revoked", word | 1 << 251 | 3 << 252), ("absent", 0)):
        cases.append(case("record_word", name, owner="a1" * 20, label="00" * 32, word=f"{value:064x}"))
    good, called = (bytes.fromhex(cases[n]["outputs"]["proposal"]) for n in (1, 5))
    bad = {
        "padding that is not zero": good[:-1] + b"\1",
        "padding that is not the least": good + bytes(512),
        "no padding": good[:332],
        "17 readings": good[:246] + b"\x11" + bytes(1801),
        "empty": b"",
        "a reading of an unknown kind": called[:247] + b"\2" + called[248:],
        "a call that is told to be a slot, another kind": called[:247] + b"\0" + called[248:],
        "a slot that is told to be a call, another kind": good[:247] + b"\1" + good[248:],
        "another subject than the hash of the calldata": called[:268] + b"\xff" + called[269:],
        "another calldata": called[:334] + b"\xff" + called[335:],
        "another length, shorter": called[:332] + b"\0\3" + called[334:],
        "another length, longer": called[:332] + b"\0\5" + called[334:],
        "another length, behind the end": called[:332] + b"\xff\xff" + called[334:],
        "261 bytes of calldata": _proposed_call(bytes(261)),
        "calldata that is cut off": _proposed_call(bytes(260))[:512],
    }
    cases.append(case("open_proposal", "as it should be", proposal=good.hex()))
    cases.append(case("open_proposal", "a view call as it should be", proposal=called.hex()))
    return cases + [case("open_proposal", name, proposal=value.hex()) for name, value in bad.items()]


def _proposed_call(calldata: bytes) -> bytes:
    """A proposal of one call, of any length."""
    return bytes.fromhex(compute("state", {"state": state([call(calldata, 32)]), "timestamp": 0})["proposal"])


def handshakes() -> list[dict]:
    cases = []
    for suite, name in enumerate(("classical", "hybrid")):
        inputs = live_inputs(suite)
        done = case("live", name, **inputs)
        out = done["outputs"]
        cases += [done, case("live", f"{name}, 16 readings", **live_inputs(suite, 16))]
        cases.append(case("live", f"{name}, a view call", **live_inputs(suite, [slots(1)[0], PRICE])))
        places = {
            "version": 1,
            "suite": 2,
            "offered": 3,
            "ephemeral": 20,
            "static": -600,
            "proposal": -100,
            "mac1": -20,
            "tag": -33,
        }
        for part, at in places.items():
            spoilt_hello = spoilt(out["hello"], at)
            if 0 < at < 37:  # what mac1 covers: it is made anew, so that the message opens no further all the same
                cases.append(
                    case("open_hello", f"{name}, {part} without its mac1", responder_static=RESPONDER, hello=spoilt_hello)
                )
                spoilt_hello = with_mac1(spoilt_hello)
            cases.append(case("open_hello", f"{name}, altered {part}", responder_static=RESPONDER, hello=spoilt_hello))
        shared = {key: inputs[key] for key in ("suite", "offered", "initiator_static", "state", "timestamp", "initiator")}
        shared["responder_key"] = KeyPair(bytes.fromhex(RESPONDER)).public.hex()
        cases.append(case("open_answer", f"{name}, reply", **shared, answer=out["reply"]))
        cases.append(case("open_answer", f"{name}, altered reply", **shared, answer=spoilt(out["reply"], -1)))
        cases.append(case("open_answer", f"{name}, altered ephemeral", **shared, answer=spoilt(out["reply"], 30)))
        other = shared | {"state": state(1, suite, 21_000_001)}
        cases.append(case("open_answer", f"{name}, another state", **other, answer=out["reply"]))
        for reason, reject in zip(REASONS, out["rejects"], strict=True):
            cases.append(case("open_answer", f"{name}, {reason[0]}", **shared, answer=reject))
            cases.append(case("open_answer", f"{name}, altered {reason[0]}", **shared, answer=spoilt(reject, -1)))
            cases.append(case("open_answer", f"{name}, nonce of {reason[0]}", **shared, answer=spoilt(reject, 3)))
    return cases


def renewals() -> list[dict]:
    cases = []
    for suite, name in enumerate(("classical", "hybrid")):
        present = compute("live", live_inputs(suite))["epoch"]
        for number in range(1, 5):
            beginner, kind = number % 2, (number - 1) // 2
            inputs = {
                "h": present["h"],
                "rotation_secret": present["rotation_secret"],
                "beginner": beginner,
                "kind": kind,
                "number": number,
                "suite": suite,
                "state": state([*slots(1), PRICE], suite, 21_000_000 + number),
                "first": begins(f"epoch {suite} {number}"),
                "second": answers(f"epoch {suite} {number} answer"),
            }
            who, what = ("initiator", "responder")[beginner], ("rotation", "state ticket")[kind]
            cases.append(case("epoch", f"{name}, epoch {number}: {what} by the {who}", **inputs))
            present = cases[-1]["outputs"]["epoch"]
    return cases


def resumptions() -> list[dict]:
    cases = []
    for suite, name in enumerate(("classical", "hybrid")):
        out = compute("live", live_inputs(suite))
        for turn in ("first", "second"):
            inputs = {key: out[key] for key in ("ticket_secret", "proposal_key", "ticket_id")} | {
                "suite": suite,
                "offered": 3,
                "responder_key": KeyPair(bytes.fromhex(RESPONDER)).public.hex(),
                "state": state([*slots(2), PRICE], suite, 21_000_100),
                "initiator": begins(f"resume {suite} {turn}"),
                "responder": answers(f"resume {suite} {turn} answer"),
                "rejects": REASONS,
                "export": EXPORT,
            }
            cases.append(case("resumption", f"{name}, {turn} in a row", **inputs))
            out = cases[-1]["outputs"]
    return cases


def sealed() -> list[dict]:
    key, lane = drawn("record key").hex(), drawn("lane", 8).hex()
    kinds = {"Data": 0x10, "DataMore": 0x11, "Close": 0x12, "Confirmation": 0x13, "Abort": 0x17}
    contents = {"Data": b"buy 3", "DataMore": b"", "Close": b"", "Confirmation": b"", "Abort": b"\3\1"}
    cases = []
    for number, (name, kind) in enumerate(kinds.items()):
        inputs = {"key": key, "number": number, "type": kind, "content": contents[name].hex()}
        cases.append(case("record", name, **inputs, padded_to=None))
        if name != "Confirmation":
            cases.append(case("record", f"{name}, padded", **inputs, padded_to=64))
    great = {"key": key, "number": 2**64 - 2, "type": 0x10, "content": "", "padded_to": None}
    cases.append(case("record", "empty, with the last number", **great))
    good = cases[0]["outputs"]["record"]
    for name, number, record in (
        ("as it should be", 0, good),
        ("another number", 1, good),
        ("another type", 0, "11" + good[2:]),
        ("an unknown type", 0, "18" + good[2:]),
        ("altered", 0, spoilt(good, -1)),
        ("too short for a tag", 0, good[:32]),
    ):
        cases.append(case("open_record", name, key=key, number=number, record=record))
    for number, content in enumerate(("", "7469636b", "00" * 1195)):
        inputs = {"key": key, "lane": lane, "epoch": 3, "number": number, "content": content}
        cases.append(case("seal_datagram", f"{len(content) // 2} bytes", **inputs, padded_to=None))
    cases.append(case("seal_datagram", "padded", key=key, lane=lane, epoch=3, number=9, content="7469636b", padded_to=100))
    return cases


FILES = {
    "primitives": primitives,
    "state": states,
    "live": handshakes,
    "epochs": renewals,
    "resumption": resumptions,
    "records": sealed,
}


def write(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    for name, cases in FILES.items():
        (folder / f"{name}.json").write_text(json.dumps(cases(), indent=1) + "\n")
    return 0


def check(folder: Path) -> int:
    checked = failed = 0
    for path in sorted(folder.glob("*.json")):
        for one in json.loads(path.read_text()):
            wrong = differences(one)
            checked, failed = checked + 1, failed + bool(wrong)
            if wrong:
                print(f"{path.name}: {one['kind']}, {one['name']}: {', '.join(wrong)} differ", file=sys.stderr)
    print(f"{checked - failed} passed, {failed} failed")
    return 0 if checked and not failed else 1


if __name__ == "__main__":
    sys.exit({"write": write, "check": check}[sys.argv[1]](Path(sys.argv[2])))
