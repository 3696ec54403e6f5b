// SPDX-License-Identifier: MIT
pragma solidity 0.8.19;

/// @title MinimalIrm
/// @notice Stands in for Morpho's adaptive rate model, which no registry carries: the same work a call, less the
/// exponential. It keeps one number a market, the rate at 90 % utilisation, moves it towards where utilisation pulls it,
/// and says so in an event; the rate is a quarter of it when nothing is lent, four times it when everything is.
contract MinimalIrm {
    /// @dev What Morpho Blue names a market by.
    struct MarketParams {
        address loanToken;
        address collateralToken;
        address oracle;
        address irm;
        uint256 lltv;
    }

    /// @dev What Morpho Blue keeps of a market.
    struct Market {
        uint128 totalSupplyAssets;
        uint128 totalSupplyShares;
        uint128 totalBorrowAssets;
        uint128 totalBorrowShares;
        uint128 lastUpdate;
        uint128 fee;
    }

    event RateMoved(bytes32 indexed id, uint256 rate, uint256 rateAtTarget);

    int256 private constant _WAD = 1e18;
    int256 private constant _TARGET = 0.9e18;
    int256 private constant _STEEPNESS = 4e18;
    int256 private constant _SPEED = 50e18 / int256(365 days);
    int256 private constant _INITIAL = 0.04e18 / int256(365 days);
    int256 private constant _LEAST = 0.001e18 / int256(365 days);
    int256 private constant _MOST = 2e18 / int256(365 days);

    address private immutable _morpho;
    mapping(bytes32 id => int256) private _rateAtTarget;

    error NotMorpho();

    constructor(address morpho) {
        _morpho = morpho;
    }

    /// @notice Average rate since the market's last update [wad per second], after which the model has moved.
    function borrowRate(MarketParams memory market, Market memory state) external returns (uint256) {
        if (msg.sender != _morpho) revert NotMorpho();

        bytes32 id = keccak256(abi.encode(market));
        (int256 rate, int256 end) = _rate(_rateAtTarget[id], state);
        _rateAtTarget[id] = end;
        emit RateMoved(id, uint256(rate), uint256(end));
        return uint256(rate);
    }

    /// @notice What `borrowRate` would answer now.
    function borrowRateView(MarketParams memory market, Market memory state) external view returns (uint256) {
        (int256 rate,) = _rate(_rateAtTarget[keccak256(abi.encode(market))], state);
        return uint256(rate);
    }

    function _rate(int256 start, Market memory state) private view returns (int256 rate, int256 end) {
        int256 supplied = int256(uint256(state.totalSupplyAssets));
        int256 utilisation = supplied > 0 ? int256(uint256(state.totalBorrowAssets)) * _WAD / supplied : int256(0);
        // Distance from the target, -1 when nothing is lent, 1 when everything is.
        int256 room = utilisation > _TARGET ? _WAD - _TARGET : _TARGET;
        int256 distance = (utilisation - _TARGET) * _WAD / room;

        if (start == 0) {
            start = end = _INITIAL;
        } else {
            int256 elapsed = int256(block.timestamp - state.lastUpdate);
            end = start + start * (_SPEED * distance / _WAD * elapsed) / _WAD;
            end = end < _LEAST ? _LEAST : end > _MOST ? _MOST : end;
        }
        int256 slope = distance < 0 ? _WAD - _WAD * _WAD / _STEEPNESS : _STEEPNESS - _WAD;
        rate = (slope * distance / _WAD + _WAD) * ((start + end) / 2) / _WAD;
    }
}
