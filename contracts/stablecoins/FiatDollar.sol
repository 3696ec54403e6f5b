// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {FiatRoles} from "./FiatRoles.sol";
import {FiatSignatures} from "./FiatSignatures.sol";
import {IFiatDollar} from "./IFiatDollar.sol";
import {IRedemptionQueue} from "./IRedemptionQueue.sol";
import {IReserveAttestation} from "./IReserveAttestation.sol";
import {RedemptionQueue} from "./RedemptionQueue.sol";
import {ReserveAttestation} from "./ReserveAttestation.sol";

/// @title FiatDollar
/// @notice A dollar backed by cash in a bank. See IFiatDollar. Python twin: `defi_kit.stablecoins.fiat`.
/// @dev Balance, nonce and freeze share one slot per account: a transfer touches two. The pause is in the books' slot, which
/// is read only while the dollar holds ether: it does so whenever it is paused (see `_isPaused`).
contract FiatDollar is
    FiatRoles,
    FiatSignatures,
    ReserveAttestation,
    RedemptionQueue,
    IERC20Metadata,
    IERC20Permit,
    IERC20Errors
{
    /// @dev Bit of an account's word that says frozen, and of the books' that says paused: one mask for both.
    uint256 private constant STOPPED = 1;
    uint256 private constant OWED_SHIFT = 16;
    uint256 private constant NONCE_SHIFT = 64;
    uint256 private constant AMOUNT_SHIFT = 128;

    uint256 private constant MAX_ALLOWANCE = type(uint104).max; // [base units]
    uint256 private constant NO_LIMIT = type(uint56).max;

    bytes32 private constant PERMIT_TYPEHASH =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");

    /* FIXED AT BIRTH */

    /// @notice Decimals of the dollar: a base unit is a millionth.
    uint8 public constant decimals = 6;

    /// @notice Version of what is signed, beside the name.
    string public constant version = "1";

    /// @notice Name of the dollar; part of what is signed.
    string public name;

    /// @notice Symbol of the dollar.
    string public symbol;

    /* BOOKS */

    /// @dev Bit 0 paused, bits 16-127 owed for redemptions, bits 128-255 total supply [base units]. Both fit, because no
    /// mint lets their sum pass the reserves, which are below 2**112.
    uint256 private _books;

    /// @dev Bit 0 frozen, bits 64-127 nonce, bits 128-255 balance [base units].
    mapping(address account => uint256 word) private _accounts;

    mapping(address owner => mapping(address spender => uint256)) private _allowances; // [base units]
    mapping(address minter => Minter) private _minters;

    constructor(
        string memory name_,
        string memory symbol_,
        Officers memory officers,
        address[] memory attesters_,
        uint256 quorum,
        uint256 maxStatementAge_
    ) FiatRoles(officers) ReserveAttestation(attesters_, quorum, maxStatementAge_) {
        name = name_;
        symbol = symbol_;

        // Frozen for good, so that nothing is ever sent to or approved for them; a transfer needs no further check.
        _accounts[address(0)] = STOPPED;
        _accounts[address(this)] = STOPPED;
    }

    /* ISSUING */

    /// @inheritdoc IFiatDollar
    function configureMinter(address minter, uint256 allowance_, uint256 dailyLimit) external only(Role.MinterAdmin) {
        require(!_isPaused(), DollarIsPaused());
        require(allowance_ <= MAX_ALLOWANCE, MintAllowanceTooLarge(allowance_, MAX_ALLOWANCE));
        require(dailyLimit <= NO_LIMIT, MintLimitTooLarge(dailyLimit, NO_LIMIT));

        // Safe casts: checked above; what was used of a limit fits in it, and the clock in 40 bits.
        uint256 used = _used(_minters[minter]);
        _minters[minter] = Minter(uint104(allowance_), uint56(dailyLimit), uint56(used), uint40(block.timestamp));

        emit MinterConfigured(minter, allowance_, dailyLimit);
    }

    /// @inheritdoc IFiatDollar
    function removeMinter(address minter) external only(Role.MinterAdmin) {
        delete _minters[minter];

        emit MinterRemoved(minter);
    }

    /// @inheritdoc IFiatDollar
    function mint(address to, uint256 amount) external returns (bool) {
        Minter memory minter = _minters[msg.sender];
        uint256 books = _books;
        uint256 receiver = _accounts[to];
        if ((books | receiver | _accounts[msg.sender]) & STOPPED != 0) _refuse(msg.sender, to);
        require(minter.usedAt != 0, NotMinter(msg.sender));
        require(amount != 0, ZeroAmount());
        require(amount <= minter.allowance, MintAllowanceExceeded(msg.sender, minter.allowance, amount));
        if (minter.dailyLimit != NO_LIMIT) {
            uint256 used = _used(minter);
            uint256 available = used < minter.dailyLimit ? minter.dailyLimit - used : 0;
            require(amount <= available, MintLimitExceeded(msg.sender, available, amount));
            minter.used = uint56(used + amount); // safe cast: within the limit
            minter.usedAt = uint40(block.timestamp);
        }
        _requireBacked((books >> AMOUNT_SHIFT) + _owed(books), amount);

        // Cannot overflow: the supply fits in its 128 bits, and so does every balance, which is a part of it.
        unchecked {
            minter.allowance -= uint104(amount);
            _books = books + (amount << AMOUNT_SHIFT);
            _accounts[to] = receiver + (amount << AMOUNT_SHIFT);
        }
        _minters[msg.sender] = minter;

        emit Minted(msg.sender, to, amount);
        emit Transfer(address(0), to, amount);
        return true;
    }

    /// @dev What counts against the minter's daily limit now: it fades evenly at the limit's pace, rounded up.
    function _used(Minter memory minter) private view returns (uint256) {
        uint256 faded = (block.timestamp - minter.usedAt) * minter.dailyLimit / 1 days;
        return faded < minter.used ? minter.used - faded : 0;
    }

    /// @inheritdoc IFiatDollar
    function burn(uint256 amount) external {
        uint256 books = _books;
        uint256 holder = _accounts[msg.sender];
        if ((books | holder) & STOPPED != 0) _refuse(msg.sender, msg.sender);
        require(_minters[msg.sender].usedAt != 0, NotMinter(msg.sender));
        require(amount != 0, ZeroAmount());
        if (amount > holder >> AMOUNT_SHIFT) _lack(msg.sender, amount);

        // Cannot underflow: the balance is checked, and the supply is no less than any balance.
        unchecked {
            _books = books - (amount << AMOUNT_SHIFT);
            _accounts[msg.sender] = holder - (amount << AMOUNT_SHIFT);
        }

        emit Burned(msg.sender, amount);
        emit Transfer(msg.sender, address(0), amount);
    }

    /* REDEEMING */

    /// @inheritdoc IRedemptionQueue
    function requestRedemption(uint256 amount, bytes32 payout) external returns (uint256 id) {
        uint256 books = _books;
        uint256 holder = _accounts[msg.sender];
        if ((books | holder) & STOPPED != 0) _refuse(msg.sender, msg.sender);
        require(amount != 0, ZeroAmount());
        if (amount > holder >> AMOUNT_SHIFT) _lack(msg.sender, amount);

        // Cannot leave their bits: the balance is checked, and what leaves the supply is owed.
        unchecked {
            _books = books - (amount << AMOUNT_SHIFT) + (amount << OWED_SHIFT);
            _accounts[msg.sender] = holder - (amount << AMOUNT_SHIFT);
        }
        id = _enqueue(msg.sender, amount);

        emit RedemptionRequested(id, msg.sender, amount, payout);
        emit Transfer(msg.sender, address(0), amount);
    }

    /// @inheritdoc IRedemptionQueue
    function settleRedemption(uint256 id) external {
        _requireTeller();
        (, uint256 amount) = _close(id, RedemptionStatus.Settled);

        _books -= amount << OWED_SHIFT;
        _payOut(amount);

        emit RedemptionSettled(id, msg.sender, amount);
    }

    /// @inheritdoc IRedemptionQueue
    function refuseRedemption(uint256 id) external {
        _requireTeller();
        (address holder, uint256 amount) = _close(id, RedemptionStatus.Refused);
        uint256 books = _books;
        uint256 word = _accounts[holder];
        if ((books | word) & STOPPED != 0) _refuse(holder, holder);

        // Cannot leave their bits: what was owed goes back to the supply it came from.
        unchecked {
            _books = books - (amount << OWED_SHIFT) + (amount << AMOUNT_SHIFT);
            _accounts[holder] = word + (amount << AMOUNT_SHIFT);
        }

        emit RedemptionRefused(id, msg.sender, amount);
        emit Transfer(address(0), holder, amount);
    }

    function _requireTeller() private view {
        require(_minters[msg.sender].usedAt != 0, NotMinter(msg.sender));
        require(_accounts[msg.sender] & STOPPED == 0, AccountIsFrozen(msg.sender));
    }

    /// @inheritdoc IReserveAttestation
    function configureAttesters(address[] calldata attesters_, uint256 quorum) external only(Role.Owner) {
        _nameAttesters(attesters_, quorum);
    }

    /* STOPPING */

    /// @inheritdoc IFiatDollar
    function pause() external payable only(Role.Pauser) {
        require(address(this).balance != 0, PauseNeedsWei());

        _books |= STOPPED;

        emit DollarPaused(msg.sender);
    }

    /// @inheritdoc IFiatDollar
    function unpause() external only(Role.Pauser) {
        _books &= ~STOPPED;

        emit DollarUnpaused(msg.sender);

        // What the pauser does not take stays, makes transfers dearer and nothing worse, and can be rescued.
        SafeTransferLib.trySafeTransferAllETH(msg.sender, SafeTransferLib.GAS_STIPEND_NO_GRIEF);
    }

    /// @dev Ether is here whenever the dollar is paused: pausing needs some, and none leaves before the pause ends. Ether that
    /// somebody forces upon it therefore pauses nothing, and only has the books' slot read, at 2,100 gas.
    function _isPaused() private view returns (bool) {
        return address(this).balance != 0 && _books & STOPPED != 0;
    }

    /// @inheritdoc IFiatDollar
    function freeze(address account) external only(Role.Compliance) {
        _accounts[account] |= STOPPED;

        emit AccountFrozen(account, msg.sender);
    }

    /// @inheritdoc IFiatDollar
    function unfreeze(address account) external only(Role.Compliance) {
        require(account != address(0) && account != address(this), FrozenForGood(account));

        _accounts[account] &= ~STOPPED;

        emit AccountUnfrozen(account, msg.sender);
    }

    /// @dev Says which of the three stopped it: the pause, `first` or `second`.
    function _refuse(address first, address second) private view {
        require(!_isPaused(), DollarIsPaused());
        require(_accounts[first] & STOPPED == 0, AccountIsFrozen(first));
        require(second != address(0) && second != address(this), ERC20InvalidReceiver(second));
        revert AccountIsFrozen(second);
    }

    /* MOVING */

    /// @notice Sends `amount` of the caller's to `to`.
    function transfer(address to, uint256 amount) external returns (bool) {
        _transfer(msg.sender, to, amount);
        return true;
    }

    /// @notice Sends `amount` of `from`'s to `to`, within the caller's allowance.
    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        require(_accounts[msg.sender] & STOPPED == 0, AccountIsFrozen(msg.sender));
        uint256 allowed = _allowances[from][msg.sender];
        if (allowed != type(uint256).max) {
            require(amount <= allowed, ERC20InsufficientAllowance(msg.sender, allowed, amount));
            // Cannot underflow: checked on the line above.
            unchecked {
                _allowances[from][msg.sender] = allowed - amount;
            }
        }

        _transfer(from, to, amount);
        return true;
    }

    function _transfer(address from, address to, uint256 amount) private {
        uint256 sender = _accounts[from];
        uint256 receiver = _accounts[to];
        if ((sender | receiver) & STOPPED != 0 || _isPaused()) _refuse(from, to);
        if (amount > sender >> AMOUNT_SHIFT) _lack(from, amount);

        if (from != to) {
            // Neither can leave its 128 bits: the balance is checked, and no balance is more than the supply.
            unchecked {
                _accounts[from] = sender - (amount << AMOUNT_SHIFT);
                _accounts[to] = receiver + (amount << AMOUNT_SHIFT);
            }
        }

        emit Transfer(from, to, amount);
    }

    function _lack(address account, uint256 amount) private view {
        revert ERC20InsufficientBalance(account, balanceOf(account), amount);
    }

    /* APPROVING */

    /// @notice Lets `spender` send up to `amount` of the caller's; 2**256 - 1 stays as it is when used.
    function approve(address spender, uint256 amount) external returns (bool) {
        _approve(msg.sender, spender, amount);
        return true;
    }

    /// @inheritdoc IFiatDollar
    function increaseAllowance(address spender, uint256 increment) external returns (bool) {
        uint256 allowed = _allowances[msg.sender][spender];
        require(increment <= type(uint256).max - allowed, IncrementTooLarge(allowed, increment));

        _approve(msg.sender, spender, allowed + increment);
        return true;
    }

    /// @inheritdoc IFiatDollar
    function decreaseAllowance(address spender, uint256 decrement) external returns (bool) {
        uint256 allowed = _allowances[msg.sender][spender];
        require(decrement <= allowed, ERC20InsufficientAllowance(spender, allowed, decrement));

        _approve(msg.sender, spender, allowed - decrement);
        return true;
    }

    function _approve(address owner_, address spender, uint256 amount) private {
        require(!_isPaused(), DollarIsPaused());
        require(_accounts[owner_] & STOPPED == 0, AccountIsFrozen(owner_));
        require(spender != address(0), ERC20InvalidSpender(spender));
        require(_accounts[spender] & STOPPED == 0, AccountIsFrozen(spender));

        _allowances[owner_][spender] = amount;

        emit Approval(owner_, spender, amount);
    }

    /* SIGNING */

    /// @inheritdoc IERC20Permit
    /// @dev Whoever front-runs a permit does what it says; a caller should go on if the allowance is there.
    function permit(address owner_, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
    {
        _permit(owner_, spender, value, deadline, abi.encodePacked(r, s, v));
    }

    /// @inheritdoc IFiatDollar
    function permit(address owner_, address spender, uint256 value, uint256 deadline, bytes calldata signature)
        external
    {
        _permit(owner_, spender, value, deadline, signature);
    }

    function _permit(address owner_, address spender, uint256 value, uint256 deadline, bytes memory signature) private {
        require(block.timestamp <= deadline, SignatureExpired(deadline, block.timestamp));
        uint256 account = _accounts[owner_];
        // Written before a contract is asked for its signature; a nonce of 64 bits is never used up.
        _accounts[owner_] = account + (1 << NONCE_SHIFT);
        uint256 nonce = uint64(account >> NONCE_SHIFT);
        _requireSigned(
            owner_, keccak256(abi.encode(PERMIT_TYPEHASH, owner_, spender, value, nonce, deadline)), signature
        );

        _approve(owner_, spender, value);
    }

    /// @inheritdoc IFiatDollar
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
    ) external {
        bytes memory signature = abi.encodePacked(r, s, v);
        _moveSigned(
            Authorization(TRANSFER_WITH_AUTHORIZATION_TYPEHASH, from, to, value, validAfter, validBefore, nonce),
            signature
        );
    }

    /// @inheritdoc IFiatDollar
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        _moveSigned(
            Authorization(TRANSFER_WITH_AUTHORIZATION_TYPEHASH, from, to, value, validAfter, validBefore, nonce),
            signature
        );
    }

    /// @inheritdoc IFiatDollar
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
    ) external {
        bytes memory signature = abi.encodePacked(r, s, v);
        _moveSigned(
            Authorization(RECEIVE_WITH_AUTHORIZATION_TYPEHASH, from, to, value, validAfter, validBefore, nonce),
            signature
        );
    }

    /// @inheritdoc IFiatDollar
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        _moveSigned(
            Authorization(RECEIVE_WITH_AUTHORIZATION_TYPEHASH, from, to, value, validAfter, validBefore, nonce),
            signature
        );
    }

    function _moveSigned(Authorization memory order, bytes memory signature) private {
        if (order.typehash == RECEIVE_WITH_AUTHORIZATION_TYPEHASH) {
            require(msg.sender == order.to, CallerNotReceiver(msg.sender, order.to));
        }
        require(block.timestamp > order.validAfter, AuthorizationTooEarly(order.validAfter, block.timestamp));
        require(block.timestamp < order.validBefore, AuthorizationTooLate(order.validBefore, block.timestamp));
        _spend(order.from, order.nonce);
        _requireSigned(order.from, keccak256(abi.encode(order)), signature);

        emit AuthorizationUsed(order.from, order.nonce);

        _transfer(order.from, order.to, order.value);
    }

    /// @inheritdoc IFiatDollar
    function cancelAuthorization(address authorizer, bytes32 nonce, uint8 v, bytes32 r, bytes32 s) external {
        _cancel(authorizer, nonce, abi.encodePacked(r, s, v));
    }

    /// @inheritdoc IFiatDollar
    function cancelAuthorization(address authorizer, bytes32 nonce, bytes calldata signature) external {
        _cancel(authorizer, nonce, signature);
    }

    /// @dev Open to frozen accounts: it moves nothing, and keeps what they signed from being used later.
    function _cancel(address authorizer, bytes32 nonce, bytes memory signature) private {
        require(!_isPaused(), DollarIsPaused());
        _spend(authorizer, nonce);
        _requireSigned(authorizer, keccak256(abi.encode(CANCEL_AUTHORIZATION_TYPEHASH, authorizer, nonce)), signature);

        emit AuthorizationCanceled(authorizer, nonce);
    }

    /// @inheritdoc IERC20Permit
    function DOMAIN_SEPARATOR() external view returns (bytes32) {
        return _domainSeparator();
    }

    function _domainNameAndVersion() internal view override returns (string memory, string memory) {
        return (name, version);
    }

    function _domainNameAndVersionMayChange() internal pure override returns (bool) {
        return true; // it does not, but the name is not yet stored when EIP712's constructor would cache it
    }

    /* RESCUING */

    /// @inheritdoc IFiatDollar
    function rescue(address token, address to, uint256 amount) external only(Role.Owner) {
        emit TokenRescued(token, to, amount);

        if (token == address(0)) {
            require(!_isPaused(), DollarIsPaused()); // the pause needs it
            SafeTransferLib.safeTransferETH(to, amount);
        } else {
            SafeTransferLib.safeTransfer(token, to, amount); // not of this dollar: it holds none and is frozen
        }
    }

    /* VIEWS */

    /// @notice All dollars there are. [base units]
    function totalSupply() external view returns (uint256) {
        return _books >> AMOUNT_SHIFT;
    }

    /// @inheritdoc IRedemptionQueue
    function owed() external view returns (uint256) {
        return _owed(_books);
    }

    function _owed(uint256 books) private pure returns (uint256) {
        return uint112(books >> OWED_SHIFT);
    }

    /// @notice The account's dollars, frozen or not. [base units]
    function balanceOf(address account) public view returns (uint256) {
        return _accounts[account] >> AMOUNT_SHIFT;
    }

    /// @notice What `spender` may still send of `owner_`'s. [base units]
    function allowance(address owner_, address spender) external view returns (uint256) {
        return _allowances[owner_][spender];
    }

    /// @inheritdoc IERC20Permit
    function nonces(address owner_) external view returns (uint256) {
        return uint64(_accounts[owner_] >> NONCE_SHIFT);
    }

    /// @inheritdoc IFiatDollar
    function isFrozen(address account) external view returns (bool) {
        return _accounts[account] & STOPPED != 0;
    }

    /// @inheritdoc IFiatDollar
    function paused() external view returns (bool) {
        return _isPaused();
    }

    /// @inheritdoc IFiatDollar
    function isMinter(address account) external view returns (bool) {
        return _minters[account].usedAt != 0;
    }

    /// @inheritdoc IFiatDollar
    function minterAllowance(address minter) external view returns (uint256) {
        return _minters[minter].allowance;
    }

    /// @inheritdoc IFiatDollar
    function minterOf(address account) external view returns (Minter memory) {
        return _minters[account];
    }

    /// @inheritdoc IFiatDollar
    function minterAvailable(address account) external view returns (uint256) {
        Minter memory minter = _minters[account];
        if (minter.dailyLimit == NO_LIMIT) return type(uint256).max;
        uint256 used = _used(minter);
        return used < minter.dailyLimit ? minter.dailyLimit - used : 0;
    }
}
