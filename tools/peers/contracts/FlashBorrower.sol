// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

interface IToken {
    function approve(address spender, uint256 amount) external returns (bool);
    function balanceOf(address owner) external view returns (uint256);
    function transfer(address to, uint256 amount) external returns (bool);
}

/// @title FlashBorrower
/// @notice Borrows from Morpho Blue or Aave v3 for the length of a call, lets the lender take back what it was told to
/// give, and sends its caller whatever the lender has left. Anyone may use it.
contract FlashBorrower {
    /// @notice Calls `lender`, which lends `token` and may take `repaid` of it back.
    function borrow(address lender, address token, uint256 repaid, bytes calldata call) external {
        IToken(token).approve(lender, repaid);
        (bool done, bytes memory result) = lender.call(call);
        if (!done) {
            assembly {
                revert(add(result, 0x20), mload(result))
            }
        }
        IToken(token).transfer(msg.sender, IToken(token).balanceOf(address(this)));
    }

    /// @notice What Morpho Blue calls.
    function onMorphoFlashLoan(uint256, bytes calldata) external {}

    /// @notice What Aave v3 calls.
    function executeOperation(address, uint256, uint256, address, bytes calldata) external pure returns (bool) {
        return true;
    }
}
