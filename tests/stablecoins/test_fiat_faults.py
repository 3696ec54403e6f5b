"""S1-S3 and S6 bite: each deliberate mistake in the contract trips the invariant it offends."""

from __future__ import annotations

import os

import pytest

from defi_kit.chain import Chain
from defi_kit.testing.peg.fiat.world import FiatWorld, deploy
from faults import faulty_bytecode
from stablecoins.fiat_tour import walk

ROOM = "contracts/stablecoins"
SOURCE = f"{ROOM}/FiatDollar.sol"

FAULTS: dict[str, tuple[str, str]] = {
    # S1: balances sum to the supply
    "s1_mint_forgets_the_supply": ("_books = books + (amount << AMOUNT_SHIFT);", "_books = books;"),
    "s1_burn_forgets_the_supply": ("_books = books - (amount << AMOUNT_SHIFT);", "_books = books;"),
    "s1_self_transfer_doubles": ("if (from != to) {", "{"),
    "s1_transfer_beyond_the_balance": (
        "if (amount > sender >> AMOUNT_SHIFT) _lack(from, amount);",
        "",
    ),
    "s1_redeeming_burns_nothing": (
        """            _books = books - (amount << AMOUNT_SHIFT) + (amount << OWED_SHIFT);
            _accounts[msg.sender] = holder - (amount << AMOUNT_SHIFT);""",
        "            _books = books - (amount << AMOUNT_SHIFT) + (amount << OWED_SHIFT);",
    ),
    "s1_a_refusal_gives_dollars_that_are_not_counted": (
        "_books = books - (amount << OWED_SHIFT) + (amount << AMOUNT_SHIFT);",
        "_books = books - (amount << OWED_SHIFT);",
    ),
    # S2: minters, frozen accounts, pause
    "s2_allowance_never_falls": ("minter.allowance -= uint104(amount);", ""),
    "s2_mints_beyond_the_allowance": (
        "require(amount <= minter.allowance, ",
        "require(true, ",
    ),
    "s2_anyone_configures_minters": (
        "uint256 dailyLimit) external only(Role.MinterAdmin)",
        "uint256 dailyLimit) external",
    ),
    "s2_the_daily_limit_does_not_hold": ("require(amount <= available, ", "require(true, "),
    "s2_the_daily_limit_forgets_what_was_minted": (
        "minter.used = uint56(used + amount);",
        "minter.used = uint56(amount);",
    ),
    "s2_the_daily_limit_fills_up_twice_as_fast": ("/ 1 days", "/ 12 hours"),
    "s2_mints_beyond_the_reserves": (
        "_requireBacked((books >> AMOUNT_SHIFT) + _owed(books), amount);",
        "",
    ),
    "s2_mints_against_what_is_owed": (
        "_requireBacked((books >> AMOUNT_SHIFT) + _owed(books), amount);",
        "_requireBacked(books >> AMOUNT_SHIFT, amount);",
    ),
    "s2_payouts_leave_the_reserves": ("        _payOut(amount);\n", ""),
    "s2_rescues_the_ether_of_a_pause": (
        "require(!_isPaused(), DollarIsPaused()); // the",
        "// the",
    ),
    "s2_pauses_without_ether": (
        "return address(this).balance != 0 && ",
        "return address(this).balance > 1 && ",
    ),
    "s2_forced_ether_pauses": (
        "return address(this).balance != 0 && _books & STOPPED != 0;",
        "return address(this).balance != 0;",
    ),
    "s2_frozen_tellers_close_redemptions": (
        "require(_accounts[msg.sender] & STOPPED == 0, AccountIsFrozen(msg.sender));\n    }",
        "}",
    ),
    "s2_frozen_get_dollars_back": (
        "if ((books | word) & STOPPED != 0) _refuse(holder, holder);",
        "if (books & STOPPED != 0) _refuse(holder, holder);",
    ),
    "s2_frozen_receive": (
        "if ((sender | receiver) & STOPPED != 0 ||",
        "if (sender & STOPPED != 0 ||",
    ),
    "s2_paused_transfers": (
        "if ((sender | receiver) & STOPPED != 0 || _isPaused())",
        "if ((sender | receiver) & STOPPED != 0)",
    ),
    "s2_frozen_spend": (
        "require(_accounts[msg.sender] & STOPPED == 0, AccountIsFrozen(msg.sender));\n"
        "        uint256",
        "uint256",
    ),
    "s2_frozen_approve": (
        "require(_accounts[owner_] & STOPPED == 0, AccountIsFrozen(owner_));",
        "",
    ),
    "s2_frozen_are_minted_to": (
        "if ((books | receiver | _accounts[msg.sender]) & STOPPED != 0)",
        "if ((books | _accounts[msg.sender]) & STOPPED != 0)",
    ),
    "s2_paused_approvals": (
        """        require(!_isPaused(), DollarIsPaused());
        require(_accounts[owner_] & STOPPED == 0""",
        "        require(_accounts[owner_] & STOPPED == 0",
    ),
    "s2_burns_while_paused": (
        """        if ((books | holder) & STOPPED != 0) _refuse(msg.sender, msg.sender);
        require(_minters""",
        """        if (holder & STOPPED != 0) _refuse(msg.sender, msg.sender);
        require(_minters""",
    ),
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
    "s3_value_not_signed": (
        "keccak256(abi.encode(PERMIT_TYPEHASH, owner_, spender, value, nonce, deadline))",
        "keccak256(abi.encode(PERMIT_TYPEHASH, owner_, spender, nonce, nonce, deadline))",
    ),
    "s3_anyone_receives": (
        "require(msg.sender == order.to, CallerNotReceiver(msg.sender, order.to));",
        "{}",
    ),
    "s3_authorizations_work_too_late": (
        "require(block.timestamp < order.validBefore, ",
        "require(block.timestamp <= order.validBefore, ",
    ),
    "s3_anyone_cancels": (
        "_requireSigned(authorizer, "
        "keccak256(abi.encode(CANCEL_AUTHORIZATION_TYPEHASH, authorizer, nonce)), signature);",
        "",
    ),
    # S6: the queue
    "s6_nothing_is_owed": (
        "_books = books - (amount << AMOUNT_SHIFT) + (amount << OWED_SHIFT);",
        "_books = books - (amount << AMOUNT_SHIFT);",
    ),
    "s6_what_was_paid_stays_owed": ("_books -= amount << OWED_SHIFT;", ""),
    "s6_anyone_closes": (
        "require(_minters[msg.sender].usedAt != 0, NotMinter(msg.sender));\n        require(_acc",
        "require(_acc",
    ),
}

ROLES_FAULTS: dict[str, tuple[str, str]] = {
    "s2_anyone_takes_a_role": (
        "require(msg.sender == _candidates[role], ",
        "require(msg.sender != address(0), ",
    ),
    "s2_revoked_holders_stay": (
        """        delete _candidates[role];
        _move(role, address(0));""",
        "        delete _candidates[role];",
    ),
}

SIGNATURES_FAULTS: dict[str, tuple[str, str]] = {
    "s3_high_s": ("require(uint256(s) <= MAX_S, SignatureMalleable(s));", ""),
    "s3_any_signature": (
        "require(SignatureCheckerLib.isValidSignatureNow(signer, digest, signature), ",
        "require(uint256(digest) != 0, ",
    ),
    "s3_other_chains_too": ("_hashTypedData(structHash)", "_hashTypedDataSansChainId(structHash)"),
    "s3_authorizations_work_twice": ("authorizationState[authorizer][nonce] = true;", ""),
    "s3_what_is_for_the_receiver_anyone_may_send": (
        'keccak256(\n        "ReceiveWithAuthorization(',
        'keccak256(\n        "TransferWithAuthorization(',
    ),
}

RESERVES_FAULTS: dict[str, tuple[str, str]] = {
    "s2_statements_of_any_time_replay": ("require(asOf > _asOf, ", "require(true, "),
    "s2_stale_statements_are_recorded": (
        "require(block.timestamp - asOf <= maxStatementAge, "
        "StatementTooOld(asOf, block.timestamp, maxStatementAge));\n        require(reserves_ <=",
        "require(reserves_ <=",
    ),
    "s2_mints_on_stale_statements": (
        "require(block.timestamp - asOf <= maxStatementAge, "
        "StatementTooOld(asOf, block.timestamp, maxStatementAge));\n        require(liabilities",
        "require(liabilities",
    ),
    "s2_reserves_are_not_signed": (
        "abi.encode(STATEMENT_TYPEHASH, reserves_, asOf)",
        "abi.encode(STATEMENT_TYPEHASH, asOf, asOf)",
    ),
    "s2_replaced_attesters_go_on": ("delete isAttester[_attesters[i]];", ""),
    "s2_the_old_attesters_word_stands": ("_reserves = 0; //", "//"),
    "s2_attesters_come_twice": ("require(attesters_[i] > previous, ", "require(true, "),
    "s2_the_history_forgets": (
        "_statements.push(Statement(uint112(reserves_), uint40(asOf), uint40(block.timestamp)));",
        "if (_statements.length == 0) _statements.push(Statement(uint112(reserves_), "
        "uint40(asOf), uint40(block.timestamp)));",
    ),
}

QUORUM_FAULTS: dict[str, tuple[str, str]] = {
    "s2_one_votes_twice": ("require(signer > previous, ", "require(signer >= previous, "),
    "s2_the_sender_counts_twice": ("if (signer != msg.sender) ++votes;", "++votes;"),
}

QUEUE_FAULTS: dict[str, tuple[str, str]] = {
    "s6_closes_twice": (
        """
        require(ticket.status == RedemptionStatus.Pending, RedemptionNotPending(id, ticket.status));

        ticket.status = status;""",
        """
        ticket.status = status;""",
    ),
    "s6_the_line_breaks_behind": ("else _tickets[older].younger = younger;", ""),
    "s6_the_line_breaks_before": ("else _tickets[younger].older = older;", ""),
    "s6_the_oldest_stays_first": ("if (older == 0) _oldest = younger;", "if (older == 0) {}"),
}

SOURCES: dict[str, dict[str, tuple[str, str]]] = {
    SOURCE: FAULTS,
    f"{ROOM}/FiatRoles.sol": ROLES_FAULTS,
    f"{ROOM}/FiatSignatures.sol": SIGNATURES_FAULTS,
    f"{ROOM}/ReserveAttestation.sol": RESERVES_FAULTS,
    f"{ROOM}/RedemptionQueue.sol": QUEUE_FAULTS,
    "contracts/libraries/Quorum.sol": QUORUM_FAULTS,
}
SPARED = frozenset(
    {
        "s1_burn_forgets_the_supply",
        "s1_transfer_beyond_the_balance",
        "s2_anyone_configures_minters",
        "s2_attesters_come_twice",
        "s2_burns_while_paused",
        "s2_forced_ether_pauses",
        "s2_frozen_are_minted_to",
        "s2_frozen_get_dollars_back",
        "s2_frozen_receive",
        "s2_frozen_tellers_close_redemptions",
        "s2_mints_against_what_is_owed",
        "s2_mints_beyond_the_allowance",
        "s2_paused_approvals",
        "s2_revoked_holders_stay",
        "s2_stale_statements_are_recorded",
        "s2_the_daily_limit_fills_up_twice_as_fast",
        "s2_the_history_forgets",
        "s2_the_old_attesters_word_stands",
        "s2_the_sender_counts_twice",
        "s3_any_signature",
        "s3_anyone_cancels",
        "s3_authorizations_work_too_late",
        "s3_no_deadline",
        "s6_the_line_breaks_before",
        "s6_what_was_paid_stays_owed",
    }
)
"""Compiling a fault takes a second: these are seeded with HYPOTHESIS_PROFILE=deep only."""

DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
SEEDED = {
    source: {name: fault for name, fault in faults.items() if DEEP or name not in SPARED}
    for source, faults in SOURCES.items()
}
ALL = [fault for faults in SEEDED.values() for fault in faults]


@pytest.fixture(scope="module")
def bytecodes() -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for source, faults in SEEDED.items():
        found |= faulty_bytecode(source, faults, contract="FiatDollar")
    return found


def test_the_walk_passes_on_the_real_contract(chain: Chain) -> None:
    walk(FiatWorld(deploy(chain)))


@pytest.mark.parametrize("fault", ALL)
def test_a_seeded_fault_is_caught(fault: str, chain: Chain, bytecodes: dict[str, bytes]) -> None:
    with pytest.raises(AssertionError, match=rf"^{fault[:2].upper()}: "):
        walk(FiatWorld(deploy(chain, bytecodes[fault])))
