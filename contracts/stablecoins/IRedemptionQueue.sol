// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @title IRedemptionQueue
/// @notice Dollars given back for cash: burned at once, owed until the bank has paid, or given back when it refuses.
interface IRedemptionQueue {
    /// @notice What became of a redemption.
    enum RedemptionStatus {
        None, // there is none of that id
        Pending, // burned, and owed
        Settled, // paid by the bank
        Refused // given back as dollars
    }

    /// @notice One redemption.
    struct Redemption {
        address holder; // who gave the dollars back
        uint256 amount; // [base units]
        uint256 requestedAt; // [unix seconds]
        RedemptionStatus status;
    }

    /// @notice `holder` gave `amount` back; the bank owes it to the account that `payout` stands for.
    event RedemptionRequested(uint256 indexed id, address indexed holder, uint256 amount, bytes32 payout);

    /// @notice The bank paid.
    event RedemptionSettled(uint256 indexed id, address indexed by, uint256 amount);

    /// @notice The bank refused to pay, and the dollars went back to their holder.
    event RedemptionRefused(uint256 indexed id, address indexed by, uint256 amount);

    /// @notice Thrown when a redemption is none, or was settled or refused before.
    error RedemptionNotPending(uint256 id, RedemptionStatus status);

    /// @notice Burns `amount` of the caller's and records that the bank owes it.
    /// @param payout what tells the bank where to pay: a reference agreed with it, never an account's number or its hash,
    /// which can be guessed.
    /// @return id number of the redemption, from one.
    function requestRedemption(uint256 amount, bytes32 payout) external returns (uint256 id);

    /// @notice Records that the bank has paid. Only minters may, also while paused: it moves nothing.
    function settleRedemption(uint256 id) external;

    /// @notice Gives the dollars back to who wanted cash for them. Only minters may; not to a frozen account.
    function refuseRedemption(uint256 id) external;

    /// @notice Cash owed for all pending redemptions. [base units]
    function owed() external view returns (uint256);

    /// @notice How many redemptions there have been; their ids run from one to this.
    function redemptionCount() external view returns (uint256);

    /// @notice The redemption of that id; status None where there is none.
    function redemption(uint256 id) external view returns (Redemption memory);

    /// @notice The oldest pending redemption and how long it has waited; zeros where none is pending. [seconds]
    function oldestRedemption() external view returns (uint256 id, uint256 age);

    /// @notice The pending redemption that came next after the pending `id`; zero after the last.
    function nextRedemption(uint256 id) external view returns (uint256);
}
