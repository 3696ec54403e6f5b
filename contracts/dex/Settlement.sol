// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC3156FlashBorrower} from "@openzeppelin/contracts/interfaces/IERC3156FlashBorrower.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {Multicallable} from "solady/utils/Multicallable.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {IWrappedEther} from "../interfaces/IWrappedEther.sol";
import {IExchange} from "./IExchange.sol";

/// @title Settlement
/// @notice How the {Exchange} moves money: one verb at a time, what arrives is measured, ether comes and goes wrapped.
/// @dev Knows of no pool. Python twin: `defi_kit.dex.exchange.ExchangeState`.
abstract contract Settlement is IExchange, Multicallable {
    using SafeERC20 for IERC20;

    bytes32 private constant LOAN_ACCEPTED = keccak256("ERC3156FlashBorrower.onFlashLoan");

    /// @inheritdoc IExchange
    address public immutable WETH;

    constructor(address weth) {
        WETH = weth;
    }

    /* LOCK */

    uint256 private transient entered; // 1 in the middle of a verb; a whole slot, so that setting it reads nothing

    /// @dev For verbs: one at a time, whatever a token or a callback calls.
    modifier locks() {
        require(entered == 0, Locked());
        entered = 1;
        _;
        entered = 0;
    }

    /// @dev For views that show a price or a part of one: the books are ahead of the tokens during a verb.
    modifier unlocked() {
        require(entered == 0, Locked());
        _;
    }

    /* IN AND OUT */

    /// @dev Takes `amount` of `token` from the caller: of its allowance, or of the ether it sent when the token is zero.
    function _receive(address token, uint256 amount) internal {
        if (token == address(0)) return _wrap(amount);
        require(msg.value == 0, UnexpectedEther(msg.value));
        _pull(token, msg.sender, amount);
    }

    /// @dev Takes `amount` from `from` and insists that it arrived. The lock keeps anyone from mixing another deposit
    /// into the measurement.
    function _pull(address token, address from, uint256 amount) internal {
        uint256 before = SafeTransferLib.balanceOf(token, address(this));
        // Solady's costs less, OpenZeppelin's says why it failed. Should the second try succeed, nothing is wrong: what
        // has arrived after both is measured.
        if (!SafeTransferLib.trySafeTransferFrom(token, from, address(this), amount)) {
            IERC20(token).safeTransferFrom(from, address(this), amount);
        }
        uint256 balance = SafeTransferLib.balanceOf(token, address(this));
        // Cannot wrap into equality: nobody owns nearly 2^256 of a token, and a fall of the balance gives another difference.
        unchecked {
            if (balance - before == amount) return;
        }
        revert WrongAmountReceived(token, FixedPointMathLib.zeroFloorSub(balance, before), amount);
    }

    /// @dev Pays `amount` of `token` out, unwrapped as ether when the token is zero.
    function _pay(address token, address to, uint256 amount) internal {
        if (token == address(0)) _unwrap(to, amount);
        else IERC20(token).safeTransfer(to, amount);
    }

    /// @dev Some tokens refuse to move nothing; a drained pool may owe nothing of one of its tokens.
    function _push(address token, address to, uint256 amount) internal {
        if (amount != 0) IERC20(token).safeTransfer(to, amount);
    }

    /* ETHER */

    /// @dev The token that pools know under a name that a trader gave.
    function _traded(address token) internal view returns (address) {
        return token == address(0) ? WETH : token;
    }

    /// @dev Wraps `amount` of the ether that came, and gives the rest back.
    function _wrap(uint256 amount) internal {
        require(msg.value >= amount, TooLittleEther(msg.value, amount));
        IWrappedEther(WETH).deposit{value: amount}();
        // Cannot underflow: just compared. Nobody gains by calling in from here: the lock is closed.
        unchecked {
            if (msg.value != amount) SafeTransferLib.safeTransferETH(msg.sender, msg.value - amount);
        }
    }

    /// @dev Wrapped ether would take ether for a deposit of the Exchange's: nobody's, and anybody's to skim.
    function _unwrap(address to, uint256 amount) private {
        require(to != WETH, InvalidRecipient(to));
        IWrappedEther(WETH).withdraw(amount);
        SafeTransferLib.safeTransferETH(to, amount);
    }

    /// @dev For ether that is being unwrapped, and for no other.
    receive() external payable {
        require(msg.sender == WETH, UnexpectedEther(msg.value));
    }

    /* FLASH LOANS */

    /// @notice Lends `amount` of any token to `receiver` until the end of its `onFlashLoan` (ERC-3156). No fee.
    /// @dev The books do not move: what is lent is taken back from the receiver's allowance, and no verb can be called
    /// in between, so it cannot come back as anybody's deposit. What a receiver reverts with is passed on;
    /// LoanRefused where it says nothing, has no `onFlashLoan` or is no contract.
    function flashLoan(IERC3156FlashBorrower receiver, address token, uint256 amount, bytes calldata data)
        external
        locks
        returns (bool)
    {
        require(amount != 0, ZeroAmount());
        uint256 before = SafeTransferLib.balanceOf(token, address(this));

        IERC20(token).safeTransfer(address(receiver), amount);
        _callBack(receiver, token, amount, data);
        _pull(token, address(receiver), amount);

        uint256 balance = SafeTransferLib.balanceOf(token, address(this));
        require(balance >= before, LoanNotRestored(token, balance, before));

        emit FlashLoaned(address(receiver), token, amount);
        return true;
    }

    /// @dev A call by hand: Solidity's own says nothing of a receiver without code, or of one that answers too little.
    function _callBack(IERC3156FlashBorrower receiver, address token, uint256 amount, bytes calldata data) private {
        bytes memory call = abi.encodeCall(receiver.onFlashLoan, (msg.sender, token, amount, 0, data));
        (bool done, bytes memory answer) = address(receiver).call(call);
        if (!done && answer.length != 0) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
        require(done && bytes32(answer) == LOAN_ACCEPTED, LoanRefused(address(receiver)));
    }

    /// @notice The most that can be lent of `token` (ERC-3156): all there is, nothing while a verb is running.
    /// @dev Every token is supported; zero says only that there is none of it here now.
    function maxFlashLoan(address token) external view returns (uint256) {
        return entered == 0 ? SafeTransferLib.balanceOf(token, address(this)) : 0;
    }

    /// @notice What a loan of any token costs (ERC-3156): nothing.
    function flashFee(address, uint256) external pure returns (uint256) {
        return 0;
    }

    /* SEVERAL CALLS IN ONE */

    /// @inheritdoc IExchange
    function permit(address token, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external {
        // No lock: nothing is read or written, and a callback may want it. Nothing is checked either: see {IExchange}.
        if (token.code.length == 0) return; // what `try` would not catch
        try IERC20Permit(token).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
    }

    /// @inheritdoc IExchange
    function multicall(bytes[] calldata data)
        public
        payable
        override(IExchange, Multicallable)
        returns (bytes[] memory)
    {
        // Each call would count the same ether as its own.
        require(msg.value == 0, UnexpectedEther(msg.value));
        _multicallDirectReturn(_multicall(data));
    }
}
