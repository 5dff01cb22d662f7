import random

import pytest

from proxy.visitor.tcf import MAX_LENGTH, TcStringError, consented_purposes

# Strings that the specification gives as examples, in its versions so far, and the purposes that they consent to.
SPECIFICATION = {
    "full TC string passing (2025)": (
        "CQSbk4AQSbk4ANwAAAENAwCgAAAAAAAAAAYgACPAAAAA.IDKQA4AAgAKAGQAygAAA.YAAAAAAAAAAA",
        set(),
    ),
    "full TC string passing (2020)": (
        "COvFyGBOvFyGBAbAAAENAPCAAOAAAAAAAAAAAEEUACCKAAA.IFoEUQQgAIQwgIwQABAEAAAAOIAACAIAAAAQAIAgEAACEAAAAAgAQBAAAAAAAGBA",
        {1, 2, 3},
    ),
    "four segments": (
        "COw4XqLOw4XqLAAAAAENAXCAAAAAAAAAAAAAAAAAAAAA.IFukWSQgAIQwgI0QEByF.QFukWSQgAIQwgI0QEByF.YAAAAAAAAAAAAAAAAAA",
        set(),
    ),
    "core and publisher": (
        "CLcVDxRMWfGmWAVAHCENAXCkAKDAADnAABRgA5mdfCKZuYJez-NQm0TBMYA4oCAAGQYIAAAAAAEAIAEgAA.argAC0gAAAAAAAAAAAAA",
        {1, 3, 9, 10},
    ),
}
# The segments after the first are cut short here, since nothing is read in them. Vectors of other decoders' tests.
OTHERS = {
    "profiles without storage": (
        "CGL23UdMFJzvuA9ACCENAXCEAC0AAGrAAA5YA5ht7-_d_7_vd-f-nrf4_4A4hM4JCKoK4YhmAqABgAEgAA",
        {3, 5, 6, 8},
    ),
    "nearly all": (
        "COw4XqLOw4XqLAAAAAENAXCAAP-gAAAfwIAAACngAI8AAA.cAEAPAAAC7gAHw4AAA",
        {1, 2, 3, 4, 5, 6, 7, 8, 9, 11},
    ),
}


@pytest.mark.parametrize(
    ("tc_string", "purposes"),
    [*SPECIFICATION.values(), *OTHERS.values()],
    ids=[*SPECIFICATION.keys(), *OTHERS.keys()],
)
def test_the_purposes_of_known_strings_are_read(tc_string: str, purposes: set[int]) -> None:
    assert consented_purposes(tc_string) == purposes


WHOLE = SPECIFICATION["full TC string passing (2020)"][0]


@pytest.mark.parametrize(
    "tc_string",
    [
        "",
        "1",
        "yes",
        "B" + WHOLE[1:],  # version 1
        "D" + WHOLE[1:],
        WHOLE[:43],
        "." + WHOLE,
        WHOLE + ".",
        WHOLE.replace("A", "+"),
        WHOLE + "=",
        WHOLE + "\n",
        "\u0130" + WHOLE[1:],
        WHOLE + "A" * MAX_LENGTH,
    ],
)
def test_anything_else_is_no_tc_string(tc_string: str) -> None:
    with pytest.raises(TcStringError):
        consented_purposes(tc_string)


def test_garbage_is_refused_or_read_and_never_fails_otherwise() -> None:
    dice = random.Random(1)
    alphabet = "ABCDabcd0189-_.=%\x00é"
    for _ in range(2000):
        garbage = "C" + "".join(dice.choices(alphabet, k=dice.randrange(60)))
        try:
            assert consented_purposes(garbage) <= set(range(1, 25))
        except TcStringError:
            continue
