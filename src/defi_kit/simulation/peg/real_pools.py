"""The real Exchange behind the laboratory's agents, on a local chain; the double of `TwinPools`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ...bindings.exchange import Hop
from ...chain import Chain, Sender
from ...dex import Exchange
from ...dex.pools_client import key_struct
from ...tokens import FaucetToken, Token
from ...units import MAX_UINT256, to_decimal
from .contracts import Contracts
from .pools import (
    AGENTS,
    AMPLIFICATION,
    DOLLAR_FEE,
    SHARE_FEE,
    Holding,
    Venue,
    endowment,
    pooled,
)
from .scenario import Scenario

__all__ = ["RealPools"]

BEFORE: Final = 1
"""From an approval to what it is for. [seconds]"""


class RealPools:
    """An account for each agent, two pools of an Exchange, and the controller.

    Approvals are of the amount that follows, and nothing is left of them. The arbitrageurs are the
    chain's default sender, who founds the dollar and has given away all else.
    """

    def __init__(self, scenario: Scenario, chain: Chain) -> None:
        self.controller = Contracts(scenario, chain)
        self.chain, algo = chain, self.controller.controller
        self.exchange = Exchange.deploy(chain)
        cash, dollar, share = FaucetToken(chain, algo.collateral.address), algo.dollar, algo.share
        self.tokens: dict[str, Token] = {"cash": cash, "dollar": dollar, "share": share}
        self.people = {name: self._person(name) for name in AGENTS}
        fees = [to_decimal(fee, 6) for fee in (DOLLAR_FEE, SHARE_FEE)]
        self._names = {
            "dollar": (dollar, cash, fees[0], AMPLIFICATION),
            "share": (share, cash, fees[1], None),
        }
        self.keys = {name: self.exchange.create_pool(*at).key for name, at in self._names.items()}
        self._endow(scenario, cash)
        self._venues: dict[str, Venue] = {}
        self._held: dict[str, Holding] = {}

    def _person(self, name: str) -> Sender:
        founder: Sender = self.chain.default_sender
        return founder if name == "arbitrageurs" else self.chain.account(name)

    def _endow(self, scenario: Scenario, cash: FaucetToken) -> None:
        """Hands out what everybody has, and fills the pools."""
        for name, own in endowment(scenario).items():
            who = self.people[name]
            cash.mint(who, own.cash)
            for token in ("dollar", "share"):
                amount = getattr(own, token)
                if amount and name != "arbitrageurs":
                    self.tokens[token].transfer(who, amount)
        who = self.people["providers"]
        for token, (amount, for_it) in pooled(scenario).items():
            key = self.keys[token]
            paid = {self.tokens[token].address: amount, self.tokens["cash"].address: for_it}
            for name, raw in ((token, amount), ("cash", for_it)):
                self.tokens[name].approve(self.exchange, raw, sender=who)
            most = (paid[key.token0], paid[key.token1])
            self.exchange.contract.add_liquidity(
                key_struct(key), *most, 0, who, MAX_UINT256, sender=who
            )

    def venue(self, token: str) -> Venue:
        """Reads it from the contract after each change."""
        if token not in self._venues:
            key = self.keys[token]
            pool = self.exchange.pool(*self._names[token])
            self._venues[token] = Venue(pool, first=key.token0 == self.tokens[token].address)
        return self._venues[token]

    def stake(self, token: str) -> int:
        """Asks the contract."""
        return self.exchange.contract.balance_of(self.people["providers"], self.keys[token].id)

    def swap(self, who: str, sell: str, buy: str, amount: int, *, now: int) -> int:
        """Sends an approval and the sale."""
        person, key = self.people[who], self.keys[buy if sell == "cash" else sell]
        token, bought = self.tokens[sell], self.tokens[buy]
        before = bought.balance(person).raw
        self.chain.set_next_timestamp(now - BEFORE)
        token.approve(self.exchange, amount, sender=person)
        self.chain.set_next_timestamp(now)
        hop = Hop(bought.address, key.fee, key.curve)
        self.exchange.contract.swap_exact_in(
            token.address, amount, [hop], 0, person, MAX_UINT256, sender=person
        )
        self._forget()
        return bought.balance(person).raw - before

    def withdraw(self, token: str, stake: int, *, now: int) -> int:
        """Sends the withdrawal."""
        who, cash = self.people["providers"], self.tokens["cash"]
        before = cash.balance(who).raw
        self.chain.set_next_timestamp(now)
        self.exchange.contract.remove_liquidity_one_sided(
            key_struct(self.keys[token]), stake, cash.address, 0, who, MAX_UINT256, sender=who
        )
        self._forget()
        return cash.balance(who).raw - before

    def redeem(self, dollars: int, *, now: int) -> tuple[int, int]:
        """Sends the redemption."""
        paid = self.controller.redeem(dollars, now=now)
        self._forget()
        return paid

    def holdings(self) -> Mapping[str, Holding]:
        """Asks the tokens after each change."""
        if not self._held:
            owners: dict[str, Sender] = {
                **self.people,
                "exchange": self.exchange,
                "controller": self.controller.controller,
            }
            self._held = {
                name: Holding(*(token.balance(who).raw for token in self.tokens.values()))
                for name, who in owners.items()
            }
        return self._held

    def _forget(self) -> None:
        self._venues, self._held = {}, {}
