// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC4626} from "solady/tokens/ERC4626.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {MetadataReaderLib} from "solady/utils/MetadataReaderLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {AdaptiveRate, Adaptation} from "./AdaptiveRate.sol";
import {ILendingPool} from "./ILendingPool.sol";
import {InterestIndex} from "./InterestIndex.sol";
import {KinkedCurve, KinkedRate} from "./KinkedRate.sol";

/// @title LendingVault
/// @notice The lenders' half of a lending pool: one asset, its books and interest, and ERC-4626 shares of it.
/// It knows what is owed in all, and nothing of who owes it against what.
abstract contract LendingVault is ILendingPool, ERC4626 {
    using FixedPointMathLib for uint256;
    using InterestIndex for uint256;
    using AdaptiveRate for Adaptation;
    using KinkedRate for KinkedCurve;
    using SafeCastLib for uint256;
    using SafeTransferLib for address;

    uint256 internal constant WAD = 1e18;
    uint256 internal constant BPS = 1e4;

    uint256 private constant MAX_DECIMALS = 24;

    /// @dev One asset unit buys a million shares at first, and a million shares that nobody holds stand beside the others:
    /// to move the share price by one unit an attacker would have to give a million to them.
    uint8 private constant SHARE_DECIMALS_OFFSET = 6;
    uint256 private constant VIRTUAL_SHARES = 1e6;

    /// @dev Deposits stop where the lenders own this much [asset]; leaves a bit in `cash` for what interest adds.
    uint256 internal constant MAX_ASSETS = type(uint104).max / 2;

    /// @dev Interest stops where cash and debts reach this much [asset]: whatever is owed can be taken back into `cash`.
    uint256 private constant MAX_OWNED = MAX_ASSETS / 2 * 3;

    /// @dev Deposits stop at this many shares. A pool gets near only by losing nearly everything: shares get as cheap as
    /// what was lost, and those of the old lenders stay. With an asset of 18 decimals one total loss can be enough.
    uint256 private constant MAX_SHARES = type(uint144).max;

    /* FIXED AT BIRTH */

    address internal immutable _asset;
    uint8 private immutable _assetDecimals;
    bytes32 private immutable _nameHash;
    uint256 internal immutable _reserveFactor; // [bps]
    uint40 internal immutable _rateAtZero; // [wad per second]
    uint40 internal immutable _rateAtKink; // [wad per second]
    uint40 internal immutable _rateAtFull; // [wad per second]
    uint64 internal immutable _kink; // [wad]
    uint48 internal immutable _speed; // 0 for a curve that stays [wad per second]
    uint96 internal immutable _fall; // [1e27]
    uint96 internal immutable _rise; // [1e27]

    string internal _name;
    string internal _symbol;
    /* BOOKS */

    Market internal _market;
    int256 internal _drift; // read and written only where the curve moves [1e27]
    uint256 private transient _entered;

    /// @dev One verb at a time, whatever a token does in the middle of a transfer. Views stay open: the books are closed
    /// before anything outside is touched.
    modifier nonReentrant() {
        require(_entered == 0, Reentered());
        _entered = 1;
        _;
        _entered = 0;
    }

    /// @dev Opens the pool for the length of a callback. Safe: the books are closed, no transfer is being measured, and
    /// every verb called meanwhile leaves the lock as it found it.
    modifier unlocked() {
        _entered = 0;
        _;
        _entered = 1;
    }

    constructor(PoolParameters memory pool, KinkedCurve memory curve, Adaptation memory adaptation) {
        curve.validate();
        adaptation.validate(curve);
        require(pool.reserveFactor < BPS, InvalidParameter("reserveFactor", pool.reserveFactor));

        _asset = pool.asset;
        _assetDecimals = _decimalsOf(pool.asset);
        _nameHash = keccak256(bytes(pool.name));
        _reserveFactor = pool.reserveFactor;
        (_rateAtZero, _rateAtKink, _rateAtFull, _kink) = (curve.atZero, curve.atKink, curve.atFull, curve.kink);
        (_speed, _fall, _rise) = (adaptation.speed, adaptation.fall, adaptation.rise);
        (_name, _symbol) = (pool.name, pool.symbol);
        _market.index = uint112(InterestIndex.START);
        _market.rate = curve.atZero;
        _market.accruedAt = uint40(block.timestamp);
    }

    /// @dev Reverts when `token` has no code; a token that does not say has 0 decimals.
    function _decimalsOf(address token) internal view returns (uint8 decimals_) {
        require(token.code.length > 0, InvalidCollateral(token));
        decimals_ = MetadataReaderLib.readDecimals(token);
        require(decimals_ <= MAX_DECIMALS, InvalidParameter("decimals", decimals_));
    }

    /* INTEREST */

    /// @inheritdoc ILendingPool
    function accrue() external nonReentrant {
        _market = _open();
    }

    /// @dev Reads the books and brings them up to now. The verb writes them once, with `_close`.
    function _open() internal returns (Market memory m) {
        m = _market;
        (uint256 interest, uint256 toReserve, int256 drift) = _addInterest(m);
        if (_speed != 0) _drift = drift;
        if (interest != 0) emit Accrued(interest, toReserve);
    }

    /// @dev The reserve's part is the difference of two rounded sums, not the rounded part of a difference, so that many
    /// small accruals add up to one large one. It never exceeds the interest, and stops at what 88 bits hold.
    function _addInterest(Market memory m) internal view returns (uint256 interest, uint256 toReserve, int256 drift) {
        // Cannot overflow: debts fit in 150 bits and a factor in 14; time does not run backwards.
        unchecked {
            uint256 elapsed = block.timestamp - m.accruedAt;
            m.accruedAt = uint40(block.timestamp);
            uint256 exponent;
            (exponent, drift) = _exponent(m.rate, elapsed);
            uint256 shares = m.debtShares;
            if (exponent == 0 || shares == 0) return (0, 0, drift);

            uint256 before = shares.toAssetsDown(m.index);
            uint256 index = uint256(m.index).grow(exponent);
            uint256 grown = shares.toAssetsDown(index);
            if (grown + m.cash > MAX_OWNED) {
                index = InterestIndex.indexAt(shares, MAX_OWNED.zeroFloorSub(m.cash)).max(m.index);
                grown = shares.toAssetsDown(index);
            }
            m.index = uint112(index);
            interest = grown - before;
            toReserve = grown * _reserveFactor / BPS - before * _reserveFactor / BPS;
            toReserve = toReserve.min(type(uint88).max - m.reserve);
            m.reserve += uint88(toReserve);
        }
    }

    /// @dev The interest of these seconds, as the exponent by which the index grows [1e27], and the drift after them. A third
    /// model would be a third library, and a line here.
    function _exponent(uint256 rate, uint256 elapsed) private view returns (uint256 exponent, int256 drift) {
        if (_speed == 0) return (rate * elapsed * 1e9, 0);
        uint256 pace = AdaptiveRate.paceDown(rate, _rateAtZero, _rateAtKink, _rateAtFull, _speed);
        int256 bound = rate < _rateAtKink ? -int256(uint256(_fall)) : int256(uint256(_rise));
        uint256 sum;
        (drift, sum) = AdaptiveRate.advance(_drift, bound, pace, elapsed);
        exponent = rate * sum / WAD;
    }

    /// @dev The books with interest up to now, for views.
    function _accrued() internal view returns (Market memory m) {
        m = market();
        _addInterest(m);
    }

    /// @dev Writes the books back, with the rate that the new utilisation asks for from now on.
    function _close(Market memory m) internal {
        uint256 debt = uint256(m.debtShares).toAssetsDown(m.index);
        // Cannot overflow: debts fit in 150 bits, cash in 104, a ratio in 60. Without debt nothing is utilised.
        unchecked {
            uint256 utilisation = debt == 0 ? 0 : debt * WAD / (debt + m.cash);
            m.rate = uint40(KinkedRate.rateDown(utilisation, _rateAtZero, _rateAtKink, _rateAtFull, _kink));
        }
        _market = m;
    }

    /* LENDING (ERC-4626) */

    /// @inheritdoc ERC4626
    function deposit(uint256 assets, address to) public override nonReentrant returns (uint256 shares) {
        Market memory m = _open();
        (uint256 total, uint256 supply) = (_totalAssets(m), totalSupply());
        uint256 maximum = _maxDeposit(total, supply);
        require(assets <= maximum, DepositAboveMaximum(assets, maximum));
        shares = assets.fullMulDiv(supply + VIRTUAL_SHARES, total + 1);

        _enter(m, assets, shares, to);
    }

    /// @inheritdoc ERC4626
    function mint(uint256 shares, address to) public override nonReentrant returns (uint256 assets) {
        Market memory m = _open();
        (uint256 total, uint256 supply) = (_totalAssets(m), totalSupply());
        uint256 maximum = _maxMint(total, supply);
        require(shares <= maximum, MintAboveMaximum(shares, maximum));
        assets = shares.fullMulDivUp(total + 1, supply + VIRTUAL_SHARES);

        _enter(m, assets, shares, to);
    }

    function _enter(Market memory m, uint256 assets, uint256 shares, address to) private {
        require(shares != 0 || assets == 0, ZeroAmount());
        m.cash = (m.cash + assets).toUint104();
        _close(m);
        _mint(to, shares);

        emit Deposit(msg.sender, to, assets, shares);

        _pull(_asset, assets);
    }

    /// @inheritdoc ERC4626
    function withdraw(uint256 assets, address to, address owner) public override nonReentrant returns (uint256 shares) {
        Market memory m = _open();
        shares = assets.fullMulDivUp(totalSupply() + VIRTUAL_SHARES, _totalAssets(m) + 1);

        _leave(m, assets, shares, to, owner);
    }

    /// @inheritdoc ERC4626
    function redeem(uint256 shares, address to, address owner) public override nonReentrant returns (uint256 assets) {
        Market memory m = _open();
        assets = shares.fullMulDiv(_totalAssets(m) + 1, totalSupply() + VIRTUAL_SHARES);

        _leave(m, assets, shares, to, owner);
    }

    function _leave(Market memory m, uint256 assets, uint256 shares, address to, address owner) private {
        uint256 balance = balanceOf(owner);
        require(shares <= balance, SharesExceedBalance(shares, balance));
        require(assets <= m.cash, InsufficientCash(assets, m.cash));
        _checkReceiver(to);
        if (msg.sender != owner) _spendAllowance(owner, msg.sender, shares);
        m.cash -= uint104(assets);
        _close(m);
        _burn(owner, shares);

        emit Withdraw(msg.sender, to, owner, assets, shares);

        _push(_asset, to, assets);
    }

    /* TOKENS */

    /// @dev Some tokens refuse to move nothing.
    function _pull(address token, uint256 amount) internal {
        if (amount != 0) _take(token, msg.sender, amount);
    }

    /// @dev Takes `amount` from `from` and insists that it arrived; returns what the pool holds then. The lock
    /// keeps anyone from mixing another deposit into the measurement.
    function _take(address token, address from, uint256 amount) internal returns (uint256 held) {
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(from, address(this), amount);
        held = token.balanceOf(address(this));
        // Wraps where less is held than before, and then equals no amount that anyone has.
        unchecked {
            require(held - before == amount, WrongAmountReceived(token, held - before, amount));
        }
    }

    function _push(address token, address to, uint256 amount) internal {
        if (amount != 0) token.safeTransfer(to, amount);
    }

    /// @dev What the pool paid to itself would be in nobody's books.
    function _checkReceiver(address receiver) internal view {
        require(receiver != address(this), InvalidReceiver(receiver));
    }

    /* VIEWS */

    /// @inheritdoc ERC4626
    function totalAssets() public view override returns (uint256) {
        Market memory m = _accrued();
        return _totalAssets(m);
    }

    /// @dev What the lenders own. Never negative: the reserve is part of the interest in `cash` and debts, and a loss
    /// that debts bear takes from the reserve first.
    function _totalAssets(Market memory m) private pure returns (uint256) {
        return m.cash + uint256(m.debtShares).toAssetsDown(m.index) - m.reserve;
    }

    /// @inheritdoc ERC4626
    function maxDeposit(address) public view override returns (uint256) {
        return _maxDeposit(totalAssets(), totalSupply());
    }

    function _maxDeposit(uint256 total, uint256 supply) private pure returns (uint256) {
        uint256 room = MAX_ASSETS.zeroFloorSub(total);
        // Cannot overflow: 144 + 103 bits, when there is room.
        return room == 0 ? 0 : room.min((MAX_SHARES - supply) * (total + 1) / (supply + VIRTUAL_SHARES));
    }

    /// @inheritdoc ERC4626
    function maxMint(address) public view override returns (uint256) {
        return _maxMint(totalAssets(), totalSupply());
    }

    function _maxMint(uint256 total, uint256 supply) private pure returns (uint256) {
        return (MAX_SHARES - supply).min(MAX_ASSETS.zeroFloorSub(total) * (supply + VIRTUAL_SHARES) / (total + 1));
    }

    /// @inheritdoc ERC4626
    function maxWithdraw(address owner) public view override returns (uint256) {
        return convertToAssets(balanceOf(owner)).min(_market.cash);
    }

    /// @inheritdoc ERC4626
    function maxRedeem(address owner) public view override returns (uint256) {
        // The most shares s that pay no more than there is: s * (total + 1) / (supply + virtual) < cash + 1. More shares
        // than the cash converts to, where a share is worth next to nothing. Cannot overflow: 105 + 145 bits.
        uint256 payable_ = ((uint256(_market.cash) + 1) * (totalSupply() + VIRTUAL_SHARES) - 1) / (totalAssets() + 1);
        return balanceOf(owner).min(payable_);
    }

    /// @inheritdoc ERC4626
    function asset() public view override returns (address) {
        return _asset;
    }

    /// @notice Name of the share token.
    function name() public view override returns (string memory) {
        return _name;
    }

    /// @notice Symbol of the share token.
    function symbol() public view override returns (string memory) {
        return _symbol;
    }

    function _underlyingDecimals() internal view override returns (uint8) {
        return _assetDecimals;
    }

    function _decimalsOffset() internal pure override returns (uint8) {
        return SHARE_DECIMALS_OFFSET;
    }

    function _constantNameHash() internal view override returns (bytes32) {
        return _nameHash;
    }

    function _givePermit2InfiniteAllowance() internal pure override returns (bool) {
        return false; // nobody holds an allowance that the holder did not give
    }

    /// @inheritdoc ILendingPool
    function market() public view returns (Market memory) {
        return _market;
    }

    /// @inheritdoc ILendingPool
    function totalDebt() external view returns (uint256) {
        Market memory m = _accrued();
        return uint256(m.debtShares).toAssetsDown(m.index);
    }
}
