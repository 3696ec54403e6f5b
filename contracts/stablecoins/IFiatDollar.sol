// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

import {IRedemptionQueue} from "./IRedemptionQueue.sol";
import {IReserveAttestation} from "./IReserveAttestation.sol";

/// @title IFiatDollar
/// @notice A dollar backed by cash in a bank: minters issue it against deposits, within reserves that accountants attest,
/// holders give it back for cash, compliance can freeze an account, and a pauser can stop everything.
/// @dev ERC-20, ERC-2612, ERC-3009 (signatures of contracts by ERC-1271), ERC-5267, errors of ERC-6093. Six decimals.
interface IFiatDollar is IReserveAttestation, IRedemptionQueue {
    /// @notice Who may do what. Each role is held by one address and handed over in two steps.
    enum Role {
        Owner, // offers and revokes roles, names the attesters, rescues foreign tokens
        MinterAdmin, // gives minters their allowance and daily limit
        Pauser, // stops and restarts everything
        Compliance // freezes and unfreezes accounts
    }

    /// @notice Who holds which role at first.
    struct Officers {
        address owner;
        address minterAdmin;
        address pauser;
        address compliance;
    }

    /// @notice A minter's standing, in one slot.
    struct Minter {
        uint104 allowance; // what it may still mint [base units]
        uint56 dailyLimit; // 2**56 - 1 where there is none [base units]
        uint56 used; // of the daily limit, at `usedAt` [base units]
        uint40 usedAt; // when it last minted within a limit or was configured; zero for no minter [unix seconds]
    }

    /// @notice A role was offered; zero withdraws the offer.
    event RoleOffered(Role indexed role, address indexed candidate);

    /// @notice A role changed hands; to zero when it was revoked.
    event RoleMoved(Role indexed role, address indexed from, address indexed to);

    /// @notice A minter may from now on mint up to `allowance`, and `dailyLimit` a day.
    event MinterConfigured(address indexed minter, uint256 allowance, uint256 dailyLimit);

    /// @notice A minter may no longer mint or burn.
    event MinterRemoved(address indexed minter);

    /// @notice `minter` issued `amount` to `to`.
    event Minted(address indexed minter, address indexed to, uint256 amount);

    /// @notice `minter` destroyed `amount` of its own.
    event Burned(address indexed minter, uint256 amount);

    /// @notice `account` was frozen.
    event AccountFrozen(address indexed account, address indexed by);

    /// @notice `account` was unfrozen.
    event AccountUnfrozen(address indexed account, address indexed by);

    /// @notice Everything was stopped.
    event DollarPaused(address indexed by);

    /// @notice Everything goes on.
    event DollarUnpaused(address indexed by);

    /// @notice A signed authorization was used (ERC-3009).
    event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce);

    /// @notice A signed authorization was called off before it was used (ERC-3009).
    event AuthorizationCanceled(address indexed authorizer, bytes32 indexed nonce);

    /// @notice `amount` of a foreign token, sent here by mistake, went to `to`.
    event TokenRescued(address indexed token, address indexed to, uint256 amount);

    /// @notice Thrown when the caller does not hold the role that the call needs.
    error MissingRole(address caller, Role role, address holder);

    /// @notice Thrown when a role is accepted by someone it was not offered to.
    error NotOffered(address caller, Role role, address candidate);

    /// @notice Thrown when the owner's role would be revoked or be given to nobody.
    error OwnerRequired();

    /// @notice Thrown by every movement and approval while the dollar is paused.
    error DollarIsPaused();

    /// @notice Thrown when the dollar would be paused without holding any ether: send one wei with it.
    error PauseNeedsWei();

    /// @notice Thrown when a frozen account would send, receive, approve, be approved, spend, mint or burn.
    error AccountIsFrozen(address account);

    /// @notice Thrown when an account would be unfrozen that is frozen for good: the zero address, the token itself.
    error FrozenForGood(address account);

    /// @notice Thrown when the caller is no minter.
    error NotMinter(address caller);

    /// @notice Thrown when a minter would mint more than it may.
    error MintAllowanceExceeded(address minter, uint256 allowance, uint256 amount);

    /// @notice Thrown when a minter's allowance would not fit in 104 bits.
    error MintAllowanceTooLarge(uint256 allowance, uint256 maxAllowance);

    /// @notice Thrown when a minter would mint more in a day than it may.
    error MintLimitExceeded(address minter, uint256 available, uint256 amount);

    /// @notice Thrown when a minter's daily limit would not fit in 56 bits.
    error MintLimitTooLarge(uint256 dailyLimit, uint256 maxDailyLimit);

    /// @notice Thrown when nothing would be minted, burned or redeemed.
    error ZeroAmount();

    /// @notice Thrown when an allowance would pass 2**256 - 1.
    error IncrementTooLarge(uint256 allowance, uint256 increment);

    /// @notice Thrown when an authorization is used before its time.
    error AuthorizationTooEarly(uint256 validAfter, uint256 timestamp);

    /// @notice Thrown when an authorization is used after its time.
    error AuthorizationTooLate(uint256 validBefore, uint256 timestamp);

    /// @notice Thrown when an authorization was used or called off before.
    error AuthorizationSpent(address authorizer, bytes32 nonce);

    /// @notice Thrown when somebody else than the receiver uses an authorization that only the receiver may.
    error CallerNotReceiver(address caller, address receiver);

    /// @notice Thrown when a signature is used after its deadline.
    error SignatureExpired(uint256 deadline, uint256 timestamp);

    /// @notice Thrown when a signature has the upper of its two possible values of `s`.
    error SignatureMalleable(bytes32 s);

    /// @notice Thrown when a signature is not the signer's for this chain, contract, nonce and content.
    error SignatureInvalid(address signer);

    /// @notice Offers a role to `candidate`, or withdraws the offer (zero). Only the owner may.
    function offerRole(Role role, address candidate) external;

    /// @notice Takes a role that was offered to the caller.
    function acceptRole(Role role) external;

    /// @notice Takes a role from its holder at once, and withdraws any offer of it. Only the owner may; not its own.
    function revokeRole(Role role) external;

    /// @notice Who holds the role; zero when nobody does.
    function holderOf(Role role) external view returns (address);

    /// @notice To whom the role is offered; zero when to nobody.
    function candidateOf(Role role) external view returns (address);

    /// @notice Holder of the owner's role.
    function owner() external view returns (address);

    /// @notice Lets `minter` mint up to `allowance` from now on, whatever it had before, and no more than `dailyLimit` a
    /// day. What it has minted today counts on. Only the minter admin may.
    /// @param dailyLimit at most 2**56 - 2 base units; 2**56 - 1 says that there is none.
    function configureMinter(address minter, uint256 allowance, uint256 dailyLimit) external;

    /// @notice Stops `minter` from minting and burning. Only the minter admin may, also while paused.
    function removeMinter(address minter) external;

    /// @notice Whether the account may mint and burn.
    function isMinter(address account) external view returns (bool);

    /// @notice What the minter may still mint. [base units]
    function minterAllowance(address minter) external view returns (uint256);

    /// @notice All there is to know of a minter; zeros for none.
    function minterOf(address account) external view returns (Minter memory);

    /// @notice What the daily limit lets the minter mint now: all of it a day after the last mint, evenly less before.
    /// 2**256 - 1 where there is no limit. [base units]
    function minterAvailable(address minter) external view returns (uint256);

    /// @notice Issues `amount` to `to`; the caller's allowance falls by as much. Only minters may, within their daily limit
    /// and the reserves: those attested cover what is out, what is owed, and this. Returns true.
    function mint(address to, uint256 amount) external returns (bool);

    /// @notice Destroys `amount` of the caller's own. Only minters may: a holder is paid out through one of them.
    function burn(uint256 amount) external;

    /// @notice Stops every movement and approval. Only the pauser may, and sends one wei with it, which comes back with
    /// `unpause`: a transfer looks at the dollar's ether, and reads the pause itself only where there is some.
    function pause() external payable;

    /// @notice Lets everything go on, and sends all ether of the dollar to the pauser. Only the pauser may.
    function unpause() external;

    /// @notice Whether everything is stopped.
    function paused() external view returns (bool);

    /// @notice Freezes the account. Only compliance may, also while paused.
    function freeze(address account) external;

    /// @notice Unfreezes the account. Only compliance may, also while paused.
    function unfreeze(address account) external;

    /// @notice Whether the account is frozen.
    function isFrozen(address account) external view returns (bool);

    /// @notice Lets `spender` send so much more of the caller's.
    function increaseAllowance(address spender, uint256 increment) external returns (bool);

    /// @notice Lets `spender` send so much less of the caller's.
    function decreaseAllowance(address spender, uint256 decrement) external returns (bool);

    /// @notice Approval by signature, as ERC-2612's, of any length: for contracts that sign by ERC-1271.
    function permit(address owner, address spender, uint256 value, uint256 deadline, bytes calldata signature) external;

    /// @notice Sends what `from` signed (ERC-3009), once, after `validAfter` and before `validBefore`. Anyone may.
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice The same with a signature of any length: for contracts that sign by ERC-1271.
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;

    /// @notice Takes what `from` signed for the caller (ERC-3009): nobody can send it ahead of the receiver.
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice The same with a signature of any length: for contracts that sign by ERC-1271.
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;

    /// @notice Calls an unused authorization off (ERC-3009), by its authorizer's signature. Anyone may send it.
    function cancelAuthorization(address authorizer, bytes32 nonce, uint8 v, bytes32 r, bytes32 s) external;

    /// @notice The same with a signature of any length: for contracts that sign by ERC-1271.
    function cancelAuthorization(address authorizer, bytes32 nonce, bytes calldata signature) external;

    /// @notice Whether that authorization was used or called off (ERC-3009).
    function authorizationState(address authorizer, bytes32 nonce) external view returns (bool);

    /// @notice Sends `amount` of a foreign token that was sent here by mistake to `to`, or ether (token zero; not while
    /// paused). Only the owner may.
    function rescue(address token, address to, uint256 amount) external;
}
