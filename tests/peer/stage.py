"""What the live scenarios play on: a fresh Anvil, two registered traders, and both programs as processes."""

import hashlib
import http.client
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from Crypto.Cipher import AES
from Crypto.Util import Counter

from countersign_peer.keys import keccak

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 40.0
# Development accounts of Anvil, which the node holds unlocked. The records of carol and dave have the classical floor.
OWNERS = {
    "alice": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
    "bob": "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
    "carol": "0x90F79bf6EB2c4f870365E785982E1f101E93b906",
    "dave": "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65",
}
CLASSICAL = ("carol", "dave")
INSTRUMENT = "0x00000000000000000000000000000000001a57a1"
# Returns what a view call sees: its slot 0, NUMBER, TIMESTAMP and CALLER, a word each.
ORACLE = "0x000000000000000000000000000000000004ac1e"
REVERTING = "0x00000000000000000000000000000000000bad0c"
PASSPHRASE = "correct horse battery staple"


class Failure(Exception):
    """A scenario that did not go as the specification says."""


class Program:
    """A process whose lines are read as they come. `events` is the stream with its JSON lines, `output` the other."""

    def __init__(self, name: str, command: list[str], events: str, env: dict):
        self.name = name
        self.log: list[str] = []
        self.output = b""
        self._lines: queue.Queue = queue.Queue()
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=env)
        spoken, other = self.process.stdout, self.process.stderr
        if events == "stderr":
            spoken, other = other, spoken
        self._threads = [threading.Thread(target=self._read_events, args=(spoken,), daemon=True)]
        self._threads.append(threading.Thread(target=self._read_output, args=(other,), daemon=True))
        for thread in self._threads:
            thread.start()

    def _read_events(self, pipe) -> None:
        for line in pipe:
            self.log.append(line.decode(errors="replace").rstrip())
            self._lines.put(self.log[-1])
        self._lines.put(None)

    def _read_output(self, pipe) -> None:
        while piece := os.read(pipe.fileno(), 65_536):
            self.output += piece

    def event(self, name: str, **fields) -> dict:
        """The next event of this name with these fields; others before it are passed over."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                raise self.failure(f"no event {name} {fields} in time") from None
            if line is None:
                raise self.failure(f"ended without the event {name} {fields}")
            try:
                found = json.loads(line)
            except ValueError:
                continue
            if found.get("event") == name and all(found.get(key) == value for key, value in fields.items()):
                return found

    def write(self, data: bytes) -> None:
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def until_output(self, wanted: bytes) -> None:
        until = time.monotonic() + PATIENCE
        while wanted not in self.output:
            if time.monotonic() > until or (self.process.poll() is not None and not self._threads[1].is_alive()):
                raise self.failure(f"{wanted!r} did not come out")
            time.sleep(0.02)

    def end(self, code: int | None = 0) -> None:
        """Closes its input and waits for it to exit with this code; None is any failure."""
        if not self.process.stdin.closed:
            self.process.stdin.close()
        try:
            found = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise self.failure("did not end") from None
        for thread in self._threads:
            thread.join(PATIENCE)
        if found != code and (code is not None or found == 0):
            raise self.failure(f"exit code {found}, not {code}")

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def failure(self, what: str) -> Failure:
        shown = "\n    ".join([*self.log[-12:], *self.output[-600:].decode(errors="replace").splitlines()])
        return Failure(f"{self.name}: {what}; it said:\n    {shown}")


class Stage:
    """Everything that runs is in `running`, so that the end of the stage ends it."""

    def __init__(self, countersign: Path, anvil: Path):
        self._countersign, self._anvil = countersign, anvil
        self.running: list[Program] = []
        self._folder = tempfile.TemporaryDirectory(prefix="countersign-peer-")
        self.home = Path(self._folder.name)
        self.env = {name: value for name, value in os.environ.items() if not name.startswith("COUNTERSIGN_")}
        self.env |= {"HOME": str(self.home), "PYTHONPATH": str(Path(__file__).parent)}

    def __enter__(self) -> "Stage":
        try:
            self._start_chain()
            self._write_files()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        self.calm()
        for program in self.running:
            program.kill()
        self._folder.cleanup()

    def calm(self) -> None:
        """Ends what a scenario left running; the chain stays."""
        for program in self.running[1:]:
            program.kill()
        del self.running[1:]

    def program(self, name: str, command: list, events: str) -> Program:
        program = Program(name, [str(word) for word in command], events, self.env)
        self.running.append(program)
        return program

    def real(self, trader: str, *arguments) -> Program:
        """The `countersign` program, as this trader."""
        config = self.home / f"{trader}.toml"
        return self.program("countersign", [self._countersign, "--json", "--config", config, *arguments], "stderr")

    def peer(self, trader: str, command: str, *arguments) -> Program:
        """The independent peer, as this trader."""
        who = ["--owner", OWNERS[trader], "--key", self.home / f"{trader}.hex", "--rpc", self.url]
        words = [sys.executable, "-m", "countersign_peer", command]
        words += [*arguments[:1], *who, *arguments[1:]] if command == "connect" else [*who, *arguments]
        return self.program("peer", words, "stdout")

    def command(self, trader: str, *arguments) -> dict:
        """Runs a `countersign` command to its end; its result."""
        config = self.home / f"{trader}.toml"
        done = subprocess.run(
            [self._countersign, "--json", "--config", config, *arguments],
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=2 * PATIENCE,
            check=False,
        )
        if done.returncode != 0:
            raise Failure(f"countersign {arguments[0]}: {done.stderr.decode()}")
        return json.loads(done.stdout.splitlines()[-1])

    def rpc(self, method: str, *params) -> object:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        try:
            connection.request("POST", "/", json.dumps(request), {"Content-Type": "application/json"})
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        if "error" in answer:
            raise Failure(f"{method}: {answer['error']}")
        return answer["result"]

    def price(self, value: int) -> None:
        """Sets the instrument's price, by a transaction in a block of its own."""
        sent = {"from": OWNERS["dave"], "to": INSTRUMENT, "data": f"0x{value:064x}"}
        self.rpc("eth_sendTransaction", sent)

    def _start_chain(self) -> None:
        anvil = self.program("anvil", [self._anvil, "--port", "0", "--chain-id", "31337"], "stdout")
        until = time.monotonic() + PATIENCE
        while True:
            listening = [line for line in anvil.log if line.startswith("Listening on ")]
            if listening:
                break
            if time.monotonic() > until or anvil.process.poll() is not None:
                raise anvil.failure("does not listen")
            time.sleep(0.05)
        self.port = int(listening[0].rpartition(":")[2])
        self.url = f"http://127.0.0.1:{self.port}"

    def _write_files(self) -> None:
        passphrase = self._private("passphrase", PASSPHRASE)
        for trader, owner in OWNERS.items():
            keystore = self.home / f"{trader}.json"
            self._private(
                f"{trader}.toml",
                f'[chain]\nid = 31337\nendpoints = ["{self.url}"]\nown_node = true\n'
                f'[identity]\nowner = "{owner}"\nkeystore = "{keystore}"\npassphrase_file = "{passphrase}"\n',
            )
            self.command(trader, "keygen", "--light")
            self._private(f"{trader}.hex", keystore_secret(keystore, PASSPHRASE).hex())
            floor = "classical" if trader in CLASSICAL else "hybrid"
            self.command(trader, "register", "--unlocked", "--deploy", "--suite-floor", floor)
        # Stores what it is called with in slot 0: PUSH0 CALLDATALOAD PUSH0 SSTORE.
        self.rpc("anvil_setCode", INSTRUMENT, "0x5f355f55")
        self.rpc("anvil_setCode", ORACLE, "0x5f545f5243602052426040523360605260805ff3")
        self.rpc("anvil_setCode", REVERTING, "0x5f5ffd")
        self.rpc("anvil_setStorageAt", ORACLE, f"0x{0:064x}", f"0x{2999:064x}")
        self.price(2999)

    def _private(self, name: str, text: str) -> Path:
        path = self.home / name
        path.touch(mode=0o600)
        path.write_text(text, encoding="ascii")
        return path


def keystore_secret(path: Path, passphrase: str) -> bytes:
    """The secret key in an Ethereum keystore, version 3, with scrypt."""
    crypto = json.loads(path.read_text(encoding="ascii"))["crypto"]
    terms = crypto["kdfparams"]
    cost = {"n": terms["n"], "r": terms["r"], "p": terms["p"], "dklen": terms["dklen"], "maxmem": 1 << 30}
    derived = hashlib.scrypt(passphrase.encode(), salt=bytes.fromhex(terms["salt"]), **cost)
    ciphertext = bytes.fromhex(crypto["ciphertext"])
    if keccak(derived[16:32] + ciphertext).hex() != crypto["mac"]:
        raise Failure(f"{path} does not open")
    counter = Counter.new(128, initial_value=int(crypto["cipherparams"]["iv"], 16))
    return AES.new(derived[:16], AES.MODE_CTR, counter=counter).decrypt(ciphertext)
