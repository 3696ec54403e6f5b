// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {IOracle} from "../interfaces/IOracle.sol";
import {AlgoToken} from "./AlgoToken.sol";
import {IAlgoController} from "./IAlgoController.sol";

/// @title AlgoController
/// @notice A dollar between collateral and confidence. See IAlgoController. Python twin: `defi_kit.stablecoins.algo`.
/// @dev Whatever is rounded is rounded for the controller, and where two prices of the share differ, the caller gets the
/// worse: a redemption pays by the higher, a mint costs by the lower, so no lag of an average can be traded against.
contract AlgoController is IAlgoController {
    using FixedPointMathLib for uint256;
    using SafeCastLib for int256;
    using SafeCastLib for uint256;
    using SafeERC20 for IERC20;

    uint256 private constant WAD = 1e18;
    uint256 private constant RAY = 1e27;
    uint256 private constant PIPS = 1e6;
    uint256 private constant PRICE_SCALE = 1e36;
    uint256 private constant MAX_DECIMALS = 24;
    uint256 private constant MAX_DOLLARS = type(uint112).max; // [$]
    uint256 private constant MAX_SHARES = type(uint128).max; // [share]

    /// @dev Plenty for an oracle; a caller that gives less could make a sound one look dead.
    uint256 private constant MIN_ALARM_GAS = 1_000_000;

    /* FIXED AT BIRTH */

    /// @inheritdoc IAlgoController
    address public immutable dollar;

    /// @inheritdoc IAlgoController
    address public immutable share;

    address private immutable _collateral;
    address private immutable _shareOracle;
    address private immutable _shareSpot;
    address private immutable _collateralOracle;
    address private immutable _dollarOracle;
    uint64 private immutable _startRatio; // [wad]
    uint64 private immutable _minRatio; // [wad]
    uint64 private immutable _maxRatio; // [wad]
    uint64 private immutable _ratioStep; // [wad]
    uint64 private immutable _band; // [wad]
    uint32 private immutable _stepPeriod; // [seconds]
    uint32 private immutable _mintSpread; // [pips]
    uint32 private immutable _redeemSpread; // [pips]
    uint128 private immutable _virtualLiquidity; // [$]
    uint32 private immutable _recoveryTime; // [seconds]
    uint32 private immutable _epochLength; // [seconds]
    uint32 private immutable _maxShareGrowth; // [pips]
    uint64 private immutable _breakerCover; // [wad]
    uint32 private immutable _breakerDelay; // [seconds]
    uint256 private immutable _parCollateral; // price of the collateral at par [1e36]

    /* BOOKS */

    uint64 private _ratio; // [wad]
    uint40 private _steppedAt; // [unix seconds]
    uint40 private _imbalanceAt; // [unix seconds]
    uint40 private _alarmedAt; // zero: no alarm [unix seconds]
    bool private _ended;

    uint128 private _held; // [collateral]
    int128 private _imbalance; // dollars redeemed for shares less those minted, as of `_imbalanceAt` [$]

    uint40 private _epochNumber;
    uint128 private _epochStartSupply; // [share]
    uint128 private _epochMinted; // [share]

    uint256 private transient _entered; // 1 in the middle of a verb

    /// @dev One verb at a time, whatever a token does in the middle of a transfer.
    modifier nonReentrant() {
        require(_entered == 0, Reentered());
        _entered = 1;
        _;
        _entered = 0;
    }

    modifier untilTheEnd() {
        require(!_ended, AlgoEnded());
        _;
    }

    constructor(AlgoParameters memory p, Genesis memory genesis) {
        _validate(p);
        uint256 decimals = IERC20Metadata(p.collateral).decimals();
        require(decimals <= MAX_DECIMALS, TooManyDecimals(decimals, MAX_DECIMALS));
        // Nothing but shares stands behind dollars that nobody has paid for.
        require(genesis.dollars == 0 || p.ratio == 0, InvalidParameter("genesis.dollars", genesis.dollars));
        require(genesis.dollars <= MAX_DOLLARS, InvalidParameter("genesis.dollars", genesis.dollars));
        require(genesis.shares != 0, InvalidParameter("genesis.shares", genesis.shares));

        (_collateral, _shareOracle, _shareSpot) = (p.collateral, p.shareOracle, p.shareSpot);
        (_collateralOracle, _dollarOracle) = (p.collateralOracle, p.dollarOracle);
        (_startRatio, _minRatio, _maxRatio) = (p.ratio, p.minRatio, p.maxRatio);
        (_ratioStep, _band, _stepPeriod) = (p.ratioStep, p.band, p.stepPeriod);
        (_mintSpread, _redeemSpread) = (p.mintSpread, p.redeemSpread);
        (_virtualLiquidity, _recoveryTime) = (p.virtualLiquidity, p.recoveryTime);
        (_epochLength, _maxShareGrowth) = (p.epochLength, p.maxShareGrowth);
        (_breakerCover, _breakerDelay) = (p.breakerCover, p.breakerDelay);
        _parCollateral = 10 ** (36 + 18 - decimals);

        (_ratio, _steppedAt, _imbalanceAt) = (p.ratio, uint40(block.timestamp), uint40(block.timestamp));
        AlgoToken dollar_ = new AlgoToken(genesis.dollarName, genesis.dollarSymbol);
        AlgoToken share_ = new AlgoToken(genesis.shareName, genesis.shareSymbol);
        (dollar, share) = (address(dollar_), address(share_));
        share_.mint(genesis.holder, genesis.shares);
        dollar_.mint(genesis.holder, genesis.dollars);
    }

    function _validate(AlgoParameters memory p) private pure {
        require(p.shareOracle != address(0), InvalidParameter("shareOracle", 0));
        require(p.maxRatio <= WAD, InvalidParameter("maxRatio", p.maxRatio));
        require(p.minRatio <= p.maxRatio, InvalidParameter("minRatio", p.minRatio));
        require(p.ratio >= p.minRatio && p.ratio <= p.maxRatio, InvalidParameter("ratio", p.ratio));
        require(p.band < WAD, InvalidParameter("band", p.band));
        require(p.mintSpread < PIPS, InvalidParameter("mintSpread", p.mintSpread));
        require(p.redeemSpread < PIPS, InvalidParameter("redeemSpread", p.redeemSpread));
        require(p.virtualLiquidity <= MAX_DOLLARS, InvalidParameter("virtualLiquidity", p.virtualLiquidity));
        // A guard that is on needs what it works with.
        bool moves = p.stepPeriod == 0 || (p.dollarOracle != address(0) && p.ratioStep != 0);
        require(moves, InvalidParameter("stepPeriod", p.stepPeriod));
        require(p.virtualLiquidity == 0 || p.recoveryTime != 0, InvalidParameter("recoveryTime", p.recoveryTime));
        require(p.maxShareGrowth == 0 || p.epochLength != 0, InvalidParameter("epochLength", p.epochLength));
    }

    /* MINTING */

    /// @inheritdoc IAlgoController
    function mint(uint256 dollars, uint256 maxCollateral, uint256 maxShares, address to)
        external
        nonReentrant
        returns (uint256 collateral, uint256 shares)
    {
        uint256 confidence;
        (collateral, shares, confidence) = _costUp(dollars);
        require(collateral <= maxCollateral, TooMuchCollateral(collateral, maxCollateral));
        require(shares <= maxShares, TooManyShares(shares, maxShares));

        _lean(-confidence.toInt256());
        _held += uint128(collateral); // checked by `_costUp`

        emit DollarsMinted(msg.sender, to, dollars, collateral, shares);

        AlgoToken(share).burn(msg.sender, shares);
        AlgoToken(dollar).mint(to, dollars);
        _pull(collateral);
    }

    /// @dev What `dollars` cost; `confidence` is the part of them that shares pay for.
    function _costUp(uint256 dollars)
        private
        view
        untilTheEnd
        returns (uint256 collateral, uint256 shares, uint256 confidence)
    {
        require(dollars != 0, ZeroAmount());
        uint256 supply = AlgoToken(dollar).totalSupply();
        require(dollars <= MAX_DOLLARS && supply + dollars <= MAX_DOLLARS, SupplyTooLarge(supply, dollars));

        uint256 price = _collateralPrice();
        uint256 backed = dollars.mulDivUp(_ratio, WAD);
        collateral = backed.mulDivUp(PIPS + _mintSpread, PIPS).fullMulDivUp(PRICE_SCALE, price);
        confidence = dollars - backed;
        if (confidence != 0) {
            uint256 value = confidence.mulDivUp(PIPS + _mintSpread, PIPS).max(_virtualCostUp(confidence));
            (uint256 low,) = _sharePrices(price);
            shares = value.fullMulDivUp(PRICE_SCALE, low);
        }
        require(collateral <= type(uint128).max - _held, SupplyTooLarge(_held, collateral));
    }

    /* REDEEMING */

    /// @inheritdoc IAlgoController
    function redeem(uint256 dollars, uint256 minCollateral, uint256 minShares, address to)
        external
        nonReentrant
        returns (uint256 collateral, uint256 shares)
    {
        uint256 confidence;
        (collateral, shares, confidence) = _yieldDown(dollars);
        require(collateral >= minCollateral, TooLittleCollateral(collateral, minCollateral));
        require(shares >= minShares, TooFewAlgoShares(shares, minShares));

        _lean(confidence.toInt256());
        _countMinted(shares);
        // Cannot underflow: never more than the dollars' part of it.
        unchecked {
            _held -= uint128(collateral);
        }

        emit DollarsRedeemed(msg.sender, to, dollars, collateral, shares);

        AlgoToken(dollar).burn(msg.sender, dollars);
        AlgoToken(share).mint(to, shares);
        _push(to, collateral);
    }

    /// @dev What `dollars` yield; `confidence` is the part of them that is paid in shares.
    function _yieldDown(uint256 dollars)
        private
        view
        untilTheEnd
        returns (uint256 collateral, uint256 shares, uint256 confidence)
    {
        uint256 supply = AlgoToken(dollar).totalSupply();
        require(dollars != 0, ZeroAmount());
        require(dollars <= supply, SupplyTooLarge(supply, dollars));

        uint256 price = _collateralPrice();
        (collateral, confidence) = _splitDown(dollars, supply, price);
        if (confidence != 0) {
            uint256 value = (confidence * (PIPS - _redeemSpread) / PIPS).min(_virtualYieldDown(confidence));
            (, uint256 high) = _sharePrices(price);
            shares = value.fullMulDiv(PRICE_SCALE, high);
            _checkMint(shares);
        }
        require(collateral != 0 || shares != 0, ZeroAmount());
    }

    /// @dev Collateral by the ratio, but no more than the dollars' part of what there is: nobody gains by being first,
    /// and no redemption lowers the collateral behind the dollars that stay.
    function _splitDown(uint256 dollars, uint256 supply, uint256 price)
        private
        view
        returns (uint256 collateral, uint256 confidence)
    {
        uint256 keep = PIPS - _redeemSpread;
        uint256 backed = dollars * _ratio / WAD;
        collateral = (backed * keep / PIPS).fullMulDiv(PRICE_SCALE, price);
        uint256 part = _part(dollars, supply);
        if (collateral > part) {
            collateral = part;
            backed = backed.min(part.fullMulDivUp(price, PRICE_SCALE).mulDivUp(PIPS, keep));
        }
        confidence = dollars - backed;
    }

    function _part(uint256 dollars, uint256 supply) private view returns (uint256) {
        return uint256(_held) * dollars / supply; // 128 and 112 bits
    }

    /* SHARES IN AN EPOCH */

    /// @dev Whether so many new shares are within the epoch's cap and fit the supply.
    function _checkMint(uint256 shares) private view {
        uint256 supply = AlgoToken(share).totalSupply();
        require(shares <= MAX_SHARES && supply + shares <= MAX_SHARES, SupplyTooLarge(supply, shares));
        if (_maxShareGrowth == 0) return;

        (, uint256 startSupply, uint256 minted) = _epochNow(supply);
        uint256 cap = startSupply * _maxShareGrowth / PIPS;
        require(minted + shares <= cap, EpochCapExceeded(minted, shares, cap));
    }

    function _countMinted(uint256 shares) private {
        if (_maxShareGrowth == 0 || shares == 0) return;

        (uint256 number, uint256 startSupply, uint256 minted) = _epochNow(AlgoToken(share).totalSupply());
        // Casts are safe: all shares fit in 128 bits.
        (_epochNumber, _epochStartSupply) = (uint40(number), uint128(startSupply));
        _epochMinted = uint128(minted + shares);
    }

    function _epochNow(uint256 supply) private view returns (uint256 number, uint256 startSupply, uint256 minted) {
        number = block.timestamp / _epochLength;
        if (number != _epochNumber) return (number, supply, 0);
        return (number, _epochStartSupply, _epochMinted);
    }

    /* VIRTUAL LIQUIDITY */

    // Two pools of constant product, as in Terra's market module: one of dollars, one of shares' worth, both of the size
    // `_virtualLiquidity` in balance. A redemption sells dollars to the first, a mint buys them from it; time brings the
    // balance back. T is the pool of dollars, the other one is _virtualLiquidity^2 / T.

    /// @dev Worth of shares that `amount` dollars cost: L^2/(T - amount) - L^2/T.
    function _virtualCostUp(uint256 amount) private view returns (uint256) {
        uint256 liquidity = _virtualLiquidity;
        if (liquidity == 0) return 0;
        uint256 pool = _virtualDollars();
        require(amount < pool, VirtualPoolExhausted(amount, pool));
        return (liquidity * liquidity).fullMulDivUp(amount, pool * (pool - amount));
    }

    /// @dev Worth of shares that `amount` dollars yield: L^2/T - L^2/(T + amount).
    function _virtualYieldDown(uint256 amount) private view returns (uint256) {
        uint256 liquidity = _virtualLiquidity;
        if (liquidity == 0) return type(uint256).max;
        uint256 pool = _virtualDollars();
        return (liquidity * liquidity).fullMulDiv(amount, pool * (pool + amount));
    }

    /// @dev Never zero: a mint takes less than all of it, and time brings it towards the balance.
    function _virtualDollars() private view returns (uint256) {
        return uint256(int256(uint256(_virtualLiquidity)) + _imbalanceNow());
    }

    /// @dev Exponential, so that many short waits and one long one agree but for rounding.
    function _imbalanceNow() private view returns (int256) {
        uint256 elapsed = block.timestamp - _imbalanceAt;
        uint256 left = (RAY - RAY / _recoveryTime).rpow(elapsed, RAY);
        return _imbalance * int256(left) / int256(RAY);
    }

    function _lean(int256 amount) private {
        if (_virtualLiquidity == 0) return;
        (_imbalance, _imbalanceAt) = ((_imbalanceNow() + amount).toInt128(), uint40(block.timestamp));
    }

    /* THE RATIO */

    /// @inheritdoc IAlgoController
    function stepRatio() external nonReentrant untilTheEnd returns (uint256 ratio) {
        require(_stepPeriod != 0, RatioFixed());
        uint256 next = uint256(_steppedAt) + _stepPeriod;
        require(block.timestamp >= next, StepTooEarly(next, block.timestamp));

        // In dollars' worth per dollar: both have 18 decimals.
        uint256 price = _price(_dollarOracle);
        price = price.fullMulDiv(_collateralPrice(), PRICE_SCALE) / WAD;
        ratio = _ratio;
        // Cannot overflow: the ratio and its step fit in 64 bits.
        if (price + _band < WAD) ratio = (ratio + _ratioStep).min(_maxRatio);
        else if (price > WAD + _band) ratio = ratio.zeroFloorSub(_ratioStep).max(_minRatio);
        (_ratio, _steppedAt) = (uint64(ratio), uint40(block.timestamp));

        emit RatioStepped(ratio, price);
    }

    /* THE END */

    /// @inheritdoc IAlgoController
    function alarm() external nonReentrant untilTheEnd returns (bool raised) {
        raised = _endangered();
        if (raised && _alarmedAt == 0) {
            _alarmedAt = uint40(block.timestamp);
            emit AlarmRaised();
        } else if (!raised && _alarmedAt != 0) {
            _alarmedAt = 0;
            emit AlarmCleared();
        }
    }

    /// @inheritdoc IAlgoController
    function end() external nonReentrant untilTheEnd {
        bool ripe = _alarmedAt != 0 && block.timestamp - _alarmedAt >= _breakerDelay;
        require(ripe, AlarmTooYoung(_alarmedAt, _breakerDelay, block.timestamp));
        require(_endangered(), NotEndangered());

        _ended = true;

        emit ControllerEnded();
    }

    /// @dev Too little behind a dollar, or an oracle that refuses to say: either way nobody could redeem as promised.
    function _endangered() private view returns (bool) {
        require(_breakerCover != 0, BreakerOff());
        require(gasleft() >= MIN_ALARM_GAS, TooLittleGas(gasleft(), MIN_ALARM_GAS));
        try this.cover() returns (uint256 found) {
            return found < _breakerCover;
        } catch {
            return true;
        }
    }

    /// @inheritdoc IAlgoController
    function claim(uint256 dollars, address to) external nonReentrant returns (uint256 collateral) {
        require(_ended, NotEnded());
        uint256 supply = AlgoToken(dollar).totalSupply();
        require(dollars <= supply, SupplyTooLarge(supply, dollars));
        collateral = supply == 0 ? 0 : _part(dollars, supply);
        require(collateral != 0, ZeroAmount());

        // Cannot underflow: a part of it.
        unchecked {
            _held -= uint128(collateral);
        }

        emit DollarsClaimed(msg.sender, to, dollars, collateral);

        AlgoToken(dollar).burn(msg.sender, dollars);
        _push(to, collateral);
    }

    /* SHARED STEPS */

    function _price(address oracle) private view returns (uint256 price) {
        price = IOracle(oracle).price();
        require(price != 0, ZeroPrice(oracle));
    }

    /// @dev Dollars' worth of one raw unit of collateral. [1e36]
    function _collateralPrice() private view returns (uint256) {
        return _collateralOracle == address(0) ? _parCollateral : _price(_collateralOracle);
    }

    /// @dev Dollars' worth of one raw share: the lower and the higher of average and spot. [1e36]
    function _sharePrices(uint256 collateralPrice) private view returns (uint256 low, uint256 high) {
        uint256 average = _price(_shareOracle).fullMulDiv(collateralPrice, PRICE_SCALE);
        uint256 spot = _shareSpot == address(0) ? average : _price(_shareSpot).fullMulDiv(collateralPrice, PRICE_SCALE);
        (low, high) = (average.min(spot), average.max(spot));
        require(low != 0, ZeroPrice(_shareOracle));
    }

    /// @dev Takes collateral from the caller and insists that it arrived.
    function _pull(uint256 amount) private {
        if (amount == 0) return;
        uint256 before = SafeTransferLib.balanceOf(_collateral, address(this));
        IERC20(_collateral).safeTransferFrom(msg.sender, address(this), amount);
        uint256 held = SafeTransferLib.balanceOf(_collateral, address(this));
        // Wraps where less is held than before, and then equals no amount that anyone has.
        unchecked {
            require(held - before == amount, WrongAmountReceived(_collateral, held - before, amount));
        }
    }

    function _push(address to, uint256 amount) private {
        if (amount != 0) IERC20(_collateral).safeTransfer(to, amount);
    }

    /* VIEWS */

    /// @inheritdoc IAlgoController
    function quoteMint(uint256 dollars) external view returns (uint256 collateral, uint256 shares) {
        (collateral, shares,) = _costUp(dollars);
    }

    /// @inheritdoc IAlgoController
    function quoteRedeem(uint256 dollars) external view returns (uint256 collateral, uint256 shares) {
        (collateral, shares,) = _yieldDown(dollars);
    }

    /// @inheritdoc IAlgoController
    function cover() external view returns (uint256) {
        uint256 supply = AlgoToken(dollar).totalSupply();
        if (supply == 0) return type(uint256).max;
        uint256 price = _collateralPrice();
        // The average alone: who moves the spot for a moment ends nothing.
        uint256 average = _price(_shareOracle).fullMulDiv(price, PRICE_SCALE);
        uint256 value = AlgoToken(share).totalSupply().fullMulDiv(average, PRICE_SCALE)
            + uint256(_held).fullMulDiv(price, PRICE_SCALE);
        return value.fullMulDiv(WAD, supply);
    }

    /// @inheritdoc IAlgoController
    function parameters() external view returns (AlgoParameters memory p) {
        (p.collateral, p.shareOracle, p.shareSpot) = (_collateral, _shareOracle, _shareSpot);
        (p.collateralOracle, p.dollarOracle) = (_collateralOracle, _dollarOracle);
        (p.ratio, p.minRatio, p.maxRatio) = (_startRatio, _minRatio, _maxRatio);
        (p.ratioStep, p.band, p.stepPeriod) = (_ratioStep, _band, _stepPeriod);
        (p.mintSpread, p.redeemSpread) = (_mintSpread, _redeemSpread);
        (p.virtualLiquidity, p.recoveryTime) = (_virtualLiquidity, _recoveryTime);
        (p.epochLength, p.maxShareGrowth) = (_epochLength, _maxShareGrowth);
        (p.breakerCover, p.breakerDelay) = (_breakerCover, _breakerDelay);
    }

    /// @inheritdoc IAlgoController
    function books()
        external
        view
        returns (
            uint256 ratio,
            uint256 steppedAt,
            uint256 held,
            int256 imbalance,
            uint256 imbalanceAt,
            uint256 alarmedAt,
            bool ended
        )
    {
        return (_ratio, _steppedAt, _held, _imbalance, _imbalanceAt, _alarmedAt, _ended);
    }

    /// @inheritdoc IAlgoController
    function epoch() external view returns (uint256 number, uint256 startSupply, uint256 minted) {
        return (_epochNumber, _epochStartSupply, _epochMinted);
    }
}
