"""Everything this kit raises, in one tree.

* DefiKitError                a message, and a hint where there is a usual remedy
  + InputError                an argument no contract would accept (also a ValueError)
    - AmountError             not an amount: too many decimals, negative, a float, beyond 256 bits
    - UnitMismatch            two amounts, ratios or tokens that do not belong together
    - AddressError            not an address, or a wrong checksum
    - PriceHistoryError       a price file that cannot be replayed
    - ParameterError          a parameter outside the range its docstring gives
  + ChainError                the node did not answer, or answered nonsense
    - ConnectionFailed        nothing listens there, or it hung up
    - ChainTimeout            it listens, but did not answer in time
    - BadResponse             it answered something that is not JSON-RPC
    - NodeError               it answered with a JSON-RPC error that is no revert
    - WrongChain              it is another chain than the one asked for
    - AnvilNotFound           the anvil program is not installed
    - PortInUse               the port asked for is taken
    - NotSupported            this engine cannot do that
    - UnknownAccount          no such account on this chain, or it cannot sign
    - KeystoreError           a key file that is missing, broken or locked by another password
    - InsufficientFunds       the sender cannot pay for value and gas
    - NonceError              the nonce was used already, or leaves a gap
  + DeploymentError           a deployment that cannot be made or attached to
    - WrongDeployment         a deployment file of another chain or an older layout
    - ArtifactError           a contract this build of the kit does not carry
  + RefusedKey                a development key, off a local chain
  + Reverted                  a contract said no
    - RevertString            require(…, "reason")
    - Panic                   an assertion, an overflow, a division by zero …
    - OutOfGas                the gas given did not suffice
    - UnknownRevert           data that no known error explains, or no data at all
    - …                       one class per Solidity error, in `defi_kit.reverts`
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

__all__ = [
    "HINTS",
    "PANICS",
    "AddressError",
    "AmountError",
    "AnvilNotFound",
    "ArtifactError",
    "BadResponse",
    "ChainError",
    "ChainTimeout",
    "ConnectionFailed",
    "DefiKitError",
    "DeploymentError",
    "InputError",
    "InsufficientFunds",
    "KeystoreError",
    "NodeError",
    "NonceError",
    "NotSupported",
    "OutOfGas",
    "Panic",
    "ParameterError",
    "PortInUse",
    "PriceHistoryError",
    "RefusedKey",
    "RevertString",
    "Reverted",
    "UnitMismatch",
    "UnknownAccount",
    "UnknownRevert",
    "WrongChain",
    "WrongDeployment",
]

HINTS: dict[str, str] = {
    # tokens (names from Solady's bases and from ERC-6093)
    "AllowanceOverflow": "the allowance would pass 2**256 - 1; approve an absolute amount instead",
    "AllowanceUnderflow": "the allowance is smaller than the decrease; approve an absolute amount",
    "ERC20InsufficientAllowance": "approve the spender first: token.approve(spender, amount)",
    "ERC20InsufficientBalance": "the account holds less than that; look with token.balance(who)",
    "ERC20InvalidReceiver": "the zero address and the token itself receive nothing",
    "ETHTransferFailed": "the receiver takes no ether; withdraw from an account that does",
    "InsufficientAllowance": "approve the spender first: token.approve(spender, amount)",
    "InsufficientBalance": "the account holds less than that; look with token.balance(who)",
    "InvalidPermit": "the signature is not the owner's for this chain, contract, nonce and amount; "
    "sign again, by the method of the contract that refused: sign_permit, sign_authorization",
    "PermitExpired": "the deadline of the signed permit has passed; sign a new one",
    "TotalSupplyOverflow": "the supply would pass 2**256 - 1; mint less",
    "TransferFailed": "the token refused the transfer; check balance, freeze and pause",
    "TransferFromFailed": "the token refused; check the allowance, balance, freeze and pause",
    "NotOwner": "send it as the owner: sender=owner",
    # oracles
    "AnswerOutOfRange": "a signed answer is above zero and fits in 127 bits; leave that report out",
    "BoundsTooWide": "narrow the bounds: an answer between them would round to a price of zero",
    "CarriedOverPrice": "the feed repeats an old round's answer; wait for a new round",
    "FeedOff": "its owner switched the feed off; set_reverting(False) switches it on",
    "FuturePrice": "the feed is ahead of the chain's clock; do not trust it",
    "FutureReport": "sign the price of a moment that has come",
    "GrowthTooFast": 'a cap grows at most tenfold a year; max_growth="20%" is meant per year',
    "InvalidDeviation": 'give a deviation between nothing and 100%, such as "2%"',
    "InvalidLeg": "give a maximum age above zero and bounds with an answer between them",
    "InvalidTerms": "a quorum of one to all signers, a jump above zero and up to 100%, times "
    "above zero",
    "InvalidWindow": "give a window, an age and a least liquidity above zero",
    "JumpTooLarge": "is it a slip? If not, wait: each jump_period without an answer allows as "
    "much again",
    "LateReport": "the reports were held back for too long; sign the present price",
    "NoExchange": "there is no contract at the exchange's address on this chain",
    "NoFeed": "there is no contract at the feed's address on this chain",
    "NoOracle": "there is no contract at the oracle's address on this chain",
    "NoPool": "the exchange has no such pool; exchange.create_pool(...) opens one",
    "NoVault": "there is no contract at the vault's address on this chain",
    "NonPositivePrice": "the feed is broken; no price can be had from it",
    "OutdatedReport": "the feed has an answer of that moment or a later one; sign the present "
    "price",
    "PriceOutOfBounds": "the feed sits at or beyond the bounds set at deployment; do not trust it",
    "PriceTooSmall": "the price has no digits left at 1e36; ask for the inverse",
    "PricesDisagree": "two sources differ; find out which of them is wrong, or wait until they "
    "agree",
    "QuietPool": "nobody has traded with the pool for too long; its price may be an old one",
    "SameOracle": "name another source: an oracle always agrees with itself",
    "StalePrice": "the feed was not updated in time; on a ScriptedFeed, set_price(...) is live",
    "StartOutOfBounds": "the share's worth has jumped, or is nothing: look for a donation before "
    "you try again",
    "TooLittleLiquidity": "the pool has been drained; its price is cheap to move",
    "TooManyDecimals": "feeds and tokens have at most 24 decimals, shares of a vault at most 30",
    "WindowTooLong": "no record is near the window's start; increase_observations(...), or trade "
    "more often",
    "WorthlessShares": "the vault has lost all, or its asset is worth nothing",
    # signed statements of several
    "MalformedVote": "65 bytes r, s, v with the lower s, as wallets sign",
    "NoMember": "only the members named may sign, and exactly what is sent, for this chain",
    "QuorumMissed": "more of the members must sign the statement",
    "SignersUnsorted": "sort the signatures by signer's address, each signer once",
    # stablecoins
    "AlarmTooYoung": "raise it with alarm() where too little stands behind a dollar, then wait",
    "AlgoEnded": "it is over: claim(dollars) pays their part of the collateral",
    "BreakerOff": "this design has no breaker; breaker_cover above zero gives one",
    "EpochCapExceeded": "this epoch's shares are minted; redeem less, or in the next epoch",
    "NotController": "tokens are minted and burned through the controller: mint(...), redeem(...)",
    "NotEndangered": "enough stands behind a dollar; look with cover",
    "NotEnded": "until the end dollars are redeemed: redeem(dollars)",
    "RatioFixed": "this design's ratio never moves; step_period above zero makes it",
    "StepTooEarly": "the ratio steps once a period; wait until then",
    "SupplyTooLarge": "ask for less: no more dollars than are out, and no more than a supply holds",
    "Reentered": "a token called back in the middle of a verb; that is refused",
    "TooFewAlgoShares": "the price has moved; quote again, or accept more with slippage=",
    "TooLittleCollateral": "the price has moved; quote again, or accept more with slippage=",
    "TooLittleGas": "send it with more gas, so that an oracle's refusal is known to be one",
    "TooManyShares": "the price has moved; quote again, or accept more with slippage=",
    "TooMuchCollateral": "the price has moved; quote again, or accept more with slippage=",
    "VirtualPoolExhausted": "mint less at once; time fills the virtual pool again",
    "BelowPeg": "the token that would come in has lost its peg; wait until its oracle sees it back",
    "InsufficientStock": "swap less, or let the treasury fund(...) more of that token",
    "InvalidSide": "give two different tokens that are on this chain, and a treasury",
    "NotASide": "name one of the swap's two tokens: swap.backing, swap.dollar",
    "NotFunded": "the treasury takes back what it paid in, no more; collect(...) takes the surplus",
    "NotTreasury": "send it as the treasury: sender=swap.treasury",
    "AccountIsFrozen": "compliance froze the account, and can unfreeze(...) it",
    "AuthorizationSpent": "each authorization works once; sign another with a new nonce",
    "AuthorizationTooEarly": "wait until valid_after has passed",
    "AuthorizationTooLate": "its valid_before has passed; sign another",
    "CallerNotReceiver": "its receiver must send it, so that nobody can send it ahead of them",
    "DollarIsPaused": "the pauser stopped the dollar, and can unpause() it",
    "ERC20InvalidSpender": "the zero address cannot spend; name the spender",
    "FrozenForGood": "the zero address and the dollar itself stay frozen, so that nothing is lost",
    "IncrementTooLarge": "the allowance would pass 2**256 - 1; approve an absolute amount instead",
    "InvalidAttesters": "name them in ascending order, each once, and a quorum of one to all",
    "InvalidStatementAge": "a statement may be a second to 366 days old",
    "MintAllowanceExceeded": "the minter admin can raise it: configure_minter(minter, allowance)",
    "MintAllowanceTooLarge": "a minter's allowance fits in 104 bits",
    "MintBeyondReserves": "the attesters must first state higher reserves: attest(reserves)",
    "MintLimitExceeded": "wait, its daily limit fills up evenly, or let the minter admin raise it",
    "MintLimitTooLarge": "a daily limit fits in 56 bits; leave it out for none",
    "MissingRole": "send it as the role's holder, or let the owner offer_role(...) first",
    "NotMinter": "the minter admin makes minters: configure_minter(minter, allowance)",
    "NoStatement": "statements() lists all there are; the first has index 0",
    "NotOffered": "the owner offers a role first: offer_role(role, candidate)",
    "OwnerRequired": "the dollar always has an owner; hand the role over instead",
    "PauseNeedsWei": "send one wei with it: pause(value=1); it comes back with unpause()",
    "RedemptionNotPending": "pending_redemptions() lists those that can be settled or refused",
    "ReservesTooLarge": "reserves fit in 112 bits",
    "SignatureExpired": "the deadline of the signature has passed; sign again",
    "SignatureInvalid": "the signature is not the signer's for this chain, contract and nonce; "
    "sign again with token.sign_permit(...)",
    "SignatureMalleable": "use the signature with the lower s, as wallets do",
    "StatementFromFuture": "state what the bank held at a time that has passed",
    "StatementNotNewer": "a newer statement stands; sign one as of a later time",
    "StatementTooOld": "the attesters must state the reserves anew: attest(reserves)",
    "ZeroAmount": "move at least one base unit",
    # exchange
    "EmptyPath": "name at least one pool in path=[...], or leave path away",
    "Expired": "send it again with a later deadline [unix seconds]",
    "FeeTooHigh": "a pool's fee is at most 10%",
    "FirstDepositTooSmall": "pay more in: a first deposit locks some of its shares",
    "IncompleteList": "list every pool with liquidity that trades the token; exchange.skim does",
    "InsufficientLiquidity": "the pool cannot give all it has; buy less, or split the purchase",
    "InsufficientPermission": "only the owner of shares, whom it approved, or its operator",
    "InvalidRecipient": "send to an account: not to zero, to the Exchange, or ether to WETH",
    "LoanNotRestored": "the token took something on the way; such tokens cannot be lent",
    "LoanRefused": "its onFlashLoan must return the hash that ERC-3156 names",
    "Locked": "a token called back into the Exchange in the middle of a verb; that is refused",
    "NoLiquidity": "the pool is empty; exchange.add_liquidity(...) fills it",
    "NothingToSkim": "every token that the Exchange holds belongs to a pool",
    "PoolExists": "use the pool that there is, or another fee",
    "ProtocolShareTooHigh": "the protocol keeps at most 25% of each fee",
    "RepeatedPool": "for an exact amount bought a path visits each pool once; sell exactly instead",
    "ReserveOverflow": "a pool holds at most 2**112 - 1 base units of a token; use less",
    "SharesExceedBalance": "look with exchange.shares(token_a, token_b, owner=who), or at "
    "lending.account(who).supplied",
    "TokenNotInPool": "the pool trades two other tokens; look with exchange.pools()",
    "TooFewShares": "the price has moved; quote again, or accept more with slippage=",
    "TooLittleFreed": "the price has moved; quote again, or accept more with slippage=",
    "TooLittleOut": "the price has moved; quote again, or accept more with slippage= or minimum=",
    "TooLittleEther": "send at least what is asked; what is too much comes back",
    "TooManyObservations": "a pool keeps at most 65,535 records of its price",
    "TooMuchIn": "the price has moved; quote again, or accept more with slippage= or maximum=",
    "TooYoung": "ask for less time; exchange.increase_observations(...) keeps more from now on",
    "UnexpectedEther": "send no ether, or name it as the token paid in: exchange.ether(...)",
    "UnknownCurve": "constant product, or StableSwap with an amplification of 1 to 1,000,000 and "
    "tokens of at most 24 decimals",
    "UnorderedPools": "list each pool once, ascending by id; exchange.skim does",
    "UnknownPool": "exchange.pools() lists what there is; exchange.create_pool(...) opens one",
    "UnorderedTokens": "a pool trades two different tokens, the lower address first",
    "WrongAmountReceived": "it takes a fee on transfers or rebases; such tokens are refused",
    "WrongDecimals": "say the decimals that the token says; exchange.key(...) looks them up",
    # lending
    "CapExceeded": "the pool holds all it takes of this collateral; post less, or another",
    "CollateralExceedsBalance": "the account holds less of it: lending.account(who).collateral",
    "DebtAboveLimit": "post more collateral, or borrow less: lending.account(who).headroom, "
    "and with a debt a little less than that, as interest grows by the second",
    "DebtBelowMinimum": "a debt is zero or at least the minimum; repay all with lending.repay()",
    "DepositAboveMaximum": "the pool takes no more; deposit at most the maximum",
    "InvalidKeeper": "name a lending pool, an exchange and an owner that exist",
    "NotThePool": "the pool calls this by itself in the middle of liquidate",
    "PathEndsElsewhere": "the last hop must buy the pool's asset: path[-1].token_out",
    "HealthyAccount": "health is 1 or above; who can be liquidated: lending.liquidatable()",
    "InsufficientCash": "the rest is lent out; ask for less, or wait until it is repaid",
    "InvalidAdaptation": "a drift has bounds of at most 10, and its curve rises on both sides",
    "InvalidReceiver": "name an account of your own; what a contract pays to itself is lost",
    "LeavesDust": "take all of this collateral or leave more; without limits it fits",
    "LoanAboveMaximum": "borrow at most lending.max_flash_loan(token)",
    "LoanNotAccepted": "its onFlashLoan must return the hash that ERC-3156 names",
    "NoDebt": "the account owes nothing",
    "NotAuthorized": "only the account, or whom it authorized, may do this; send it as one of them",
    "TooLittleSeized": "the price or the debt moved; look with lending.preview_liquidation(...)",
    "UnknownCollateral": "the pool takes other tokens: lending.collaterals",
    "ZeroPrice": "an oracle answers zero, which is no price; repaying a loan needs none",
}
"""Error name → the usual remedy, in a few words. Rooms add a line for each of their errors."""

PANICS: dict[int, str] = {
    0x00: "generic",
    0x01: "assertion failed",
    0x11: "arithmetic overflow or underflow",
    0x12: "division by zero",
    0x21: "value is no member of the enum",
    0x22: "broken storage byte array",
    0x31: "pop of an empty array",
    0x32: "array index out of bounds",
    0x41: "out of memory",
    0x51: "call of an uninitialised internal function",
}
"""Solidity's panic codes (Solidity documentation, "Panic via assert and Error via require")."""


class DefiKitError(Exception):
    """Base of every error of this kit: a message, and a hint where there is a usual remedy."""

    def __init__(self, message: str = "", *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  hint: {self.hint}" if self.hint else self.message


# --- an argument no contract would accept ---------------------------------------------------------


class InputError(DefiKitError, ValueError):
    """An argument no contract would accept. Nothing was sent."""


class AmountError(InputError):
    """Not an amount: too many decimals, negative, a float, beyond 256 bits, or not a number."""


class UnitMismatch(InputError):
    """Two amounts of different tokens were added, subtracted or compared."""


class AddressError(InputError):
    """Not an address of 20 bytes in hexadecimal, or its checksum is wrong."""


class PriceHistoryError(InputError):
    """A price history that cannot be replayed: absent, empty, not numbers, twice the same time."""


class ParameterError(InputError):
    """A parameter outside the range its docstring gives."""


# --- the node did not answer, or answered nonsense ------------------------------------------------


class ChainError(DefiKitError):
    """The chain could not do what was asked, for a reason that is not a contract's refusal."""


class ConnectionFailed(ChainError):
    """Nothing listens at the address, or the connection broke."""


class ChainTimeout(ChainError):
    """The node listens but did not answer, or did not mine, within the time limit."""


class BadResponse(ChainError):
    """The node answered something that is not JSON-RPC."""


class NodeError(ChainError):
    """The node answered with a JSON-RPC error that is not a contract's refusal."""

    def __init__(
        self,
        message: str = "",
        *,
        code: int | None = None,
        data: object = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.data = data


class WrongChain(ChainError):
    """The node serves another chain id than the one asked for."""


class AnvilNotFound(ChainError):
    """The anvil program is neither in node_modules nor on the PATH."""


class PortInUse(ChainError):
    """Something else listens on the port asked for."""


class NotSupported(ChainError):
    """This engine cannot do that, for example time travel on a public network."""


class UnknownAccount(ChainError):
    """No account of that name on this chain, or one that this process cannot sign for."""


class KeystoreError(ChainError):
    """A key file that is missing, broken, or locked with another password."""


class InsufficientFunds(ChainError):
    """The sender's ether does not cover value plus gas."""


class NonceError(ChainError):
    """The transaction's nonce was used already, or leaves a gap."""


# --- deployments and keys -------------------------------------------------------------------------


class DeploymentError(DefiKitError):
    """A deployment that cannot be made, resumed or attached to."""


class WrongDeployment(DeploymentError):
    """A deployment file of another chain, or of an older layout."""


class ArtifactError(DeploymentError):
    """A contract that this build of the kit does not carry, or a damaged artifact."""


class RefusedKey(DefiKitError):
    """A well-known development key would have signed on a chain that is not local."""


# --- a contract said no ---------------------------------------------------------------------------


class Reverted(DefiKitError):
    """A contract said no; nothing changed.

    One subclass per Solidity error (`defi_kit.reverts`); the error's arguments are attributes in
    snake_case, and all of them are in `arguments`. A twin raises the same classes by hand:
    `raise reverts.Frozen(account)`.
    """

    SIGNATURE: ClassVar[str] = ""
    """Solidity signature, for example `"Frozen(address)"`."""

    SELECTOR: ClassVar[bytes] = b""
    """First four bytes of the signature's keccak."""

    TYPES: ClassVar[tuple[str, ...]] = ()
    """ABI type of each argument."""

    FIELDS: ClassVar[tuple[str, ...]] = ()
    """Attribute of each argument, in order."""

    def __init__(
        self,
        *values: Any,
        data: bytes = b"",
        contract: str | None = None,
        receipt: Any = None,
        hint: str | None = None,
        **named: Any,
    ) -> None:
        Exception.__init__(self, *values, *named.values())
        fields = self.FIELDS
        if len(values) > len(fields) or set(named) != set(fields[len(values) :]):
            raise TypeError(f"{self.name} takes {', '.join(fields) or 'no arguments'}")
        self.arguments: dict[str, Any] = {
            **dict(zip(fields, values, strict=False)),
            **{field: named[field] for field in fields[len(values) :]},
        }
        self.args = tuple(self.arguments.values())  # what pickle and copy rebuild the error from
        for field, value in self.arguments.items():
            setattr(self, field, value)
        self.data = data
        self.contract = contract
        self.receipt = receipt
        self.hint = hint if hint is not None else HINTS.get(self.name)
        self._shown: dict[str, str] = {}

    @property
    def name(self) -> str:
        """Name of the Solidity error, for example `"Frozen"`."""
        return self.signature.partition("(")[0] or type(self).__name__

    @property
    def signature(self) -> str:
        """Signature of the Solidity error, for example `"Frozen(address)"`."""
        return self.SIGNATURE

    @property
    def message(self) -> str:  # type: ignore[override]  # here it follows from the arguments
        """Name and arguments, the latter in human units where a client gave them."""
        shown = ", ".join(
            f"{field}={self._shown.get(field, _show(value))}"
            for field, value in self.arguments.items()
        )
        return f"{self.name}({shown})" + (f" at {self.contract}" if self.contract else "")

    def in_units(self, **show: Callable[[Any], object]) -> Reverted:
        """This same error, with the named arguments shown by the given functions.

        A client that knows the token says `error.in_units(balance=unit.amount)`; arguments this
        error does not have are ignored, so one call serves all errors of a verb.
        """
        for field, function in show.items():
            if field in self.arguments:
                self._shown[field] = str(function(self.arguments[field]))
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), self.args), self._state())

    def _state(self) -> Mapping[str, Any]:
        # A receipt holds its chain, which cannot leave the process.
        return {key: value for key, value in self.__dict__.items() if key != "receipt"}


def _rebuild(cls: type[Reverted], values: tuple[Any, ...]) -> Reverted:
    return cls(*values)


def _show(value: object) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)


class RevertString(Reverted):
    """`require(condition, "reason")` or `revert("reason")`."""

    SIGNATURE = "Error(string)"
    SELECTOR = bytes.fromhex("08c379a0")
    TYPES = ("string",)
    FIELDS = ("reason",)

    reason: str

    @property
    def message(self) -> str:  # type: ignore[override]
        """The reason as the contract gave it."""
        return f"reverted: {self.reason or '(empty reason)'}" + _at(self.contract)


class Panic(Reverted):
    """The compiler's own refusals: overflow, division by zero, a failed assertion …"""

    SIGNATURE = "Panic(uint256)"
    SELECTOR = bytes.fromhex("4e487b71")
    TYPES = ("uint256",)
    FIELDS = ("code",)

    code: int

    @property
    def named(self) -> str:
        """The panic's meaning, for example `"division by zero"`."""
        return PANICS.get(self.code, "unknown panic")

    @property
    def message(self) -> str:  # type: ignore[override]
        """Code and meaning."""
        return f"panic 0x{self.code:02x}: {self.named}" + _at(self.contract)


class UnknownRevert(Reverted):
    """A refusal that no known error explains: its data are in `data`, empty or not."""

    @property
    def message(self) -> str:  # type: ignore[override]
        """The data in hexadecimal, shortened."""
        if not self.data:
            return "reverted without a reason" + _at(self.contract)
        text = self.data.hex()
        shown = text if len(text) <= 136 else f"{text[:136]}… ({len(self.data)} bytes)"
        return f"reverted with unknown data 0x{shown}" + _at(self.contract)


class OutOfGas(Reverted):
    """The gas given did not suffice."""

    @property
    def message(self) -> str:  # type: ignore[override]
        """One sentence."""
        return "ran out of gas" + _at(self.contract)


def _at(contract: str | None) -> str:
    return f" at {contract}" if contract else ""
