// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {WETH} from "solady/tokens/WETH.sol";

/// @title WrappedEther
/// @notice Ether as an ERC-20 with permit: one wei in, one base unit out, and back, always.
contract WrappedEther is WETH {
    function _constantNameHash() internal pure override returns (bytes32) {
        return keccak256("Wrapped Ether");
    }

    function _givePermit2InfiniteAllowance() internal pure override returns (bool) {
        return false; // nobody holds an allowance that the holder did not give
    }
}
