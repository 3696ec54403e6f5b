// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ECDSA} from "solady/utils/ECDSA.sol";

/// @notice Statements that k of n people stand behind, by signature or by sending them. Python twin:
/// `defi_kit.math.quorum`.
/// @dev Signatures are 65 bytes r, s, v with the lower s, sorted by signer: each signer counts once, and each statement
/// has one form only. Members sign with keys; contracts (ERC-1271) do not vote.
library Quorum {
    /// @notice Thrown when too few members stand behind a statement.
    error QuorumMissed(uint256 votes, uint256 quorum);

    /// @notice Thrown when a signature is of nobody who may vote: of a stranger, or of something else than this.
    error NoMember(address signer);

    /// @notice Thrown when signatures are not sorted by signer, or one signer comes twice.
    error SignersUnsorted(address previous, address signer);

    /// @notice Thrown when a vote is not 65 bytes r, s, v with the lower of its two possible values of `s`.
    error MalformedVote(uint256 length, bytes32 s);

    /// @dev Half the order of secp256k1: the larger `s` of a signature's two lies above it (EIP-2).
    uint256 private constant MAX_S = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    /// @dev Reverts unless `quorum` members signed `digest`; a member that is the caller need not sign.
    function check(
        mapping(address member => bool) storage members,
        uint256 quorum,
        bytes32 digest,
        bytes[] calldata signatures
    ) internal view {
        uint256 votes = members[msg.sender] ? 1 : 0;
        address previous;
        for (uint256 i; i < signatures.length; ++i) {
            address signer = recover(digest, signatures[i]);
            require(members[signer], NoMember(signer));
            require(signer > previous, SignersUnsorted(previous, signer));
            if (signer != msg.sender) ++votes;
            previous = signer;
        }
        require(votes >= quorum, QuorumMissed(votes, quorum));
    }

    /// @dev Who signed `digest`; zero, who is never a member, for garbage.
    function recover(bytes32 digest, bytes calldata signature) internal view returns (address) {
        bytes32 s = signature.length == 65 ? bytes32(signature[32:64]) : bytes32(0);
        require(signature.length == 65 && uint256(s) <= MAX_S, MalformedVote(signature.length, s));
        return ECDSA.tryRecoverCalldata(digest, signature);
    }
}
