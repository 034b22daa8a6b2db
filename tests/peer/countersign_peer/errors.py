"""What can end a handshake or a session."""


class ProtocolError(Exception):
    """The peer sent what the specification forbids, or a message was altered. Nothing is read after it."""


class Disagreement(Exception):
    """One side cannot agree (SPEC 4.4): here, or at the peer, who said so."""

    NAMES = {
        1: "StaleState",
        2: "UnknownBlock",
        3: "ValuationDiffers",
        4: "RecordDiffers",
        5: "Revoked",
        6: "NotRegistered",
        7: "Expired",
        8: "TooYoung",
        9: "KeyMismatch",
        10: "SuiteTooLow",
        11: "WrongChain",
        12: "WrongRegistry",
        13: "WrongResponder",
        14: "ClockSkew",
        15: "Replayed",
        16: "Busy",
        17: "Unwilling",
        18: "Unable",
    }
    CODES = {name: code for code, name in NAMES.items()}

    def __init__(self, name: str, detail: int = 0):
        super().__init__(f"{name} ({detail})")
        self.name = name
        self.detail = detail

    def text(self) -> bytes:
        """The reject text: code 1 | detail u64 | zeros 7."""
        return bytes([self.CODES[self.name]]) + self.detail.to_bytes(8, "big") + bytes(7)

    @classmethod
    def from_text(cls, text: bytes, readings: int) -> "Disagreement":
        """Reads a reject text. `readings` is how many were proposed: a position beyond them is not of the form."""
        code, detail = text[0], int.from_bytes(text[1:9], "big")
        if len(text) != 16 or code not in cls.NAMES or any(text[9:]):
            raise ProtocolError("a reject that is not of its form")
        name = cls.NAMES[code]
        limits = {"UnknownBlock": 1 << 64, "ValuationDiffers": readings, "RecordDiffers": 2}
        if detail >= limits.get(name, 1):
            raise ProtocolError(f"a reject {name} with a detail that has no meaning")
        return cls(name, detail)
