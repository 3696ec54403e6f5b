// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @dev Names a pool: the hash of its key. The same number is the ERC-6909 id of the pool's liquidity shares.
type PoolId is uint256;

using PoolKeys for PoolKey global;

/// @notice Everything that makes a pool the pool it is. Two pools differ if any field differs.
struct PoolKey {
    address token0; // the lower address of the two
    address token1; // the higher address of the two
    uint24 fee; // taken from what a trader pays in, 0 to 100,000 [pips: 1e6 = 100 %]
    uint64 curve; // 0 = constant product; the other values are kept for curves to come and their parameters
}

/// @notice From a key to its id. Python twin: `defi_kit.dex.pool.PoolKey.id`.
library PoolKeys {
    /// @dev `keccak256(abi.encode(key))`.
    function toId(PoolKey calldata key) internal pure returns (PoolId) {
        return PoolId.wrap(uint256(keccak256(abi.encode(key))));
    }
}
