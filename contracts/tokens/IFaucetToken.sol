// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @title IFaucetToken
/// @notice What a faucet token adds to ERC-20 and ERC-2612.
/// @dev Warning: not for anything of value. The owner mints without limit.
interface IFaucetToken {
    /// @notice Thrown when someone else than the owner mints.
    error NotOwner(address caller, address owner);

    /// @notice Thrown when the token would be deployed without an owner.
    error ZeroOwner();

    /// @notice Who may mint, for ever.
    function owner() external view returns (address);

    /// @notice Mints `amount` base units to `to`. Only the owner may.
    function mint(address to, uint256 amount) external;
}
