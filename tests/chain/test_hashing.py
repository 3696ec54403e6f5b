"""Addresses and hashes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from defi_kit.chain import Account
from defi_kit.chain.hashing import (
    address_of,
    checksum_address,
    create_address,
    keccak,
    selector,
    to_address,
)
from defi_kit.errors import AddressError

# The examples of EIP-55.
EXAMPLES = (
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "0xde709f2102306220921060314715629080e2fb77",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
)


def test_keccak_is_ethereums() -> None:
    empty = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert keccak(b"").hex() == empty
    assert selector("transfer(address,uint256)").hex() == "a9059cbb"


@pytest.mark.parametrize("address", EXAMPLES)
def test_checksums_are_those_of_eip_55(address: str) -> None:
    assert checksum_address(address) == address
    assert checksum_address(address.lower()) == address
    assert checksum_address("0x" + address[2:].upper()) == address


@given(st.binary(min_size=20, max_size=20), st.integers(0, 39))
def test_a_letter_in_the_wrong_case_is_refused(raw: bytes, place: int) -> None:
    address = to_address(raw)
    digits = address[2:]
    changed = "0x" + digits[:place] + digits[place].swapcase() + digits[place + 1 :]
    if changed == address or changed[2:] in (digits.lower(), digits.upper()):
        assert checksum_address(changed) == address
    else:
        with pytest.raises(AddressError, match=address):
            checksum_address(changed)


@pytest.mark.parametrize(
    "text", ["", "0x", "0x12", "alice", EXAMPLES[0][2:], EXAMPLES[0] + "0", "0x" + "g" * 40]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(AddressError, match="not an address"):
        checksum_address(text)


def test_things_with_an_address_have_an_address() -> None:
    assert address_of(Account("alice", EXAMPLES[0])) == EXAMPLES[0]
    assert address_of(EXAMPLES[2].lower()) == EXAMPLES[2]
    for nothing in (None, 5, b"\x00" * 20):
        with pytest.raises(AddressError):
            address_of(nothing)  # type: ignore[arg-type]  # that is the point


def test_creation_addresses_follow_from_sender_and_nonce() -> None:
    """Checked with eth-utils' RLP; nonces on both sides of each change of encoding."""
    sender = "0x6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0"
    assert create_address(sender, 0) == "0xcd234A471b72ba2F1Ccf0A70FCABA648a5eeCD8d"
    assert create_address(sender, 1) == "0x343c43A37D37dfF08AE8C4A11544c718AbB4fCF8"
    assert create_address(sender, 2) == "0xf778B86FA74E846c4f0a1fBd1335FE81c00a0C91"


@given(st.binary(min_size=20, max_size=20), st.integers(0, 2**64 - 2))
def test_creation_addresses_are_those_of_rlp(raw: bytes, nonce: int) -> None:
    import rlp

    expected = to_address(keccak(rlp.encode([raw, nonce]))[12:])
    assert create_address(to_address(raw), nonce) == expected
