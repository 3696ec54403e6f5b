"""An Exchange with five tokens and three people, on chain, on its twin, or on both in lockstep.

Tokens have 0, 6, 8, 18 and 24 decimals; the one of 18 is wrapped ether, and the others can call
back in the middle of a transfer. A tenth of every fee is the protocol's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

from ... import bindings
from ...bindings.exchange import Hop as HopStruct
from ...bindings.exchange import PoolKey as KeyStruct
from ...bindings.trading_actor import Call
from ...chain import Account, Chain, Transaction
from ...chain.hashing import HasAddress
from ...dex.curves import curve_of
from ...dex.exchange import NOBODY, ExchangeState
from ...dex.pool import Hop, Pool, PoolKey
from ...dex.routes import ETHER
from ...dex.stable_swap import StableSwap
from ...errors import ParameterError, Reverted
from ...reverts import InsufficientAllowance, LoanRefused, Locked
from ..bytecode import creation_code
from ..deployed import Deployed
from ..violations import Violation

__all__ = [
    "DECIMALS",
    "DOORS",
    "GIFT",
    "MOODS",
    "NEVER",
    "PEOPLE",
    "PLENTY",
    "SHARE",
    "Books",
    "World",
    "deployed",
    "struct",
    "structs",
    "told",
]

DECIMALS: Final = (0, 6, 8, 18, 24)
PEOPLE: Final = ("alice", "bob", "mallory")
SHARE: Final = 100_000
"""The protocol's part of a fee. [pips of the fee]"""
NEVER: Final = 2**256 - 1
PLENTY: Final = 2**115
"""What everybody owns of every token: more than a pool can hold."""
MOODS: Final = ("pays", "pays", "gives", "enters", "keeps", "refuses")
"""What the actor does when it is called back: pay, donate and pay, call a verb or a view of the
Exchange, take its allowance back, answer a loan wrongly."""
GIFT: Final = 7
DOORS: Final = 18
"""Verbs, and views that show a price, which a callback may try."""
MODES: Final = ("both", "chain", "twin")


@dataclass(frozen=True)
class Books:
    """What the contract and the tokens say at one moment, or the twin."""

    pools: dict[PoolKey, Pool]
    held: dict[str, int]
    shares: dict[tuple[str, int], int]
    fees: dict[str, int]


@dataclass
class World:
    """The subject of an `ExchangeTrial`."""

    chain: Chain
    mode: str
    """ "both" in lockstep, "chain" without a twin, "twin" without a contract."""
    exchange: bindings.Exchange
    tokens: dict[str, bindings.MockToken]
    """By symbol, ascending by address."""
    people: dict[str, Account]
    twin: ExchangeState | None
    weth: str
    recipient: Account
    """Whose the protocol's share is."""
    actor: bindings.TradingActor
    """A contract that swaps and borrows in a flash."""
    keys: list[PoolKey] = field(default_factory=list)

    @classmethod
    def build(cls, chain: Chain, mode: str = "both", bytecode: str = "") -> Self:
        """A new Exchange and five funded tokens. `bytecode`, in hexadecimal or a file, is a fork's
        whose constructor takes the same; only mode "chain" makes sense for one that differs."""
        if mode not in MODES:
            raise ParameterError(f"no mode {mode!r} of an exchange", hint=f"one of {MODES}")
        deployer = chain.account("deployer")
        weth = bindings.WrappedEther.deploy(chain, sender=deployer)
        exchange = deployed(chain, weth, SHARE, deployer, bytecode)
        made = {"WETH": bindings.MockToken(chain, weth)}
        for decimals in DECIMALS:
            if decimals != 18:
                symbol = f"T{decimals}"
                hostile = bindings.ReentrantToken.deploy(chain, symbol, decimals, sender=deployer)
                made[symbol] = bindings.MockToken(chain, hostile)
        tokens = dict(sorted(made.items(), key=lambda item: int(item[1].address, 16)))
        people = {name: chain.account(name) for name in PEOPLE}
        actor = bindings.TradingActor.deploy(chain, sender=deployer)
        for who in people.values():
            chain.set_balance(who, 2 * PLENTY)
            for symbol, token in tokens.items():
                if symbol == "WETH":
                    weth.deposit(value=PLENTY, sender=who)
                else:
                    token.mint(who, PLENTY, sender=deployer)
                token.approve(exchange, NEVER, sender=who)
        for token in tokens.values():
            token.transfer(actor, PLENTY // 2, sender=people["alice"])
            approve = token.build("approve", exchange, NEVER)
            actor.perform(token, approve.data, sender=deployer)
        twin = None
        if mode != "chain":
            twin = ExchangeState(exchange.address, weth=weth.address, protocol_share=SHARE)
        return cls(chain, mode, exchange, tokens, people, twin, weth.address, deployer, actor)

    def remember(self) -> object:
        """What the chain's snapshots do not put back."""
        return self.twin, list(self.keys)

    def recall(self, kept: Any) -> None:
        """Puts it back."""
        self.twin, keys = kept
        self.keys = list(keys)

    # --- names ------------------------------------------------------------------------------------

    def address(self, symbol: str) -> str:
        """Of a token; ether's is zero."""
        return ETHER if symbol == "ETH" else self.tokens[symbol].address

    def symbol(self, address: str) -> str:
        """The other way round."""
        if address == ETHER:
            return "ETH"
        return next(name for name, token in self.tokens.items() if token.address == address)

    def key(self, token_a: str, token_b: str, fee: int, amplification: int = 0) -> PoolKey:
        """The key of a pool on StableSwap, or without amplification on the constant product."""
        key = PoolKey.of(token_a, token_b, fee)
        if not amplification:
            return key
        return replace(key, curve=StableSwap(amplification, *self.decimals(key)).word)

    def decimals(self, key: PoolKey) -> list[int]:
        """Of the pool's two tokens."""
        return [18 if name == "WETH" else int(name[1:]) for name in map(self.symbol, key.tokens)]

    def path(self, token: str, pools: str, out: str) -> tuple[str, list[Hop]]:
        """From a symbol through pools by number, "0>2", to another: address and hops."""
        start = self.address(token)
        here, hops = self.weth if token == "ETH" else start, []
        for number in pools.split(">"):
            key = self.keys[int(number)]
            hops.append(key.hop(here))
            here = key.other(here)
        hops[-1] = hops[-1]._replace(token_out=self.address(out))
        return start, hops

    # --- reading ----------------------------------------------------------------------------------

    def read(self) -> Books:
        """The books as they are now."""
        if self.mode == "twin":
            twin = self._twin
            held = {token.address: twin.held.get(token.address, 0) for token in self._all}
            return Books(dict(twin.pools), held, dict(twin.shares), dict(twin.protocol_fees))
        owners = [NOBODY, *(person.address for person in self.people.values())]
        balance = self.exchange.balance_of
        return Books(
            {key: self.pool(key) for key in self.keys},
            {token.address: token.balance_of(self.exchange) for token in self._all},
            {
                (owner, key.id): count
                for key in self.keys
                for owner in owners
                if (count := balance(owner, key.id))
            },
            {
                token.address: owed
                for token in self._all
                if (owed := self.exchange.protocol_fees(token))
            },
        )

    def pool(self, key: PoolKey) -> Pool:
        """What the contract says of a pool."""
        raw = self.exchange.pool(key.id)
        return Pool(
            raw.reserve0,
            raw.reserve1,
            raw.supply,
            key.fee,
            raw.updated_at,
            raw.cumulative_log_price,
            key.id,
            curve_of(key.curve),
            SHARE,
        )

    def owned(self, who: Account | bindings.TradingActor, token: str) -> int:
        """What somebody has of a token, or of ether."""
        if token == ETHER:
            return self.chain.balance(who)
        return bindings.MockToken(self.chain, token).balance_of(who)

    def ask(self, contract: Callable[[], int], twin: Callable[[ExchangeState], int]) -> int | None:
        """A quote, or None where it is refused."""
        try:
            return twin(self._twin) if self.mode == "twin" else contract()
        except Reverted:
            return None

    @property
    def _all(self) -> Sequence[bindings.MockToken]:
        return tuple(self.tokens.values())

    @property
    def _twin(self) -> ExchangeState:
        assert self.twin is not None
        return self.twin

    # --- doing ------------------------------------------------------------------------------------

    def do(
        self, send: Callable[[], Any], step: Callable[[ExchangeState, int], Sequence[Any]]
    ) -> Sequence[Any]:
        """Sends to the contract and steps the twin, and returns what the twin says came of it.

        Raises the refusal, which has to be the same of both: else Violation "twin".
        """
        refusal: Reverted | None = None
        if self.mode != "twin":
            try:
                send()
            except Reverted as error:
                refusal = error
        result: Sequence[Any] = ()
        if self.twin is not None:
            mined = self.mode != "twin" and refusal is None
            said: Reverted | None = None
            try:
                result = step(self.twin, self.chain.timestamp + (0 if mined else 1))
                self.twin = result[0]
            except Reverted as error:
                said = error
            if self.mode == "twin":
                refusal = said
                if refusal is None:
                    self.chain.mine()
            elif told(said) != told(refusal):
                raise Violation("twin", f"twin {said!r}, contract {refusal!r}")
        if refusal is not None:
            raise refusal
        return result

    def flash(
        self,
        who: Account,
        asked: Transaction,
        step: Callable[[ExchangeState, int], Sequence[Any]],
        token: str,
        mood: str,
        *,
        loan: bool = False,
    ) -> tuple[int, bool]:
        """The actor does as its mood is when it is called back. What it has less of `token`
        afterwards, its gift aside, and whether it should have been refused."""
        refusals = {
            "enters": Locked(),
            "keeps": InsufficientAllowance(),
            "refuses": LoanRefused(self.actor.address) if loan else None,
        }
        wrong, gift = refusals.get(mood), GIFT if mood == "gives" else 0
        build = bindings.MockToken(self.chain, token).build
        plans = {
            "gives": build("transfer", self.exchange, GIFT),
            "enters": self.door(sum(asked.data)),
            "keeps": build("approve", self.exchange, 0),
            "refuses": self.actor.build("set_refusing", True),
        }
        calls = [Call(plan.to or NOBODY, plan.data) for plan in (plans.get(mood),) if plan]

        def answered(twin: ExchangeState, now: int) -> Sequence[Any]:
            after = step(twin, now)[0]
            if wrong is not None:
                raise wrong
            return (after.donate(token, gift) if gift else after,)

        owned = self.owned(self.actor, token)
        self.do(
            lambda: self.actor.carry_out(calls, asked.to or NOBODY, asked.data, sender=who),
            answered,
        )
        less = owned - self.owned(self.actor, token) - gift
        if mood == "refuses" and self.mode != "twin":
            self.actor.set_refusing(False, sender=who)
        return less, wrong is not None

    @contextmanager
    def hooked(self, symbol: str, door: int) -> Iterator[list[bytes]]:
        """Inside, the token calls the Exchange in its next transfer; afterwards the list has what
        it was told."""
        answers: list[bytes] = []
        if symbol == "WETH" or self.mode == "twin":  # the only one without a hook
            yield answers
            return
        hook, somebody = bindings.ReentrantToken(self.chain, self.address(symbol)), self._somebody
        calls, call = hook.calls(), self.door(door)
        hook.arm(call.to or NOBODY, call.data, sender=somebody)
        try:
            yield answers
        finally:
            if hook.calls() > calls:
                answers.append(hook.last_result())
            hook.arm(NOBODY, b"", sender=somebody)

    @property
    def _somebody(self) -> Account:
        return self.people["alice"]

    def door(self, number: int) -> Transaction:
        """A verb or a view of the Exchange that shows a price, of one of the pools."""
        build, who = self.exchange.build, self._somebody
        key = self.keys[number % len(self.keys)]
        token, named, hops = key.token0, struct(key), structs([key.hop(key.token0)])
        listed = [named]
        doors = (
            build("pool", key.id),
            build("total_supply", key.id),
            build("observe", named, 0),
            build("cumulative_log_price", named),
            build("quote_exact_in", token, 1_000, hops),
            build("quote_exact_out", token, hops, 1_000),
            build("quote_add_liquidity", named, 1_000, 1_000),
            build("quote_remove_liquidity", named, 1_000),
            build("swap_exact_in", token, 1_000, hops, 0, who, NEVER),
            build("swap_exact_out", token, NEVER, hops, 1_000, who, NEVER),
            build("flash_swap_exact_in", token, 1_000, hops, 0, who, NEVER, b""),
            build("flash_loan", self.actor, token, 1, b""),
            build("add_liquidity", named, 1_000, 1_000, 0, who, NEVER),
            build("remove_liquidity", named, 1, 0, 0, who, NEVER),
            build("skim", token, listed, who),
            build("collect", token),
            build("increase_observations", key.id, 9),
            build("create_pool", named),
        )
        return doors[number // 7 % DOORS]


def deployed(
    chain: Chain, weth: HasAddress | str, share: int, recipient: HasAddress | str, bytecode: str
) -> bindings.Exchange:
    """An Exchange, or a fork of it by its creation code: hexadecimal, or a file. InputError."""
    if not bytecode:
        return bindings.Exchange.deploy(chain, weth, share, recipient)
    code = creation_code(bytecode)
    fork = Deployed.create(chain, code, "(address,uint256,address)", weth, share, recipient)
    return bindings.Exchange(chain, fork.address)


def told(refusal: Reverted | None) -> tuple[Any, ...]:
    """A refusal's name and numbers, to compare the twin's with the contract's."""
    return () if refusal is None else (refusal.signature, *refusal.args)


def struct(key: PoolKey) -> KeyStruct:
    """As the binding takes it."""
    return KeyStruct(key.token0, key.token1, key.fee, key.curve)


def structs(path: Sequence[Hop]) -> list[HopStruct]:
    """As the binding takes it."""
    return [HopStruct(*hop) for hop in path]
