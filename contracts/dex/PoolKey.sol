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
    uint256 curve; // 0 = constant product, else StableSwap: amplification << 16 | decimals of token0 << 8 | of token1
}

/// @notice One step of a path: the pool of this fee and curve that trades the token at hand for `tokenOut`.
/// @dev A path of hops rather than of keys: 400 gas less a hop, and no hop can name a pool without the token at hand.
struct Hop {
    address tokenOut; // at the end of a path, zero for ether
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
    /// A hop to the zero address goes to wrapped ether; from the zero address none goes anywhere.
    function from(Hop calldata hop, address tokenIn, address weth)
        internal
        pure
        returns (PoolId id, bool zeroForOne, address tokenOut)
    {
        // In assembly it costs a third. Fee and curve lie side by side at the end of a hop and of a key; an address with
        // anything above it is refused, as Solidity does; nothing is kept in the memory that is borrowed.
        assembly ("memory-safe") {
            tokenOut := calldataload(hop)
            if shr(160, tokenOut) { revert(0, 0) }
            let traded := tokenOut
            if iszero(traded) { traded := weth }
            zeroForOne := lt(tokenIn, traded)
            let key := mload(0x40)
            let low := shl(5, iszero(zeroForOne))
            mstore(add(key, low), tokenIn)
            mstore(add(key, xor(low, 0x20)), traded)
            calldatacopy(add(key, 0x40), add(hop, 0x20), 0x40)
            id := keccak256(key, 0x80)
        }
    }

    /// @dev `path[i]`, where `i` is known to be below the length.
    function hopAt(Hop[] calldata path, uint256 i) internal pure returns (Hop calldata hop) {
        assembly ("memory-safe") {
            hop := add(path.offset, mul(i, 0x60))
        }
    }

    function _hash(address token0, address token1, uint256 fee, uint256 curve) private pure returns (PoolId) {
        return
            PoolId.wrap(uint256(EfficientHashLib.hash(uint256(uint160(token0)), uint256(uint160(token1)), fee, curve)));
    }
}
