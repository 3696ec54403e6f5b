"""Statements that k of n people stand behind. Twin of `contracts/libraries/Quorum.sol`."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ..reverts import NoMember, QuorumMissed, SignersUnsorted

__all__ = ["check_quorum"]


def check_quorum(
    members: Collection[str], quorum: int, signers: Sequence[str], sender: str
) -> None:
    """Refuses a statement that fewer than `quorum` members signed; a sender need not sign.

    `signers` are those whose signatures came with it, in that order, by address.
    NoMember, SignersUnsorted, QuorumMissed.

    >>> check_quorum({"0x0a", "0x0b", "0x0c"}, 2, ["0x0a"], sender="0x0c")
    """
    votes = int(sender in members)
    previous = "0x" + 40 * "0"
    for signer in signers:
        if signer not in members:
            raise NoMember(signer)
        if int(signer, 16) <= int(previous, 16):
            raise SignersUnsorted(previous, signer)
        votes += signer != sender
        previous = signer
    if votes < quorum:
        raise QuorumMissed(votes, quorum)
