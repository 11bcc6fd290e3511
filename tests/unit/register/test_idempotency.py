"""The same key and body give the first result; another body under the same key is refused (I7)."""

import pytest

from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Conflict, LostRace
from chalicelib.register.idempotency import Repeat
from chalicelib.register.model import Key, Put
from tests.fakes import InMemoryRegister

BODY = Digest.of(b"body")
REPEAT = Repeat("account:anna", "press-1", BODY)


def test_the_first_time_there_is_no_earlier_result() -> None:
    assert REPEAT.earlier(InMemoryRegister()) is None


def test_a_repeat_gets_the_first_result() -> None:
    register = InMemoryRegister()
    register.commit(REPEAT.kept(filing="01J", place=3))
    assert REPEAT.earlier(register) == {"filing": "01J", "place": 3}


def test_the_same_key_with_another_body_is_a_conflict() -> None:
    register = InMemoryRegister()
    register.commit(REPEAT.kept(filing="01J"))
    with pytest.raises(Conflict):
        Repeat("account:anna", "press-1", Digest.of(b"other")).earlier(register)


def test_two_callers_may_use_one_key() -> None:
    register = InMemoryRegister()
    register.commit(REPEAT.kept(filing="01J"))
    assert Repeat("account:bopha", "press-1", BODY).earlier(register) is None


def test_an_effect_under_a_used_key_is_undone_with_its_row() -> None:
    register, effect = InMemoryRegister(), Key("NUMBER#1", "NUMBER")
    register.commit(REPEAT.kept(filing="01J"))
    with pytest.raises(LostRace) as lost:
        register.commit(Put(effect, {}), REPEAT.kept(filing="02J"))
    assert lost.value.keys == (str(REPEAT.item_key),)
    assert register.item(effect) is None
