// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SignatureCheckerLib} from "solady/utils/SignatureCheckerLib.sol";

/// @title MockWallet
/// @notice A contract that holds things: does what its owner says and signs (ERC-1271) what its owner signed.
contract MockWallet {
    /// @notice Thrown when someone else than the owner acts.
    error NotOwner(address caller, address owner);

    /// @notice Who acts and signs for it.
    address public immutable owner;

    /// @notice Whether it refuses every signature.
    bool public closed;

    constructor(address owner_) {
        owner = owner_;
    }

    /// @notice Takes ether.
    receive() external payable {}

    /// @notice Refuses every signature from now on, or none. Anyone may.
    function setClosed(bool closed_) external {
        closed = closed_;
    }

    /// @notice Calls `target`; what it answers or refuses is passed on.
    function execute(address target, uint256 value, bytes calldata data) external returns (bytes memory result) {
        require(msg.sender == owner, NotOwner(msg.sender, owner));

        bool ok;
        (ok, result) = target.call{value: value}(data);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(result, 0x20), mload(result))
            }
        }
    }

    /// @notice ERC-1271: the magic value when `signature` is the owner's over `hash`.
    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        bool valid = !closed && SignatureCheckerLib.isValidSignatureNowCalldata(owner, hash, signature);
        return valid ? this.isValidSignature.selector : bytes4(0xffffffff);
    }
}
