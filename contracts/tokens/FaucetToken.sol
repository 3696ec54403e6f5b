// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "solady/tokens/ERC20.sol";

import {IFaucetToken} from "./IFaucetToken.sol";

/// @title FaucetToken
/// @notice A plain ERC-20 with permit for local economies: its owner mints at will.
contract FaucetToken is IFaucetToken, ERC20 {
    /* FIXED AT BIRTH */

    /// @inheritdoc IFaucetToken
    // Immutable, so no handover can go wrong: a faucet whose owner is lost is deployed anew.
    address public immutable owner;

    uint8 private immutable _decimals;
    bytes32 private immutable _nameHash;
    string private _name;
    string private _symbol;

    constructor(string memory name_, string memory symbol_, uint8 decimals_, address owner_) {
        require(owner_ != address(0), ZeroOwner());

        owner = owner_;
        _decimals = decimals_;
        _nameHash = keccak256(bytes(name_));
        _name = name_;
        _symbol = symbol_;
    }

    /* MINTING */

    /// @inheritdoc IFaucetToken
    function mint(address to, uint256 amount) external {
        require(msg.sender == owner, NotOwner(msg.sender, owner));

        _mint(to, amount);
    }

    /* VIEWS */

    /// @notice Name of the token.
    function name() public view override returns (string memory) {
        return _name;
    }

    /// @notice Symbol of the token.
    function symbol() public view override returns (string memory) {
        return _symbol;
    }

    /// @notice Decimals of the token.
    function decimals() public view override returns (uint8) {
        return _decimals;
    }

    function _constantNameHash() internal view override returns (bytes32) {
        return _nameHash;
    }

    function _givePermit2InfiniteAllowance() internal pure override returns (bool) {
        return false; // nobody holds an allowance that the holder did not give
    }
}
