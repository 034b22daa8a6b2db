"""An independent peer of the Countersign protocol, version 1, written from client/protocol/SPEC.md alone.

It exists to show that the specification is complete. It is for tests: it wipes no memory, and its arithmetic is not
constant in time.
"""
