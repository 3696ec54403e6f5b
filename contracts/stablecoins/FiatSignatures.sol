// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {EIP712} from "solady/utils/EIP712.sol";
import {SignatureCheckerLib} from "solady/utils/SignatureCheckerLib.sol";

import {IFiatDollar} from "./IFiatDollar.sol";

/// @title FiatSignatures
/// @notice What holders of a fiat dollar sign, that it counts once, and whose signature is good. See IFiatDollar.
abstract contract FiatSignatures is IFiatDollar, EIP712 {
    /// @notice A signed movement (ERC-3009), in the order in which it is hashed.
    struct Authorization {
        bytes32 typehash;
        address from;
        address to;
        uint256 value;
        uint256 validAfter;
        uint256 validBefore;
        bytes32 nonce;
    }

    /// @dev Half the order of secp256k1: the larger `s` of a signature's two lies above it (EIP-2).
    uint256 private constant MAX_S = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    /// @notice Type of what is signed for `transferWithAuthorization` (ERC-3009).
    bytes32 public constant TRANSFER_WITH_AUTHORIZATION_TYPEHASH = keccak256(
        "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );

    /// @notice Type of what is signed for `receiveWithAuthorization` (ERC-3009).
    bytes32 public constant RECEIVE_WITH_AUTHORIZATION_TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );

    /// @notice Type of what is signed for `cancelAuthorization` (ERC-3009).
    bytes32 public constant CANCEL_AUTHORIZATION_TYPEHASH =
        keccak256("CancelAuthorization(address authorizer,bytes32 nonce)");

    /// @inheritdoc IFiatDollar
    mapping(address authorizer => mapping(bytes32 nonce => bool)) public authorizationState;

    /// @dev Before a contract is asked for its signature: the answer cannot come twice.
    function _spend(address authorizer, bytes32 nonce) internal {
        require(!authorizationState[authorizer][nonce], AuthorizationSpent(authorizer, nonce));
        authorizationState[authorizer][nonce] = true;
    }

    /// @dev Keys sign 65 bytes r, s, v with the lower s; a contract says itself (ERC-1271) what it takes for a signature.
    function _requireSigned(address signer, bytes32 structHash, bytes memory signature) internal view {
        if (signer.code.length == 0) {
            require(signature.length == 65, SignatureInvalid(signer));
            (, bytes32 s) = abi.decode(signature, (bytes32, bytes32));
            require(uint256(s) <= MAX_S, SignatureMalleable(s));
        }
        bytes32 digest = _hashTypedData(structHash);
        require(SignatureCheckerLib.isValidSignatureNow(signer, digest, signature), SignatureInvalid(signer));
    }
}
