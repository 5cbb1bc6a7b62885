"""What is sealed opens for its owner alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.sealing import Sealer, SealNotOpened, is_sealed

ONE, TWO = "one key of the tests, of enough bytes", "two keys of the tests, of enough bytes"


@given(secret=st.binary(max_size=64), owner=st.binary(max_size=64))
def test_what_was_sealed_opens_again(secret: bytes, owner: bytes) -> None:
    sealer = Sealer(ONE, purpose="tests")
    sealed = sealer.seal(secret, owner)
    assert sealer.open(sealed, owner, "it") == secret
    assert is_sealed(sealed)
    assert sealer.is_current(sealed)


def test_a_seal_opens_for_no_other_owner_purpose_or_key() -> None:
    sealed = Sealer(ONE, purpose="tests").seal(b"key", b"acme/milano")
    for sealer, owner in (
        (Sealer(ONE, purpose="tests"), b"acme/roma"),
        (Sealer(ONE, purpose="others"), b"acme/milano"),
        (Sealer(TWO, purpose="tests"), b"acme/milano"),
    ):
        with pytest.raises(SealNotOpened, match="shop milano"):
            sealer.open(sealed, owner, "shop milano")


def test_a_former_key_opens_and_is_told_apart() -> None:
    sealed = Sealer(ONE, purpose="tests").seal(b"key", b"acme")
    both = Sealer(TWO, [ONE], purpose="tests")
    assert both.open(sealed, b"acme", "it") == b"key"
    assert not both.is_current(sealed)


def test_a_changed_seal_is_told_and_nothing_of_it_repeated() -> None:
    sealer = Sealer(ONE, purpose="tests")
    sealed = sealer.seal(b"key", b"acme")
    another_letter = "A" if sealed[-6] != "A" else "B"
    for changed in (sealed[:-6] + another_letter + sealed[-5:], sealed[:22], sealed + "?"):
        with pytest.raises(SealNotOpened) as refused:
            sealer.open(changed, b"acme", "it")
        assert str(refused.value) == "the sealed secret of it was changed"
