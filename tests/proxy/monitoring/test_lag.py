import asyncio

from proxy.monitoring.lag import LoopLag


class After(asyncio.Event):
    """An event that is set once it was asked for so often."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self._left = times

    def is_set(self) -> bool:
        self._left -= 1
        return self._left < 0


def test_it_looks_again_and_again_until_it_is_stopped() -> None:
    lag = LoopLag(0.0)
    asyncio.run(lag.watch(After(3)))
    assert sum(lag.seconds.told().counts) == 3


def test_it_ends_at_once_while_it_waits() -> None:
    async def watch() -> LoopLag:
        lag, stop = LoopLag(3600.0), asyncio.Event()
        asyncio.get_running_loop().call_soon(stop.set)
        await lag.watch(stop)
        return lag

    assert sum(asyncio.run(watch()).seconds.told().counts) == 0
