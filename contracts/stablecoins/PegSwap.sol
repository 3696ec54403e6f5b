// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {IOracle} from "../interfaces/IOracle.sol";
import {IPegSwap} from "./IPegSwap.sol";

/// @title PegSwap
/// @notice Changes two stablecoins into each other at par. See IPegSwap. Python twin: `defi_kit.stablecoins.peg`.
/// @dev A swap writes nothing. All that is counted is what the treasury has paid in, and while the swap holds at least
/// as much of both tokens together, at par, whatever was paid out of one is covered by what came in of the other.
/// Balances set no price, only limits: a gift can fill a cap, and leaves as surplus.
contract PegSwap is IPegSwap {
    using SafeERC20 for IERC20;

    uint256 private constant PIPS = 1e6;
    uint256 private constant PRICE_DECIMALS = 36;

    /// @inheritdoc IPegSwap
    uint256 public constant MAX_DECIMALS = 24;

    /// @inheritdoc IPegSwap
    uint256 public constant MAX_FEE = 100_000; // 10 % [pips]

    /* FIXED AT BIRTH */

    /// @inheritdoc IPegSwap
    address public immutable treasury;

    address private immutable _backing;
    address private immutable _backingOracle;
    uint128 private immutable _backingCap; // [backing]
    uint32 private immutable _backingFee; // [pips]
    uint32 private immutable _backingTolerance; // [pips]
    uint256 private immutable _backingFloor; // [1e36]
    uint256 private immutable _backingScale; // brings backing to the finer token's decimals
    uint256 private immutable _backingFactor; // _backingScale, less the fee
    uint256 private immutable _backingDivisor; // _backingScale, in pips

    address private immutable _dollar;
    address private immutable _dollarOracle;
    uint128 private immutable _dollarCap; // [dollar]
    uint32 private immutable _dollarFee; // [pips]
    uint32 private immutable _dollarTolerance; // [pips]
    uint256 private immutable _dollarFloor; // [1e36]
    uint256 private immutable _dollarScale; // brings dollars to the finer token's decimals
    uint256 private immutable _dollarFactor; // _dollarScale, less the fee
    uint256 private immutable _dollarDivisor; // _dollarScale, in pips

    /* BOOKS */

    mapping(address token => uint256) private _funded; // paid in by the treasury and not taken back [token]

    uint256 private transient _entered; // 1 in the middle of a verb

    /// @dev One verb at a time, so that nobody mixes another payment into the measurement of one.
    modifier nonReentrant() {
        require(_entered == 0, Reentered());
        _entered = 1;
        _;
        _entered = 0;
    }

    constructor(Side memory backing_, Side memory dollar_, address treasury_) {
        require(treasury_ != address(0), InvalidSide(treasury_));
        require(backing_.token != dollar_.token, InvalidSide(dollar_.token));
        uint256 decimalsIn = _check(backing_);
        uint256 decimalsOut = _check(dollar_);

        treasury = treasury_;
        (_backing, _backingOracle, _backingCap) = (backing_.token, backing_.oracle, backing_.cap);
        (_dollar, _dollarOracle, _dollarCap) = (dollar_.token, dollar_.oracle, dollar_.cap);
        (_backingFee, _backingTolerance) = (backing_.fee, backing_.tolerance);
        (_dollarFee, _dollarTolerance) = (dollar_.fee, dollar_.tolerance);
        _backingFloor = _floor(backing_.tolerance, decimalsIn, decimalsOut);
        _dollarFloor = _floor(dollar_.tolerance, decimalsOut, decimalsIn);
        uint256 scaleIn = decimalsOut > decimalsIn ? 10 ** (decimalsOut - decimalsIn) : 1;
        uint256 scaleOut = decimalsIn > decimalsOut ? 10 ** (decimalsIn - decimalsOut) : 1;
        (_backingScale, _dollarScale) = (scaleIn, scaleOut);
        (_backingFactor, _dollarFactor) = (scaleIn * (PIPS - backing_.fee), scaleOut * (PIPS - dollar_.fee));
        (_backingDivisor, _dollarDivisor) = (scaleIn * PIPS, scaleOut * PIPS);
    }

    function _check(Side memory side) private view returns (uint256 decimals) {
        require(side.token.code.length != 0, InvalidSide(side.token));
        require(side.cap != 0, InvalidParameter("cap", side.cap));
        require(side.fee <= MAX_FEE, InvalidParameter("fee", side.fee));
        require(side.tolerance < PIPS, InvalidParameter("tolerance", side.tolerance));

        decimals = IERC20Metadata(side.token).decimals();
        require(decimals <= MAX_DECIMALS, TooManyDecimals(decimals, MAX_DECIMALS));
    }

    /// @dev Exact: par is at least 1e12, so a millionth of it is whole. One raw unit of the own token is worth
    /// 10 ** (other - own) raw units of the other at par.
    function _floor(uint256 tolerance, uint256 own, uint256 other) private pure returns (uint256) {
        return 10 ** (PRICE_DECIMALS + other - own) / PIPS * (PIPS - tolerance);
    }

    /* SWAPS */

    /// @inheritdoc IPegSwap
    function swapIn(uint256 amount, address to) external nonReentrant returns (uint256 amountOut) {
        amountOut = _convertIn(amount);
        // Casts are safe: both fit in 128 bits, or no token has as much.
        emit PegSwapped(int256(amount), -int256(amountOut));
        _exchange(_backing, _backingCap, amount, _dollar, amountOut, to);
    }

    /// @inheritdoc IPegSwap
    function swapOut(uint256 amount, address to) external nonReentrant returns (uint256 amountOut) {
        amountOut = _convertOut(amount);
        // Casts are safe: see `swapIn`.
        emit PegSwapped(-int256(amountOut), int256(amount));
        _exchange(_dollar, _dollarCap, amount, _backing, amountOut, to);
    }

    /// @dev The dollars that this much backing buys.
    function _convertIn(uint256 amount) private view returns (uint256) {
        _checkPeg(_backing, _backingOracle, _backingFloor);
        return _convert(_backing, amount, _backingCap, _backingFactor, _dollarDivisor);
    }

    /// @dev The backing that so many dollars buy.
    function _convertOut(uint256 amount) private view returns (uint256) {
        _checkPeg(_dollar, _dollarOracle, _dollarFloor);
        return _convert(_dollar, amount, _dollarCap, _dollarFactor, _backingDivisor);
    }

    function _checkPeg(address token, address oracle, uint256 floor) private view {
        if (oracle == address(0)) return;
        uint256 price = IOracle(oracle).price();
        require(price >= floor, BelowPeg(token, price, floor));
    }

    /// @dev Rounded down, and by the fee, so no way around ends with more than it began.
    function _convert(address token, uint256 amount, uint256 cap, uint256 factor, uint256 divisor)
        private
        pure
        returns (uint256 amountOut)
    {
        // Before the multiplication: what is beyond the cap need not fit.
        require(amount <= cap, CapExceeded(token, amount, cap));
        // Cannot overflow: 128 bits by 10 ** 30; and the divisor is not zero.
        unchecked {
            amountOut = amount * factor / divisor;
        }
        require(amountOut != 0, ZeroAmount());
    }

    function _exchange(address tokenIn, uint256 cap, uint256 amountIn, address tokenOut, uint256 amountOut, address to)
        private
    {
        uint256 held = _pull(tokenIn, amountIn);
        require(held <= cap, CapExceeded(tokenIn, held, cap));
        // Looking at the stock only once it has failed spares every swap a call.
        if (!IERC20(tokenOut).trySafeTransfer(to, amountOut)) {
            _checkStock(tokenOut, amountOut);
            IERC20(tokenOut).safeTransfer(to, amountOut); // fails again, with the token's own reason
        }
    }

    function _checkStock(address token, uint256 amount) private view {
        uint256 stock = SafeTransferLib.balanceOf(token, address(this));
        require(amount <= stock, InsufficientStock(token, stock, amount));
    }

    /* STOCK */

    /// @inheritdoc IPegSwap
    function fund(address token, uint256 amount) external nonReentrant {
        _onlyTreasury();
        uint256 cap = _capOf(token);
        require(amount != 0, ZeroAmount());
        require(amount <= cap, CapExceeded(token, amount, cap));

        _funded[token] += amount;

        emit StockFunded(token, amount);

        uint256 held = _pull(token, amount);
        require(held <= cap, CapExceeded(token, held, cap));
    }

    /// @inheritdoc IPegSwap
    function unfund(address token, uint256 amount) external nonReentrant {
        _onlyTreasury();
        uint256 stock = funded(token);
        require(amount != 0, ZeroAmount());
        require(amount <= stock, NotFunded(token, stock, amount));
        _checkStock(token, amount);

        _funded[token] = stock - amount;

        emit StockUnfunded(token, amount);

        IERC20(token).safeTransfer(msg.sender, amount);
    }

    function _onlyTreasury() private view {
        require(msg.sender == treasury, NotTreasury(msg.sender, treasury));
    }

    /// @inheritdoc IPegSwap
    function collect(address token) external nonReentrant returns (uint256 amount) {
        _capOf(token); // one of the two
        amount = surplus() / (token == _backing ? _backingScale : _dollarScale);
        amount = FixedPointMathLib.min(amount, _held(token));
        require(amount != 0, ZeroAmount());

        emit SurplusCollected(token, amount);

        IERC20(token).safeTransfer(treasury, amount);
    }

    /* SHARED STEPS */

    /// @dev Takes `amount` from the caller and insists that it arrived; returns what is held then.
    function _pull(address token, uint256 amount) private returns (uint256 held) {
        uint256 before = SafeTransferLib.balanceOf(token, address(this));
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        held = SafeTransferLib.balanceOf(token, address(this));
        // Wraps where less is held than before, and then equals no amount that anyone has.
        unchecked {
            require(held - before == amount, WrongAmountReceived(token, held - before, amount));
        }
    }

    function _capOf(address token) private view returns (uint256) {
        if (token == _backing) return _backingCap;
        require(token == _dollar, NotASide(token));
        return _dollarCap;
    }

    /// @dev Cut to 128 bits, so that no gift makes a sum overflow.
    function _held(address token) private view returns (uint256) {
        return FixedPointMathLib.min(SafeTransferLib.balanceOf(token, address(this)), type(uint128).max);
    }

    /* VIEWS */

    /// @inheritdoc IPegSwap
    function quoteIn(uint256 amount) external view returns (uint256 amountOut) {
        amountOut = _convertIn(amount);
        _checkRoom(_backing, _backingCap, amount);
        _checkStock(_dollar, amountOut);
    }

    /// @inheritdoc IPegSwap
    function quoteOut(uint256 amount) external view returns (uint256 amountOut) {
        amountOut = _convertOut(amount);
        _checkRoom(_dollar, _dollarCap, amount);
        _checkStock(_backing, amountOut);
    }

    function _checkRoom(address token, uint256 cap, uint256 amount) private view {
        uint256 held = SafeTransferLib.balanceOf(token, address(this)) + amount;
        require(held <= cap, CapExceeded(token, held, cap));
    }

    /// @inheritdoc IPegSwap
    function backing() external view returns (Side memory) {
        return Side(_backing, _backingOracle, _backingCap, _backingFee, _backingTolerance);
    }

    /// @inheritdoc IPegSwap
    function dollar() external view returns (Side memory) {
        return Side(_dollar, _dollarOracle, _dollarCap, _dollarFee, _dollarTolerance);
    }

    /// @inheritdoc IPegSwap
    function funded(address token) public view returns (uint256) {
        _capOf(token); // one of the two
        return _funded[token];
    }

    /// @inheritdoc IPegSwap
    function surplus() public view returns (uint256) {
        uint256 held = _held(_backing) * _backingScale + _held(_dollar) * _dollarScale;
        uint256 owed = _funded[_backing] * _backingScale + _funded[_dollar] * _dollarScale;
        // Not below zero but by a token that loses balances; then nothing is beyond par.
        return FixedPointMathLib.zeroFloorSub(held, owed);
    }
}
