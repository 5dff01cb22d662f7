"""What is read off the kernel's tables, and what is left over."""

from __future__ import annotations

from tests.soak.usage import Usage, connected

TABLE = """  sl  local_address rem_address   st tx_queue rx_queue
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000
   1: 0100007F:A2C2 0100007F:1F90 01 00000000:00000000
   2: 0100007F:1F90 0100007F:A2C2 01 00000000:00000000
   3: 0100007F:A2C4 0100007F:1F90 06 00000000:00000000
"""


def test_connections_to_a_port_are_those_that_are_open_from_their_own_end() -> None:
    assert connected(TABLE, 8080) == 1


def test_what_is_beyond_is_told_with_how_much_it_is() -> None:
    assert Usage(descriptors=23, tasks=7).beyond(Usage(descriptors=20, tasks=8)) == {"descriptors": 3}


def test_a_process_to_which_nobody_is_connected_is_idle() -> None:
    assert Usage(tasks=8).is_idle
    assert not Usage(websockets=1).is_idle
