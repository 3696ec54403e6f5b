// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SignatureCheckerLib} from "solady/utils/SignatureCheckerLib.sol";
import {ILendingPool} from "./ILendingPool.sol";
import {LendingVault} from "./LendingVault.sol";

/// @title LendingAuthorization
/// @notice Who may act for whom as a borrower: told by a transaction, or by a signature that anyone may bring.
abstract contract LendingAuthorization is LendingVault {
    bytes32 private constant TYPEHASH =
        keccak256("Authorization(address owner,address operator,bool authorized,uint256 nonce,uint256 deadline)");

    /* BOOKS */

    /// @inheritdoc ILendingPool
    mapping(address owner => mapping(address operator => bool)) public isAuthorized;

    // Apart from the nonces of permits: one who signs both need not say in which order they are used.
    /// @inheritdoc ILendingPool
    mapping(address owner => uint256) public authorizationNonce;

    /// @inheritdoc ILendingPool
    function setAuthorization(address operator, bool authorized) external {
        _setAuthorization(msg.sender, operator, authorized);
    }

    /// @inheritdoc ILendingPool
    function setAuthorizationBySignature(
        address owner,
        address operator,
        bool authorized,
        uint256 deadline,
        bytes calldata signature
    ) external {
        require(block.timestamp <= deadline, SignatureExpired(deadline, block.timestamp));
        bytes32 content =
            keccak256(abi.encode(TYPEHASH, owner, operator, authorized, authorizationNonce[owner], deadline));
        bytes32 digest = keccak256(abi.encodePacked("\x19\x01", DOMAIN_SEPARATOR(), content));
        // Two signatures of one digest are no danger: the nonce lets one of them pass.
        require(SignatureCheckerLib.isValidSignatureNowCalldata(owner, digest, signature), SignatureInvalid(owner));

        _setAuthorization(owner, operator, authorized);
    }

    /// @dev The nonce moves every time, so that nothing signed before can undo what was said last.
    function _setAuthorization(address owner, address operator, bool authorized) private {
        isAuthorized[owner][operator] = authorized;
        uint256 nonce = ++authorizationNonce[owner];

        emit AuthorizationSet(owner, operator, authorized, nonce);
    }

    function _authorize(address account) internal view {
        require(msg.sender == account || isAuthorized[account][msg.sender], NotAuthorized(account, msg.sender));
    }
}
