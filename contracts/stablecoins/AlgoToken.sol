// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "solady/tokens/ERC20.sol";

/// @title AlgoToken
/// @notice Dollar or share of an AlgoController: an ERC-20 with permit, 18 decimals, that only its controller mints and
/// burns. The controller burns nobody's but its own caller's.
contract AlgoToken is ERC20 {
    /// @notice Thrown when someone else than the controller mints or burns.
    error NotController(address caller, address controller);

    /* FIXED AT BIRTH */

    /// @notice Who mints and burns, for ever: whoever deployed it.
    address public immutable controller;

    bytes32 private immutable _nameHash;
    string private _name;
    string private _symbol;

    constructor(string memory name_, string memory symbol_) {
        controller = msg.sender;
        _nameHash = keccak256(bytes(name_));
        _name = name_;
        _symbol = symbol_;
    }

    modifier onlyController() {
        require(msg.sender == controller, NotController(msg.sender, controller));
        _;
    }

    /* MINTING */

    /// @notice Mints `amount` to `to`. Only the controller may.
    function mint(address to, uint256 amount) external onlyController {
        _mint(to, amount);
    }

    /// @notice Burns `amount` of `from`'s. Only the controller may.
    function burn(address from, uint256 amount) external onlyController {
        _burn(from, amount);
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

    function _constantNameHash() internal view override returns (bytes32) {
        return _nameHash;
    }

    function _givePermit2InfiniteAllowance() internal pure override returns (bool) {
        return false; // nobody holds an allowance that the holder did not give
    }
}
