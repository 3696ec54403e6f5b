// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev What a proof takes for granted: halmos listens at Foundry's address for cheats.
interface ICheats {
    function assume(bool condition) external pure;
}

/// @notice Proofs are functions `check_...`: for all arguments that `given` lets through, no assertion fails.
abstract contract Assume {
    ICheats private constant CHEATS = ICheats(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

    function given(bool condition) internal pure {
        CHEATS.assume(condition);
    }
}
