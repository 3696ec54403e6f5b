// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

import {IPriceFeed} from "../interfaces/IPriceFeed.sol";

/// @title IScriptedFeed
/// @notice A price feed that says what its owner scripts: for local economies, replays of history and tests.
/// @dev Warning: not a source of prices. It can be made stale, zero, negative, clamped and reverting, on purpose.
interface IScriptedFeed is IPriceFeed {
    /// @notice One answer, as reported. `live` answers are reported as of the present block.
    struct Round {
        int256 answer; // [feed units]
        uint80 startedAt; // [unix seconds]
        uint80 updatedAt; // [unix seconds]
        uint80 answeredInRound;
        bool live;
    }

    /// @notice A new round was scripted.
    event AnswerScripted(uint80 indexed roundId, int256 answer, uint80 updatedAt, bool live);

    /// @notice The feed was switched off or on.
    event RevertingSet(bool reverting);

    /// @notice Thrown when someone else than the owner scripts.
    error NotOwner(address caller, address owner);

    /// @notice Thrown when the feed would be deployed without an owner.
    error ZeroOwner();

    /// @notice Thrown by every answer while the feed is switched off.
    error FeedOff();

    /// @notice Thrown when a round is asked for that does not exist.
    error NoSuchRound(uint80 roundId, uint80 latestRoundId);

    /// @notice Who scripts, for ever.
    function owner() external view returns (address);

    /// @notice Whether the feed is switched off: every answer reverts.
    function reverting() external view returns (bool);

    /// @notice The newest round.
    function latestRoundId() external view returns (uint80);

    /// @notice Starts a round whose answer is always as of the present block, so that it never grows stale by itself.
    /// @param answer Any integer, zero and negative included. [feed units]
    function setAnswer(int256 answer) external;

    /// @notice Starts a round pinned to the given data, so that it grows stale; none of them is checked.
    /// @param answer Any integer, zero and negative included. [feed units]
    /// @param startedAt When the round says it began. [unix seconds]
    /// @param updatedAt When the round says its answer was computed. [unix seconds]
    /// @param answeredInRound The round in which it says its answer was computed.
    function setRound(int256 answer, uint80 startedAt, uint80 updatedAt, uint80 answeredInRound) external;

    /// @notice Switches the feed off (every answer reverts) or on.
    function setReverting(bool reverting_) external;
}
