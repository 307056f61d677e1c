"""Hashes of passwords and tokens."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor

from argon2 import extract_parameters

from hub.accounts import credentials
from hub.accounts.credentials import hash_password, hash_secret, new_token, verify

COSTS = "$argon2id$v=19$m=19456,t=2,p=1$"


def test_password_is_hashed_with_argon2id_and_a_salt() -> None:
    first, second = hash_password("correct horse"), hash_password("correct horse")
    assert first.startswith(COSTS)
    assert first != second
    assert verify(first, "correct horse")
    assert not verify(first, "Correct horse")


def test_account_that_does_not_exist_costs_as_much_as_one_that_does() -> None:
    stand_in = credentials._DUMMY_HASH
    assert extract_parameters(stand_in) == extract_parameters(hash_password("x"))
    assert not verify(None, "correct horse")
    assert not verify("", "")
    assert not verify("nonsense", "correct horse")


def test_two_hashes_are_made_at_once_and_no_more() -> None:
    taken = [credentials._AT_ONCE.acquire(blocking=False) for _ in range(3)]
    assert taken == [True, True, False]
    done = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: (hash_password("x"), done.set()))
        assert not done.wait(0.2)
        credentials._AT_ONCE.release()
        assert done.wait(10)
    credentials._AT_ONCE.release()


def test_token_is_long_random_and_kept_as_its_hash() -> None:
    (secret, kept), (other, _) = new_token(), new_token()
    assert re.fullmatch(r"hub_[A-Za-z0-9_-]{43}", secret)
    assert secret != other
    assert kept == hash_secret(secret)
    assert len(kept) == 32
