// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {IRedemptionQueue} from "./IRedemptionQueue.sol";

/// @title RedemptionQueue
/// @notice The order of redemptions. See IRedemptionQueue. Python twin: `defi_kit.stablecoins.redemptions`.
/// @dev A doubly linked list of those pending: whichever is settled first, the oldest is known, and no loop can grow.
abstract contract RedemptionQueue is IRedemptionQueue {
    /// @notice A redemption in two slots. Neighbours are pending ones; zero stands for none.
    struct Ticket {
        address holder;
        uint40 requestedAt; // [unix seconds]
        RedemptionStatus status;
        uint48 older;
        uint112 amount; // [base units]
        uint48 younger;
    }

    uint48 private _count;
    uint48 private _oldest;
    uint48 private _youngest;
    mapping(uint256 id => Ticket) private _tickets;

    function _enqueue(address holder, uint256 amount) internal returns (uint48 id) {
        id = ++_count; // 2**48 requests never come
        uint48 older = _youngest;
        _youngest = id;
        if (older == 0) _oldest = id;
        else _tickets[older].younger = id;
        // Safe casts: what is burned was minted within 112 bits, and so was the clock within 40.
        _tickets[id] = Ticket(holder, uint40(block.timestamp), RedemptionStatus.Pending, older, uint112(amount), 0);
    }

    /// @dev Takes a pending redemption out of the queue.
    function _close(uint256 id, RedemptionStatus status) internal returns (address holder, uint256 amount) {
        Ticket storage ticket = _tickets[id];
        require(ticket.status == RedemptionStatus.Pending, RedemptionNotPending(id, ticket.status));

        ticket.status = status;
        (uint48 older, uint48 younger) = (ticket.older, ticket.younger);
        if (older == 0) _oldest = younger;
        else _tickets[older].younger = younger;
        if (younger == 0) _youngest = older;
        else _tickets[younger].older = older;
        return (ticket.holder, ticket.amount);
    }

    /// @inheritdoc IRedemptionQueue
    function redemptionCount() external view returns (uint256) {
        return _count;
    }

    /// @inheritdoc IRedemptionQueue
    function redemption(uint256 id) external view returns (Redemption memory) {
        Ticket memory ticket = _tickets[id];
        return Redemption(ticket.holder, ticket.amount, ticket.requestedAt, ticket.status);
    }

    /// @inheritdoc IRedemptionQueue
    function oldestRedemption() external view returns (uint256 id, uint256 age) {
        id = _oldest;
        if (id != 0) age = block.timestamp - _tickets[id].requestedAt;
    }

    /// @inheritdoc IRedemptionQueue
    function nextRedemption(uint256 id) external view returns (uint256) {
        Ticket storage ticket = _tickets[id];
        require(ticket.status == RedemptionStatus.Pending, RedemptionNotPending(id, ticket.status));
        return ticket.younger;
    }
}
