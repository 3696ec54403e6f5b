"""S1-S3 bite: each deliberate mistake in the contract trips the invariant it offends."""

from __future__ import annotations

import pytest

from defi_kit.chain import Chain
from faults import faulty_bytecode
from stablecoins.fiat_tour import walk
from stablecoins.fiat_world import World, deploy

SOURCE = "contracts/stablecoins/FiatDollar.sol"

FAULTS: dict[str, tuple[str, str]] = {
    # S1: balances sum to the supply
    "s1_mint_forgets_the_supply": ("_books = books + (amount << AMOUNT_SHIFT);", "_books = books;"),
    "s1_burn_forgets_the_supply": ("_books = books - (amount << AMOUNT_SHIFT);", "_books = books;"),
    "s1_self_transfer_doubles": ("if (from != to) {", "{"),
    "s1_transfer_keeps_the_senders": (
        "sender.word = senderWord - (amount << AMOUNT_SHIFT);",
        "sender.word = senderWord;",
    ),
    "s1_transfer_beyond_the_balance": (
        "if (amount > senderWord >> AMOUNT_SHIFT) _lack(from, amount);",
        "",
    ),
    # S2: minters, frozen accounts, pause
    "s2_allowance_never_falls": ("uint128(minter.allowance - amount);", "minter.allowance;"),
    "s2_mints_beyond_the_allowance": (
        "require(amount <= minter.allowance, ",
        "require(true, ",
    ),
    "s2_anyone_configures_minters": (
        "uint256 allowance_) external only(Role.MinterAdmin)",
        "uint256 allowance_) external",
    ),
    "s2_anyone_takes_a_role": (
        "require(msg.sender == _candidates[role], ",
        "require(msg.sender != address(0), ",
    ),
    "s2_revoked_holders_stay": (
        """        delete _candidates[role];
        _move(role, address(0));""",
        "        delete _candidates[role];",
    ),
    "s2_removed_minters_go_on": ("delete _minters[minter];", ""),
    "s2_frozen_receive": (
        "if ((senderWord | receiverWord | _books) & STOPPED != 0)",
        "if ((senderWord | _books) & STOPPED != 0)",
    ),
    "s2_frozen_send": (
        "if ((senderWord | receiverWord | _books) & STOPPED != 0)",
        "if ((receiverWord | _books) & STOPPED != 0)",
    ),
    "s2_paused_transfers": (
        "if ((senderWord | receiverWord | _books) & STOPPED != 0)",
        "if ((senderWord | receiverWord) & STOPPED != 0)",
    ),
    "s2_frozen_spend": (
        "require(_accounts[msg.sender].word & STOPPED == 0, AccountIsFrozen(msg.sender));",
        "",
    ),
    "s2_frozen_approve": (
        "require(account & STOPPED == 0, AccountIsFrozen(owner_));",
        "",
    ),
    "s2_frozen_are_approved": (
        "require(_accounts[spender].word & STOPPED == 0, AccountIsFrozen(spender));",
        "",
    ),
    "s2_frozen_are_minted_to": (
        "if ((books | receiverWord | _accounts[msg.sender].word) & STOPPED != 0)",
        "if ((books | _accounts[msg.sender].word) & STOPPED != 0)",
    ),
    "s2_paused_approvals": (
        """        require(_books & STOPPED == 0, DollarIsPaused());
        require(account & STOPPED == 0""",
        "        require(account & STOPPED == 0",
    ),
    "s2_burns_while_paused": ("if ((books | word) & STOPPED != 0)", "if (word & STOPPED != 0)"),
    "s2_unfreezes_the_zero_address": (
        "require(account != address(0) && account != address(this), FrozenForGood(account));",
        "",
    ),
    # S3: signatures
    "s3_nonce_stands_still": ("= account + (1 << NONCE_SHIFT);", "= account;"),
    "s3_no_deadline": (
        "require(block.timestamp <= deadline, SignatureExpired(deadline, block.timestamp));",
        "",
    ),
    "s3_high_s": ("require(uint256(s) <= MAX_S, SignatureMalleable(s));", ""),
    "s3_any_signature": (
        "require(SignatureCheckerLib.isValidSignatureNow(owner_, digest, v, r, s), ",
        "require(uint256(digest) != 0, ",
    ),
    "s3_value_not_signed": (
        "keccak256(abi.encode(PERMIT_TYPEHASH, owner_, spender, value, nonce, deadline))",
        "keccak256(abi.encode(PERMIT_TYPEHASH, owner_, spender, nonce, nonce, deadline))",
    ),
    "s3_other_chains_too": (
        "_hashTypedData(keccak256(",
        "_hashTypedDataSansChainId(keccak256(",
    ),
}


@pytest.fixture(scope="module")
def bytecodes() -> dict[str, bytes]:
    return faulty_bytecode(SOURCE, FAULTS)


def test_the_walk_passes_on_the_real_contract(chain: Chain) -> None:
    walk(World(deploy(chain)))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_seeded_fault_is_caught(fault: str, chain: Chain, bytecodes: dict[str, bytes]) -> None:
    with pytest.raises(AssertionError, match=rf"^{fault[:2].upper()}: "):
        walk(World(deploy(chain, bytecodes[fault])))
