// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

import {IPriceFeed} from "../interfaces/IPriceFeed.sol";

/// @title ISignedFeed
/// @notice A price feed whose answers are medians of what its signers have signed, for anyone to send.
/// @dev Each signer looks at the market at an agreed moment and signs (EIP-712, `Report(int256 answer,uint256 timestamp)`)
/// for this feed on this chain. Whoever collects at least a quorum of reports of one moment sends them.
///
/// With fewer than half of the reports in a round false, the median lies between two honest ones. Whoever sends a round
/// chooses among the reports there are: a quorum that is a majority of the signers leaves little to choose from.
///
/// Warning: an answer may be old. Read the feed through an `IOracle` that asks how old.
interface ISignedFeed is IPriceFeed {
    /// @notice One signer's word on the price at the round's moment.
    struct Report {
        int256 answer; // [feed units]
        bytes signature; // 65 bytes r, s, v
    }

    /// @notice What a round has to meet.
    struct Terms {
        uint256 quorum; // reports a round needs
        uint256 maxJump; // how far an answer may lie from the one before, as a part of that, one unit at least [wad]
        uint256 jumpPeriod; // after each such time without an answer, as much again [seconds]
        uint256 maxDelay; // a report older than this comes too late [seconds]
    }

    /// @notice A round was reported: `answer` is the median as of `timestamp`, in which `reports` signers had a part.
    event AnswerReported(
        uint80 indexed roundId, int256 answer, uint256 timestamp, uint256 reports, address indexed sender
    );

    /// @notice Thrown when a report is not newer than the latest round. [unix seconds]
    error OutdatedReport(uint256 timestamp, uint256 latest);

    /// @notice Thrown when a report is of a moment that has not come yet. [unix seconds]
    error FutureReport(uint256 timestamp, uint256 now_);

    /// @notice Thrown when a report was held back for longer than the feed allows. [unix seconds]
    error LateReport(uint256 timestamp, uint256 maxDelay, uint256 now_);

    /// @notice Thrown when a signed answer is zero, negative, or above the highest. [feed units]
    error AnswerOutOfRange(int256 answer, int256 highest);

    /// @notice Thrown when the median lies further from the latest answer than the feed allows. [feed units]
    error JumpTooLarge(int256 answer, int256 latest, uint256 maxJump);

    /// @notice Thrown when a round is asked for that does not exist; round 0 is the latest where there is none.
    error NoSuchRound(uint80 roundId, uint80 latestRoundId);

    /// @notice Thrown at deployment when the quorum is not between one and the number of signers, the jump is zero or
    /// above 100 %, or a time is zero or beyond 64 bits.
    error InvalidTerms(uint256 quorum, uint256 signers, uint256 maxJump, uint256 jumpPeriod, uint256 maxDelay);

    /// @notice Thrown at deployment when the feed would have more decimals than oracles are exact for.
    error TooManyDecimals(uint256 decimals, uint256 maxDecimals);

    /// @notice Starts a round from reports of one moment. Anyone may.
    /// @param timestamp the moment that all of them are of, later than the latest round's [unix seconds]
    /// @param reports sorted by signer's address, each signer once
    function report(uint256 timestamp, Report[] calldata reports) external returns (uint80 roundId);

    /// @notice All who may sign, in ascending order.
    function signers() external view returns (address[] memory);

    /// @notice Whether `account` may sign.
    function isSigner(address account) external view returns (bool);

    /// @notice What a round has to meet.
    function terms() external view returns (Terms memory);

    /// @notice The newest round; zero before the first.
    function latestRoundId() external view returns (uint80);

    /// @notice What a signer signs for that answer at that moment. (EIP-712)
    function reportDigest(int256 answer, uint256 timestamp) external view returns (bytes32);
}
