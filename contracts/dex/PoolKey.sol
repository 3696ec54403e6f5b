// SPDX-License-Identifier: MIT
pragma solidity >=0.8.20;

import {EfficientHashLib} from "solady/utils/EfficientHashLib.sol";

/// @dev Names a pool: the hash of its key. The same number is the ERC-6909 id of the pool's liquidity shares.
type PoolId is uint256;

using PoolKeys for PoolKey global;
using PoolKeys for Hop global;

/// @notice Everything that makes a pool the pool it is. Two pools differ if any field differs.
struct PoolKey {
    address token0; // the lower address of the two
    address token1; // the higher address of the two
    uint256 fee; // taken from what a trader pays in, 0 to 100,000 [pips: 1e6 = 100 %]
    uint256 curve; // 0 = constant product; the other values are kept for curves to come and their parameters
}

/// @notice One step of a path: the pool of this fee and curve that trades the token at hand for `tokenOut`.
/// @dev A path of hops rather than of keys: 400 gas less a hop, and no hop can name a pool without the token at hand.
struct Hop {
    address tokenOut;
    uint256 fee; // [pips]
    uint256 curve;
}

/// @notice From a key, or from a token and a hop, to a pool's id. Python twin: `defi_kit.dex.pool.PoolKey.id`.
library PoolKeys {
    /// @dev `keccak256(abi.encode(key))`.
    function toId(PoolKey calldata key) internal pure returns (PoolId) {
        return _hash(key.token0, key.token1, key.fee, key.curve);
    }

    /// @dev Where a hop leads from `tokenIn`: the pool's id, whether or not there is one, and which way through it.
    function from(Hop calldata hop, address tokenIn)
        internal
        pure
        returns (PoolId id, bool zeroForOne, address tokenOut)
    {
        tokenOut = hop.tokenOut;
        zeroForOne = tokenIn < tokenOut;
        (address token0, address token1) = zeroForOne ? (tokenIn, tokenOut) : (tokenOut, tokenIn);
        id = _hash(token0, token1, hop.fee, hop.curve);
    }

    function _hash(address token0, address token1, uint256 fee, uint256 curve) private pure returns (PoolId) {
        return
            PoolId.wrap(uint256(EfficientHashLib.hash(uint256(uint160(token0)), uint256(uint160(token1)), fee, curve)));
    }
}
