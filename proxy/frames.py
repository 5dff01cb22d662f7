"""WebSocket frames as far as a tunnel looks at them (RFC 6455 §5): where each one ends, and how long a message grows.

Pure. Payloads are not unmasked, unpacked or kept, so extensions, fragments, pings and close codes pass as they are.
"""

from __future__ import annotations

GOING_AWAY = 1001
TOO_BIG = 1009

_CONTROL = 0x8
_CLOSE = 0x8
_CONTINUATION = 0x0
_FINAL = 0x80
_MASKED = 0x80


class FrameReader:
    """Follows one direction of a WebSocket, in which no message may have more than `message_bytes`, as it is sent."""

    __slots__ = ("_head", "_left", "_message", "_message_bytes", "_stops", "is_over")

    def __init__(self, message_bytes: int) -> None:
        self.is_over = False
        """Whether a message was too long: nothing passes from the frame on whose header said so."""
        self._message_bytes = message_bytes
        self._head = b""
        self._left = 0
        self._message = 0
        self._stops = False

    @property
    def at_boundary(self) -> bool:
        """Whether what has passed ends with a whole frame, so that another one can be put behind it."""
        return self._left == 0

    def stop(self) -> None:
        """Let nothing pass behind the frame that is under way."""
        self._stops = True

    def read(self, chunk: bytes) -> bytes:
        """What of a chunk may pass now: all but the beginning of a header, which passes with the rest of it."""
        data = self._head + chunk if self._head else chunk
        position = self._left
        while position < len(data):
            end = None if self._stops else self._end_of_frame(data, position)
            if end is None:
                self._head = b"" if self._stops else data[position:]
                self._left = 0
                return data[:position]
            position = end
        self._head = b""
        self._left = position - len(data)
        return data

    def _end_of_frame(self, data: bytes, start: int) -> int | None:
        """Where the frame at `start` ends; None where its length isn't here yet, or is too much."""
        if len(data) < start + 2:
            return None
        length = data[start + 1] & 0x7F
        payload = start + 2
        if length > 125:
            payload += 2 if length == 126 else 8
            if len(data) < payload:
                return None
            length = int.from_bytes(data[start + 2 : payload])
        if not self._may_take(data[start], length):
            self.is_over = self._stops = True
            return None
        masking_key = 4 if data[start + 1] & _MASKED else 0
        return payload + masking_key + length

    def _may_take(self, first_byte: int, length: int) -> bool:
        opcode = first_byte & 0x0F
        if opcode & _CONTROL:
            # It may stand between the fragments of a message, and is none of them.
            return length <= self._message_bytes
        message = length if opcode != _CONTINUATION else self._message + length
        self._message = 0 if first_byte & _FINAL else message
        return message <= self._message_bytes


def close_frame(code: int, *, masked: bool) -> bytes:
    """A Close frame (RFC 6455 §5.5.1), `masked` as a client's has to be.

    The mask keeps scripts from choosing what goes over the wire (§10.3); of these bytes nobody chooses any, so it is 0.

    >>> close_frame(1001, masked=False)
    b'\\x88\\x02\\x03\\xe9'
    """
    payload = code.to_bytes(2)
    key = bytes(4) if masked else b""
    return bytes([_FINAL | _CLOSE, (_MASKED if masked else 0) | len(payload)]) + key + payload
