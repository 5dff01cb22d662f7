"""One client's connection: how long it may take, how much may wait on it, and how it ends.

Owns what a connection may cost, whatever is said on it; that is `proxy.server.protocol`'s. Who is too slow is
`proxy.server.deadlines`'s to say, and who has to go where there is no room, `proxy.server.connections`'s.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from proxy.server.connections import Connections
from proxy.server.cycle import GuardedFlow
from proxy.server.deadlines import Deadlines, Stage, Wait
from proxy.server.framing import TOO_MANY, TOO_SLOW, Refusal
from proxy.server.outbox import Outbox
from proxy.sockets import leave_unsent, reset, send_at_once, untaken_bytes
from proxy.wire import Written

if TYPE_CHECKING:
    from uvicorn.server import ServerState

LINGER_SECONDS = 1.0

PIECE_BYTES = 4096
"""How much is parsed at once: what comes behind a request that waits is then no more requests than fit in so much."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one listener takes of its clients."""

    deadlines: Deadlines = field(default_factory=Deadlines)
    connections: int = 4096
    body_bytes: int | None = None
    """Of a request's body; None where it may be of any length."""


class ClientConnection(HttpToolsProtocol):
    """uvicorn's, within bounds. Who parses what comes sets `_reading` and counts `_requests`."""

    flow: GuardedFlow

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        limits: Limits,
        room: Connections,
        outbox: Outbox,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._limits = limits
        self._room = room
        self._outbox = outbox
        self._unsent: Written = ()
        # What of a request is being read, told by the stage in which the client would be slow.
        self._reading = Stage.NEW
        self._requests = 0
        self._received_bytes = 0
        # What came behind requests that wait, not parsed yet.
        self._held = memoryview(b"")
        self._refused = False
        self._leaves = False
        self._answered: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.flow = GuardedFlow(transport)
        send_at_once(transport)
        leave_unsent(transport)
        now = self.loop.time()
        self._wait = Wait(self._limits.deadlines, now)
        self._timer = self.loop.call_later(self._wait.seconds_to_look(now), self._look)
        if self._room.admit(self, len(self.connections)):
            self._room.note_idle(self, self._requests)
        elif self._room.has_time:
            self._refuse(TOO_MANY)
        else:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._let_go()
        # That one tells only the newest of pipelined requests, while the oldest is the one that is being answered.
        if self._answered is not None and not self._answered.response_complete:
            self._answered.disconnected = True
            self._answered.message_event.set()

    def _let_go(self) -> None:
        """The connection is lost, or another protocol's from now on."""
        self._timer.cancel()
        self._room.forget(self)

    def shutdown(self) -> None:
        """Answer what was asked, say that nothing more will be, and close; at once where nothing was."""
        self._leaves = True
        self._send_unsent()
        if self._is_unused() or (self._reading is Stage.BODY and self._under_way() is None):
            self.transport.close()
        elif (cycle := self._under_way()) is not None:
            cycle.keep_alive = False

    def give_way(self, since: int) -> bool:
        """As `proxy.server.connections` asks it."""
        if self._requests != since or not self._is_unused() or self._stage() is Stage.RESPONSE:
            return False
        self.transport.close()
        return True

    def _is_unused(self) -> bool:
        """Whether all that was asked is answered, and nothing of a next request is here."""
        is_answered = self._under_way() is None and not self._unsent
        return self._reading in (Stage.NEW, Stage.IDLE) and is_answered and not self._held

    def _look(self) -> None:
        now = self.loop.time()
        stage = self._stage()
        if stage is Stage.IDLE:
            self._room.note_idle(self, self._requests)
        if stage is Stage.RESPONSE:
            taken_bytes = self.flow.given_bytes - untaken_bytes(self.transport)
            is_late = self._wait.look(stage, 0, taken_bytes, now)
        else:
            is_late = self._wait.look(stage, self._requests, self._received_bytes, now)
        if is_late:
            self._cut_off(stage)
        self._timer = self.loop.call_later(self._wait.seconds_to_look(now), self._look)

    def _stage(self) -> Stage:
        """What the connection waits for at the moment."""
        if self.transport.get_write_buffer_size():
            return Stage.RESPONSE
        if self._refused or self.flow.read_paused or self.transport.is_closing():
            return Stage.OURS
        cycle = self._under_way()
        if self._reading is Stage.HEAD or cycle is None:
            return self._reading
        return Stage.OURS if self._reading is not Stage.BODY or cycle.waiting_for_100_continue else Stage.BODY

    def _cut_off(self, stage: Stage) -> None:
        """The client has taken too long."""
        self._send_unsent()
        if stage is Stage.RESPONSE:
            reset(self.transport)
        elif stage is Stage.HEAD or (stage is Stage.BODY and self._under_way() is not None):
            self._refuse(TOO_SLOW)
        else:
            self.transport.close()

    def _send_soon(self, answer: Written) -> None:
        """Write an answer when what came to other connections meanwhile is read, too."""
        self._unsent = answer
        self._outbox.put(self._send_unsent, self.loop)

    def _send_unsent(self) -> None:
        """Write it now: before anything else is written, and before the connection is closed."""
        answer, self._unsent = self._unsent, ()
        if answer and not self.transport.is_closing():
            self.flow.given_bytes += sum(map(len, answer))
            self.transport.writelines(answer)

    def eof_received(self) -> None:
        """uvicorn closes then, and what was asked before is answered."""
        self._send_unsent()

    def data_received(self, data: bytes) -> None:
        self._received_bytes += len(data)
        if self._held and not self._refused:
            self._held = memoryview(bytes(self._held) + data)
        elif not self._refused and (len(data) > PIECE_BYTES or self.pipeline):
            self._feed(memoryview(data))
        elif not self._refused and (unread := self._parse(data)):
            self._feed(memoryview(data)[-unread:])

    def _feed(self, data: memoryview) -> None:
        # Not by recursion, nor by copies: a chunk may hold thousands of pipelined requests with `Upgrade`.
        while data and not self._refused:
            if self.pipeline:
                # A request takes far more memory than its bytes do.
                self._held = data
                self.flow.hold_reading()
                return
            piece = data[:PIECE_BYTES]
            data = data[len(piece) - self._parse(piece) :]

    def _parse(self, data: bytes | memoryview) -> int:
        """Take what came, and say how much is left of it: what stands behind a head at which the parser stops."""
        raise NotImplementedError

    def on_response_complete(self) -> None:
        """As uvicorn's, with deadlines that are looked at in place of a timer for each response."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        if self._held and not self.pipeline:
            held, self._held = self._held, memoryview(b"")
            self.flow.release_reading()
            self._feed(held)

    def _refuse(self, refusal: Refusal) -> None:
        """Answers and closes; a body that is being read breaks off, a response that is under way ends in peace."""
        self._refused = True
        self._send_unsent()
        cycle = self._under_way()
        if cycle is not None:
            if not cycle.more_body:
                cycle.keep_alive = False
                return
            cycle.disconnected = True
            cycle.message_event.set()
            if cycle.response_started or self.pipeline:
                self.transport.close()
                return
        self.transport.write(refusal.encode())
        if not self.transport.can_write_eof():
            self.transport.close()
            return
        # Closing with bytes unread resets the connection, and the client would lose the answer (RFC 9112 §9.6).
        self.transport.write_eof()
        self.flow.release_reading()
        self.loop.call_later(LINGER_SECONDS, self.transport.close)

    def _under_way(self) -> RequestResponseCycle | None:
        """The newest request, where its response is not complete."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return None if cycle is None or cycle.response_complete else cycle
