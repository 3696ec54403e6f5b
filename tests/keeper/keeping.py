"""A keeper's contract between a pool and an exchange, with its twin; what it does is checked.

K1 nothing left behind, K2 the owner's profit, K4 refusals change nothing and strangers are refused,
K5 pool and exchange move as the twins say. (K3, that nothing that pays is left, is the Python
keeper's: see test_keeper_client.)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import defi_kit
from defi_kit.bindings import LiquidationKeeper
from defi_kit.bindings.liquidation_keeper import Kept, SwapHop
from defi_kit.chain import Account, Chain
from defi_kit.dex import Hop
from defi_kit.errors import Reverted
from defi_kit.keeper import KeeperState
from defi_kit.units import MAX_UINT256

NEVER = MAX_UINT256


class Keeping:
    """The standard economy with three borrowers, and one keeper's contract."""

    def __init__(self, chain: Chain, bytecode: bytes | None = None) -> None:
        self.chain = chain
        self.kit = kit = defi_kit.deploy(chain)
        self.owner, self.stranger = kit.actors("owner", "stranger")
        self.borrowers = list(kit.actors("alice", "bob", "carol"))
        self.contract = LiquidationKeeper._deploy(
            chain,
            "(address,address,address)",
            (kit.lending.address, kit.exchange.address, self.owner.address),
            bytecode=bytecode,
        )
        self.gifts = {token.address: 0 for token in kit.tokens}
        self.violated: set[str] = set()
        self.refusal: Reverted | None = None
        for borrower, (ether, bitcoin, dollars) in zip(
            self.borrowers, ((10, 0, 14_900), (0, 2, 41_000), (20, 1, 50_000)), strict=True
        ):
            if ether:
                kit.lending.supply_collateral(kit.weth(ether), sender=borrower)
            if bitcoin:
                kit.lending.supply_collateral(kit.wbtc(bitcoin), sender=borrower)
            kit.lending.borrow(kit.usd(dollars), sender=borrower)

    def hop(self, token_out: Any, token_in: Any) -> Hop:
        """The standard pool of two tokens."""
        key = self.kit.exchange.key(token_in.unit, token_out.unit, self.kit.economy.pool_fee)
        return key.hop(token_in.address)

    def paths(self, token: Any) -> list[tuple[Hop, ...]]:
        """Two that lead to dollars, one that does not, and none."""
        kit = self.kit
        other = kit.wbtc if token is kit.weth else kit.weth
        direct = (self.hop(kit.usd, token),)
        around = (self.hop(other, token), self.hop(kit.usd, other))
        return [direct, around, around[:1], ()]

    def twin(self) -> KeeperState:
        """The contract's twin, with pool and exchange as the chain says."""
        kit = self.kit
        return KeeperState(
            self.contract.address,
            self.owner.address,
            kit.usd.address,
            kit.lending.state(self.borrowers),
            kit.exchange.state(),
        )

    def give(self, token: Any, amount: int) -> None:
        """Somebody sends the contract tokens."""
        token.transfer(self.contract, amount, sender=self.stranger)
        self.gifts[token.address] += amount

    def liquidate(
        self,
        account: Account,
        token: Any,
        path: Sequence[Hop] | None = None,
        *,
        max_repay: int = MAX_UINT256,
        max_seize: int = MAX_UINT256,
        min_profit: int = 0,
        caller: Account | None = None,
        deadline: int = NEVER,
    ) -> Kept | None:
        """Does it in both worlds and checks K1 to K5; None where both refuse."""
        who = caller or self.owner
        route = tuple(self.paths(token)[0] if path is None else path)
        before, now = self.twin(), self.chain.timestamp + 1
        wallet = self.kit.usd.balance(self.owner).raw
        expected: Reverted | None = None
        after, told = before, None
        try:
            after, told = before.liquidate(
                account.address,
                token.address,
                max_repay,
                max_seize,
                route,
                min_profit,
                caller=who.address,
                now=now,
                prices=self.kit.lending.prices(),
                deadline=deadline,
            )
        except Reverted as refusal:
            expected = refusal
        self.refusal, done = None, None
        try:
            receipt = self.contract.liquidate(
                account,
                token.address,
                max_repay,
                max_seize,
                [SwapHop(*hop) for hop in route],
                min_profit,
                deadline,
                sender=who,
            )
            done = receipt.one(Kept, address=self.contract.address)
        except Reverted as refusal:
            self.refusal = refusal
        self._compare(expected, told, done)
        self._check(before if done is None else after, wallet, done, min_profit)
        if done is not None and who is not self.owner:
            self.violated.add("K4")
        return done

    def _compare(self, expected: Reverted | None, told: Any, done: Kept | None) -> None:
        same = (type(self.refusal), self.refusal and self.refusal.arguments) == (
            type(expected),
            expected and expected.arguments,
        )
        if not same or (
            told is not None
            and done is not None
            and (done.repaid, done.seized, done.profit) != tuple(told)
        ):
            self.violated.add("K5")

    def _check(
        self, expected: KeeperState, wallet: int, done: Kept | None, min_profit: int
    ) -> None:
        seen = self.twin()
        same = (seen.lending, seen.exchange.pools) == (expected.lending, expected.exchange.pools)
        if not same:
            self.violated.add("K5" if done else "K4")
        gained = self.kit.usd.balance(self.owner).raw - wallet
        if done is None and gained:
            self.violated.add("K4")
        if done is not None and (gained != done.profit or gained < min_profit):
            self.violated.add("K2")
        self.look()

    def look(self) -> None:
        """K1: nothing but gifts is there, and nobody may take anything."""
        for token in self.kit.tokens:
            held = token.balance(self.contract).raw
            allowed = sum(
                token.allowance(self.contract, spender).raw
                for spender in (self.kit.lending, self.kit.exchange, self.stranger, self.owner)
            )
            if held != self.gifts[token.address] or allowed:
                self.violated.add("K1")

    def intrude(self, token: Any, repaid: int, seized: int) -> None:
        """A stranger claims that there is a liquidation to pay for."""
        from defi_kit.chain.abi import encode, split_types

        hop = [tuple(one) for one in self.paths(token)[0]] if token is not self.kit.usd else []
        data = encode(split_types("(address,uint256,uint256)[],uint256,uint256"), (hop, 0, NEVER))
        try:
            self.contract.on_liquidate(
                self.stranger, token.address, repaid, seized, data, sender=self.stranger
            )
        except Reverted as refusal:
            self.refusal = refusal
            if refusal.name != "NotThePool":
                self.violated.add("K4")
        else:
            self.violated.add("K4")
        self.look()
