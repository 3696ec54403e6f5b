// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {IOracle} from "../../interfaces/IOracle.sol";

/// @title SimpleDollar
/// @notice The smallest dollar that is still right: minted for one token at its price, redeemed for it less a fee. For tests
/// only; it is there to be broken, a line at a time.
/// @dev [$] is base units of the dollar, 1e18 to one.
contract SimpleDollar {
    using FixedPointMathLib for uint256;
    using SafeTransferLib for address;

    /// @notice Thrown where more dollars would be out than may.
    error AboveCap(uint256 supply, uint256 cap);

    /// @notice Thrown while it is stopped.
    error Stopped();

    /// @notice Thrown when someone else than the owner does what only the owner may.
    error NotOwner(address caller, address owner);

    uint8 public constant decimals = 18;
    uint256 public constant FEE = 0.001e18; // of a redemption [wad]
    uint256 private constant WAD = 1e18;
    uint256 private constant SCALE = 1e36;

    address public immutable asset;
    IOracle public immutable oracle; // [$] that one [asset] is worth, times 1e36
    uint256 public immutable cap; // [$]
    address public immutable owner = msg.sender;

    uint256 public reserve; // [asset]; gifts are not in it
    uint256 public totalSupply; // [$]
    bool public stopped;
    mapping(address account => uint256) public balanceOf;
    mapping(address account => mapping(address spender => uint256)) public allowance;

    constructor(address asset_, IOracle oracle_, uint256 cap_) {
        (asset, oracle, cap) = (asset_, oracle_, cap_);
    }

    modifier whileRunning() {
        require(!stopped, Stopped());
        _;
    }

    /// @notice Stops every movement, or lets go again.
    function setStopped(bool stopped_) external {
        require(msg.sender == owner, NotOwner(msg.sender, owner));
        stopped = stopped_;
    }

    /// @notice Issues dollars to the caller, for what they are worth.
    function mint(uint256 dollars) external whileRunning returns (uint256 paid) {
        paid = dollars.fullMulDivUp(SCALE, oracle.price());
        totalSupply += dollars;
        require(totalSupply <= cap, AboveCap(totalSupply, cap));
        balanceOf[msg.sender] += dollars;
        reserve += paid;
        asset.safeTransferFrom(msg.sender, address(this), paid);
    }

    /// @notice Takes dollars of `account` back and pays the caller what they are worth, or their part of what is there.
    function redeem(uint256 dollars, address account) external whileRunning returns (uint256 paid) {
        paid = quote(dollars);
        if (msg.sender != account) _spend(account, dollars);
        balanceOf[account] -= dollars;
        totalSupply -= dollars;
        reserve -= paid;
        asset.safeTransfer(msg.sender, paid);
    }

    /// @notice What a redemption pays now. [asset]
    function quote(uint256 dollars) public view returns (uint256) {
        uint256 worth = dollars.fullMulDiv(WAD - FEE, WAD).fullMulDiv(SCALE, oracle.price());
        return worth.min(dollars.fullMulDiv(reserve, totalSupply));
    }

    function transfer(address to, uint256 dollars) external whileRunning returns (bool) {
        _move(msg.sender, to, dollars);
        return true;
    }

    function transferFrom(address from, address to, uint256 dollars) external whileRunning returns (bool) {
        _spend(from, dollars);
        _move(from, to, dollars);
        return true;
    }

    function approve(address spender, uint256 dollars) external returns (bool) {
        allowance[msg.sender][spender] = dollars;
        return true;
    }

    function _spend(address from, uint256 dollars) private {
        allowance[from][msg.sender] -= dollars;
    }

    function _move(address from, address to, uint256 dollars) private {
        balanceOf[from] -= dollars;
        balanceOf[to] += dollars;
    }
}
