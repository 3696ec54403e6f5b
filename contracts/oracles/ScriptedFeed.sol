// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPriceFeed} from "../interfaces/IPriceFeed.sol";
import {IScriptedFeed} from "./IScriptedFeed.sol";

/// @title ScriptedFeed
/// @notice A price feed that says what its owner scripts. See IScriptedFeed.
contract ScriptedFeed is IScriptedFeed {
    /* FIXED AT BIRTH */

    /// @inheritdoc IScriptedFeed
    // Immutable, so no handover can go wrong: a feed whose owner is lost is deployed anew.
    address public immutable owner;

    /// @inheritdoc IPriceFeed
    uint8 public immutable decimals;

    /// @inheritdoc IPriceFeed
    uint256 public constant version = 1;

    /* BOOKS */

    /// @inheritdoc IPriceFeed
    string public description;

    /// @inheritdoc IScriptedFeed
    uint80 public latestRoundId;

    /// @inheritdoc IScriptedFeed
    bool public reverting;

    mapping(uint80 roundId => Round) private _rounds;

    constructor(string memory description_, uint8 decimals_, int256 answer, address owner_) {
        require(owner_ != address(0), ZeroOwner());

        description = description_;
        decimals = decimals_;
        owner = owner_;
        _start(answer, uint80(block.timestamp), uint80(block.timestamp), 1, true);
    }

    modifier onlyOwner() {
        require(msg.sender == owner, NotOwner(msg.sender, owner));
        _;
    }

    /* SCRIPTING */

    /// @inheritdoc IScriptedFeed
    function setAnswer(int256 answer) external onlyOwner {
        _start(answer, uint80(block.timestamp), uint80(block.timestamp), latestRoundId + 1, true);
    }

    /// @inheritdoc IScriptedFeed
    function setRound(int256 answer, uint80 startedAt, uint80 updatedAt, uint80 answeredInRound) external onlyOwner {
        _start(answer, startedAt, updatedAt, answeredInRound, false);
    }

    function _start(int256 answer, uint80 startedAt, uint80 updatedAt, uint80 answeredInRound, bool live) private {
        uint80 roundId = ++latestRoundId;
        _rounds[roundId] = Round(answer, startedAt, updatedAt, answeredInRound, live);

        emit AnswerScripted(roundId, answer, updatedAt, live);
    }

    /// @inheritdoc IScriptedFeed
    function setReverting(bool reverting_) external onlyOwner {
        reverting = reverting_;

        emit RevertingSet(reverting_);
    }

    /* ANSWERS */

    /// @inheritdoc IPriceFeed
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return getRoundData(latestRoundId);
    }

    /// @inheritdoc IPriceFeed
    function getRoundData(uint80 roundId) public view returns (uint80, int256, uint256, uint256, uint80) {
        require(!reverting, FeedOff());
        require(roundId != 0 && roundId <= latestRoundId, NoSuchRound(roundId, latestRoundId));

        Round memory round = _rounds[roundId];
        // Only the newest round is live; once followed, it keeps the time at which it was set.
        bool live = round.live && roundId == latestRoundId;
        uint256 updatedAt = live ? block.timestamp : round.updatedAt;
        return (roundId, round.answer, round.startedAt, updatedAt, round.answeredInRound);
    }
}
