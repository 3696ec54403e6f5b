"""Signed approvals, against an independent signer."""

from __future__ import annotations

from eth_account import Account as EthAccount
from hypothesis import given
from hypothesis import strategies as st

from defi_kit.tokens.permit import CURVE_ORDER, MAX_S, PermitMessage, domain_separator, sign

SPENDER = "0x000000000022D473030F116dDEE9F6B43aC78BA3"
TOKEN = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
words = st.integers(0, 2**256 - 1)


@given(words, words, words, st.integers(1, 2**64), st.integers(1, CURVE_ORDER - 1))
def test_a_permit_is_what_eth_account_would_sign(
    value: int, nonce: int, deadline: int, chain_id: int, secret: int
) -> None:
    key = secret.to_bytes(32, "big")
    owner = EthAccount.from_key(key).address
    message = PermitMessage(owner, SPENDER, value, nonce, deadline)
    ours = sign(message, domain_separator("Ünï Dollar", chain_id, TOKEN), key)
    theirs = EthAccount.sign_typed_data(
        key,
        {
            "name": "Ünï Dollar",
            "version": "1",
            "chainId": chain_id,
            "verifyingContract": TOKEN,
        },
        {
            "Permit": [
                {"name": "owner", "type": "address"},
                {"name": "spender", "type": "address"},
                {"name": "value", "type": "uint256"},
                {"name": "nonce", "type": "uint256"},
                {"name": "deadline", "type": "uint256"},
            ]
        },
        {
            "owner": owner,
            "spender": SPENDER,
            "value": value,
            "nonce": nonce,
            "deadline": deadline,
        },
    )
    assert (ours.v, ours.r, ours.s) == (theirs.v, theirs.r, theirs.s)
    assert ours.s <= MAX_S < ours.malleated().s
    assert ours.malleated().malleated() == ours
