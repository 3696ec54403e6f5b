// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "solady/utils/EIP712.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {LibSort} from "solady/utils/LibSort.sol";

import {IPriceFeed} from "../interfaces/IPriceFeed.sol";
import {Quorum} from "../libraries/Quorum.sol";
import {ISignedFeed} from "./ISignedFeed.sol";

/// @title SignedFeed
/// @notice Medians of signed reports as an AggregatorV3. See ISignedFeed. Python twin: `defi_kit.oracles.signed`.
contract SignedFeed is ISignedFeed, EIP712 {
    /// @notice One answer, in one word.
    struct Round {
        int192 answer; // [feed units]
        uint64 timestamp; // of the reports [unix seconds]
    }

    uint256 private constant WAD = 1e18;
    uint256 private constant MAX_DECIMALS = 24;
    int256 private constant MAX_ANSWER = type(int128).max - 1; // a FeedOracle's bounds can hold it [feed units]

    bytes32 private constant REPORT_TYPEHASH = keccak256("Report(int256 answer,uint256 timestamp)");

    /* FIXED AT BIRTH */

    // No owner adds or removes signers: a feed whose signers change is another feed.
    uint256 private immutable _quorum;
    uint256 private immutable _maxJump; // [wad]
    uint256 private immutable _jumpPeriod; // [seconds]
    uint256 private immutable _maxDelay; // [seconds]

    /// @inheritdoc IPriceFeed
    uint8 public immutable decimals;

    /// @inheritdoc IPriceFeed
    uint256 public constant version = 1;

    /// @inheritdoc IPriceFeed
    string public description;

    address[] private _signers;

    /// @inheritdoc ISignedFeed
    mapping(address account => bool) public isSigner;

    /* BOOKS */

    /// @inheritdoc ISignedFeed
    uint80 public latestRoundId;

    mapping(uint80 roundId => Round) private _rounds;

    /// @notice A feed of the given signers, in ascending order of their addresses.
    constructor(string memory description_, uint8 decimals_, address[] memory signers_, Terms memory terms_) {
        require(decimals_ <= MAX_DECIMALS, TooManyDecimals(decimals_, MAX_DECIMALS));
        bool possible = terms_.quorum != 0 && terms_.quorum <= signers_.length && terms_.maxJump != 0
            && terms_.maxJump <= WAD && _isTime(terms_.jumpPeriod) && _isTime(terms_.maxDelay);
        require(
            possible, InvalidTerms(terms_.quorum, signers_.length, terms_.maxJump, terms_.jumpPeriod, terms_.maxDelay)
        );
        // Strictly ascending from zero: nobody twice, and not the zero address, to which a bad signature leads.
        address previous;
        for (uint256 i; i < signers_.length; ++i) {
            require(signers_[i] > previous, Quorum.SignersUnsorted(previous, signers_[i]));
            previous = signers_[i];
            isSigner[previous] = true;
        }

        (description, decimals, _signers) = (description_, decimals_, signers_);
        (_quorum, _maxJump) = (terms_.quorum, terms_.maxJump);
        (_jumpPeriod, _maxDelay) = (terms_.jumpPeriod, terms_.maxDelay);
    }

    function _isTime(uint256 time) private pure returns (bool) {
        return time != 0 && time <= type(uint64).max;
    }

    /* REPORTING */

    /// @inheritdoc ISignedFeed
    function report(uint256 timestamp, Report[] calldata reports) external returns (uint80 roundId) {
        roundId = latestRoundId;
        Round memory latest = _rounds[roundId];
        _checkTime(timestamp, latest.timestamp);
        int256 answer = _median(_answers(timestamp, reports));
        if (roundId != 0) _checkJump(answer, latest.answer, timestamp - latest.timestamp);

        latestRoundId = ++roundId;
        // Safe casts: a median fits in 127 bits, and a time that has come in 64.
        _rounds[roundId] = Round(int192(answer), uint64(timestamp));

        emit AnswerReported(roundId, answer, timestamp, reports.length, msg.sender);
    }

    /// @dev Newer than the latest, so no report works twice; and fresh, so nobody collects reports and publishes, much
    /// later, the one that suits them.
    function _checkTime(uint256 timestamp, uint256 latest) private view {
        require(timestamp > latest, OutdatedReport(timestamp, latest));
        require(timestamp <= block.timestamp, FutureReport(timestamp, block.timestamp));
        // Cannot underflow: checked on the line above.
        require(block.timestamp - timestamp <= _maxDelay, LateReport(timestamp, _maxDelay, block.timestamp));
    }

    /// @dev The answers in ascending order, each signed by another signer for this moment.
    function _answers(uint256 timestamp, Report[] calldata reports) private view returns (int256[] memory answers) {
        answers = new int256[](reports.length);
        address previous;
        for (uint256 i; i < reports.length; ++i) {
            answers[i] = reports[i].answer;
            address signer = Quorum.recover(reportDigest(answers[i], timestamp), reports[i].signature);
            require(isSigner[signer], Quorum.NoMember(signer));
            require(signer > previous, Quorum.SignersUnsorted(previous, signer));
            previous = signer;
        }
        require(reports.length >= _quorum, Quorum.QuorumMissed(reports.length, _quorum));
        LibSort.insertionSort(answers);
    }

    /// @dev The middle one, or the mean of the middle two, rounded down.
    function _median(int256[] memory sorted) private pure returns (int256) {
        (int256 lowest, int256 highest) = (sorted[0], sorted[sorted.length - 1]);
        require(lowest > 0, AnswerOutOfRange(lowest, MAX_ANSWER));
        require(highest <= MAX_ANSWER, AnswerOutOfRange(highest, MAX_ANSWER));

        return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
    }

    /// @dev A slip of the signers' source, a digit too many, say, is refused. What the market really does is not refused
    /// for ever: the longer there was no answer, the further the next may lie from it. One unit is always allowed, or an
    /// answer of few digits could only repeat itself.
    function _checkJump(int256 answer, int256 latest, uint256 elapsed) private view {
        // Cannot overflow: an answer fits in 127 bits, a jump in 60, and periods in 64.
        uint256 part = uint256(latest) * _maxJump * (1 + elapsed / _jumpPeriod) / WAD;
        uint256 allowed = FixedPointMathLib.max(part, 1);
        require(FixedPointMathLib.dist(answer, latest) <= allowed, JumpTooLarge(answer, latest, allowed));
    }

    /* ANSWERS */

    /// @inheritdoc IPriceFeed
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return getRoundData(latestRoundId);
    }

    /// @inheritdoc IPriceFeed
    /// @dev A round starts and is updated at the moment that its reports are of, not when they were sent.
    function getRoundData(uint80 roundId) public view returns (uint80, int256, uint256, uint256, uint80) {
        require(roundId != 0 && roundId <= latestRoundId, NoSuchRound(roundId, latestRoundId));

        Round memory round = _rounds[roundId];
        return (roundId, round.answer, round.timestamp, round.timestamp, roundId);
    }

    /* VIEWS */

    /// @inheritdoc ISignedFeed
    function signers() external view returns (address[] memory) {
        return _signers;
    }

    /// @inheritdoc ISignedFeed
    function terms() external view returns (Terms memory) {
        return Terms(_quorum, _maxJump, _jumpPeriod, _maxDelay);
    }

    /// @inheritdoc ISignedFeed
    function reportDigest(int256 answer, uint256 timestamp) public view returns (bytes32) {
        return _hashTypedData(keccak256(abi.encode(REPORT_TYPEHASH, answer, timestamp)));
    }

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("SignedFeed", "1");
    }
}
