"""Messages on a stream: each follows its length as u16 (SPEC 4)."""

import socket
import time

from .errors import ProtocolError

LONGEST = 16_401


class Ended(Exception):
    """The stream ended, between two messages or within one."""


class Stream:
    def __init__(self, connection: socket.socket):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = connection
        self._buffer = b""

    def write(self, message: bytes) -> None:
        if not 0 < len(message) <= LONGEST:
            raise ValueError("a message that does not fit its frame")
        self._socket.settimeout(10)
        try:
            self._socket.sendall(len(message).to_bytes(2, "big") + message)
        except OSError as error:
            raise Ended(str(error)) from None

    def read(self, timeout: float) -> bytes | None:
        """The next message; None where none comes within `timeout` seconds."""
        until = time.monotonic() + timeout
        while True:
            message = self._whole()
            if message is not None:
                return message
            left = until - time.monotonic()
            if left <= 0:
                return None
            self._socket.settimeout(left)
            try:
                piece = self._socket.recv(65_536)
            except TimeoutError:
                return None
            except OSError as error:
                raise Ended(str(error)) from None
            if not piece:
                raise Ended("within a message" if self._buffer else "")
            self._buffer += piece

    def must_read(self, timeout: float) -> bytes:
        message = self.read(timeout)
        if message is None:
            raise Ended(f"nothing came within {timeout} s")
        return message

    def close(self) -> None:
        self._socket.close()

    def _whole(self) -> bytes | None:
        if len(self._buffer) < 2:
            return None
        length = int.from_bytes(self._buffer[:2], "big")
        if not 0 < length <= LONGEST:
            raise ProtocolError("a frame of a length that is not allowed")
        if len(self._buffer) < 2 + length:
            return None
        message, self._buffer = self._buffer[2 : 2 + length], self._buffer[2 + length :]
        return message
