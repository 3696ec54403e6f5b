"""Builds the standard economy on a chain, step by step, each written down before it is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import ROUND_FLOOR, Decimal, localcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, TypeVar

from defi_kit.chain.hashing import address_of, create_address
from defi_kit.deployment import Deployed, Deployment
from defi_kit.economy import Economy, Market
from defi_kit.errors import DeploymentError, NotSupported, Reverted, WrongDeployment
from defi_kit.kit import DOLLAR_DECIMALS, SHARE_DECIMALS, Kit, check_code, handles
from defi_kit.units import Amount, Unit, parse_units

if TYPE_CHECKING:
    from defi_kit.chain import Chain, Sender
    from defi_kit.dex import Exchange, PoolKey
    from defi_kit.oracles import FeedOracle, ScriptedFeed
    from defi_kit.stablecoins import AlgoController, FiatDollar
    from defi_kit.tokens import FaucetToken, Token

__all__ = ["Deployer"]

ATTEMPTS: Final = 3
"""How often the algorithmic dollar is begun when others come between its steps."""


class _Client(Protocol):
    """What every client of a contract is: a chain and an address."""

    address: str

    def __init__(self, chain: Chain, address: str) -> None: ...


Client = TypeVar("Client", bound=_Client)


class _Missed(Exception):
    """A contract can no longer come to the address that was promised to another."""


class _Pool(NamedTuple):
    """A pool that the economy opens: on the curve of an amplification, if it has one."""

    one: Amount
    other: Amount
    fee: str
    amplification: int | None = None


class Deployer:
    """Runs the steps of a deployment, each of which first looks whether it is done already."""

    def __init__(
        self, chain: Chain, economy: Economy, sender: Sender | None, journal: Path | None
    ) -> None:
        self.chain = chain
        self.economy = economy
        self.sender = chain.default_sender if sender is None else sender
        self.journal = journal
        self.fresh = Deployment(
            chain_id=chain.chain_id,
            genesis=chain.genesis_hash,
            deployer=address_of(self.sender),
            economy=economy.to_dict(),
        )
        self.deployment = self._resumed() or self.fresh

    def run(self) -> Kit:
        """Whatever is missing, and the handles on all of it."""
        if not self.deployment.complete:
            self._contracts()
            self._seed(handles(self.chain, self.deployment))
            self._save(replace(self.deployment, complete=True))
        check_code(self.chain, self.deployment)
        return handles(self.chain, self.deployment)

    def _resumed(self) -> Deployment | None:
        """What the journal holds, when it is there and of this chain, deployer and economy.

        One whose contracts never came to the chain holds nobody back: it is begun anew.
        """
        if self.journal is None or not self.journal.exists():
            return None
        known = Deployment.load(self.journal)
        known.check_chain(self.chain)
        for what in ("deployer", "economy"):
            theirs, ours = getattr(known, what), getattr(self.fresh, what)
            if theirs != ours:
                if not self._begun(known):
                    return None
                raise WrongDeployment(
                    f"{self.journal} was begun with another {what}: {theirs}, not {ours}",
                    hint="go on with the same one, or name another file",
                )
        return known

    def _begun(self, known: Deployment) -> bool:
        """Whether any contract of `known` is on the chain."""
        return any(
            one.block is not None or self.chain.code(one.address)
            for one in known.contracts.values()
        )

    def _save(self, deployment: Deployment) -> None:
        self.deployment = deployment
        if self.journal is not None:
            deployment.save(self.journal)

    # --- contracts --------------------------------------------------------------------------------

    def _create(self, key: str, kind: type[Client], make: Callable[[], Client]) -> Client:
        """The contract called `key`: the one in the journal if it is on the chain, else a new one.

        Its address is written down before it is sent, because it follows from sender and nonce: a
        creation that was mined after we died is found again.
        """
        return kind(self.chain, self._placed(key, kind.__name__, lambda: make().address))

    def _placed(self, key: str, contract: str, make: Callable[[], str]) -> str:
        """The address of the contract called `key`, created by `make` unless it is there."""
        known = self.deployment.contracts.get(key)
        if known is None or not self.chain.code(known.address):
            planned = Deployed(contract, self._coming(0))
            self._save(self.deployment.with_contract(key, planned))
            known = replace(planned, address=make())
        if known.block is None:
            known = replace(known, block=self.chain.block_number)
            self._save(self.deployment.with_contract(key, known))
        return known.address

    def _coming(self, transactions: int) -> str:
        """Where the deployer creates a contract, after so many other transactions."""
        deployer = self.fresh.deployer
        return create_address(deployer, self.chain.nonce(deployer) + transactions)

    def _contracts(self) -> None:
        from defi_kit.dex import Exchange
        from defi_kit.oracles import ScriptedFeed
        from defi_kit.stablecoins import FiatDollar
        from defi_kit.tokens import FaucetToken, WrappedEther

        chain, sender, economy = self.chain, self.sender, self.economy
        usd = self._create("usd", FiatDollar, lambda: FiatDollar.deploy(chain, sender=sender))
        weth = self._create("weth", WrappedEther, lambda: WrappedEther.deploy(chain, sender=sender))
        wbtc = self._create(
            "wbtc",
            FaucetToken,
            lambda: FaucetToken.deploy(chain, "Wrapped Bitcoin", "WBTC", 8, sender=sender),
        )

        def feed(key: str, description: str, price: str) -> ScriptedFeed:
            return self._create(
                key,
                ScriptedFeed,
                lambda: ScriptedFeed.deploy(chain, description, price, sender=sender),
            )

        weth_feed = feed("weth_feed", "ETH / USD", economy.weth.price)
        wbtc_feed = feed("wbtc_feed", "BTC / USD", economy.wbtc.price)
        usd_feed = feed("usd_feed", "Fiat Dollar / USD", "1")

        weth_oracle = self._oracle("weth_oracle", weth_feed, weth, usd_feed)
        wbtc_oracle = self._oracle("wbtc_oracle", wbtc_feed, wbtc, usd_feed)
        exchange = self._create(
            "exchange", Exchange, lambda: Exchange.deploy(chain, weth=weth, sender=sender)
        )
        self._lending(usd, ((weth, weth_oracle, economy.weth), (wbtc, wbtc_oracle, economy.wbtc)))
        usdx = self._create(
            "usdx",
            FaucetToken,
            lambda: FaucetToken.deploy(chain, "Dollar X", "USDX", 18, sender=sender),
        )
        self._peg(usd, usdx, usd_feed, feed("usdx_feed", "USDX / USD", "1"))
        share_feed = feed("share_feed", "SHARE / USD", economy.algo.share_price)
        self._algo(usd, exchange, usd_feed, share_feed)

    def _oracle(
        self,
        key: str,
        base: ScriptedFeed,
        token: Token | int,
        quote: ScriptedFeed | None,
        quoted: Token | int = DOLLAR_DECIMALS,
    ) -> FeedOracle:
        """The price of a token in another one, fiat dollars unless said, from their feeds."""
        from defi_kit.oracles import FeedOracle

        return self._create(
            key,
            FeedOracle,
            lambda: FeedOracle.deploy(
                self.chain,
                base,
                token,
                quoted,
                quote_feed=quote,
                max_age=self.economy.max_price_age,
                sender=self.sender,
            ),
        )

    def _lending(
        self, usd: FiatDollar, listed: tuple[tuple[Token, FeedOracle, Market], ...]
    ) -> None:
        from defi_kit.lending import CollateralParameters, KinkedRate, LendingPool

        chain, economy = self.chain, self.economy
        collaterals = [
            CollateralParameters(
                token=token,
                oracle=oracle,
                borrow_ltv=market.borrow_ltv,
                liquidation_ltv=market.liquidation_ltv,
                max_bonus=market.max_bonus,
                cap=token(market.cap),
            )
            for token, oracle, market in listed
        ]
        rate = KinkedRate.annual(
            economy.base_rate, economy.rate_at_kink, economy.rate_at_full, kink=economy.kink
        )
        self._create(
            "lending",
            LendingPool,
            lambda: LendingPool.deploy(
                chain,
                usd,
                collaterals,
                rate,
                minimum_debt=usd(economy.minimum_debt),
                target_health=economy.target_health,
                reserve_factor=economy.reserve_factor,
                sender=self.sender,
            ),
        )

    def _peg(
        self, usd: FiatDollar, usdx: FaucetToken, usd_feed: ScriptedFeed, usdx_feed: ScriptedFeed
    ) -> None:
        """The swap of the second stablecoin into the fiat dollar, with an oracle on either side."""
        from defi_kit.stablecoins import PegSwap, PegTerms

        terms = self.economy.peg

        def side(token: Token, oracle: FeedOracle) -> PegTerms:
            return PegTerms(token, terms.fee, token(terms.cap), oracle, terms.tolerance)

        backing = side(usdx, self._oracle("usdx_oracle", usdx_feed, usdx, usd_feed))
        dollar = side(usd, self._oracle("usd_oracle", usd_feed, usd, usdx_feed, usdx))
        self._create(
            "peg",
            PegSwap,
            lambda: PegSwap.deploy(self.chain, backing, dollar, sender=self.sender),
        )

    # --- the algorithmic dollar -------------------------------------------------------------------

    def _algo(
        self,
        usd: FiatDollar,
        exchange: Exchange,
        usd_feed: ScriptedFeed,
        share_feed: ScriptedFeed,
    ) -> None:
        """The controller, and the oracles that tell its tokens' mean prices in their pools.

        Each must know the other at birth. The controller comes first, and is told the addresses at
        which the oracles are about to come. Where somebody else sent from the deployer's account in
        between, they cannot come there any more: then a controller that nobody could use is left
        behind, and it all begins anew.
        """
        spot = self._oracle("share_spot", share_feed, SHARE_DECIMALS, usd_feed)
        worth = self._oracle("usd_worth", usd_feed, usd, None, 18)
        for _ in range(ATTEMPTS):
            try:
                algo = self._controller(usd, spot, worth)
                return self._means(algo, exchange, usd)
            except _Missed:
                self._save(self.deployment.without("algo", "share_oracle", "algo_oracle"))
        raise DeploymentError(
            f"others send from {self.fresh.deployer} while it deploys",
            hint="deploy from an account of its own, then run the same again",
        )

    def _controller(self, usd: FiatDollar, spot: FeedOracle, worth: FeedOracle) -> AlgoController:
        from defi_kit.stablecoins import AlgoController, AlgoDesign

        shares = parse_units(self.economy.algo.shares, SHARE_DECIMALS)
        return self._create(
            "algo",
            AlgoController,
            lambda: AlgoController.deploy(
                self.chain,
                AlgoDesign.guarded(),
                usd,
                share_oracle=self._coming(3),  # after the controller and the two pools
                share_spot=spot,
                collateral_oracle=worth,
                dollar_oracle=self._coming(4),
                shares=shares,
                sender=self.sender,
            ),
        )

    def _means(self, algo: AlgoController, exchange: Exchange, usd: FiatDollar) -> None:
        """Both pools, without liquidity, and their oracles. Raises _Missed."""
        terms = algo.contract.parameters()
        pools = self._algo_pools(algo, usd)
        for pool in pools:
            self._open(exchange, pool)
        for key, promised, pool in zip(
            ("share_oracle", "algo_oracle"),
            (terms.share_oracle, terms.dollar_oracle),
            pools,
            strict=True,
        ):
            self._mean(key, promised, exchange, pool, usd)

    def _mean(
        self, key: str, promised: str, exchange: Exchange, pool: _Pool, usd: FiatDollar
    ) -> None:
        from defi_kit.oracles import TwapOracle
        from defi_kit.tokens import Token

        market = self.economy.algo
        if not self.chain.code(promised) and self._coming(0) != promised:
            raise _Missed
        self._placed(
            key,
            TwapOracle.__name__,
            lambda: (
                TwapOracle.deploy(
                    self.chain,
                    exchange,
                    self._key(exchange, pool),
                    Token(self.chain, pool.one.unit.address),
                    usd,
                    window=market.window,
                    max_age=market.max_silence,
                    min_liquidity=self._half(exchange, pool),
                    sender=self.sender,
                ).address
            ),
        )

    def _half(self, exchange: Exchange, pool: _Pool) -> int:
        """Half of the shares that the pool's first deposit mints: below, it tells no mean."""
        from defi_kit.dex.curves import curve_of

        key = self._key(exchange, pool)
        amounts = {one.unit.address: one.raw for one in (pool.one, pool.other)}
        reserves = [amounts[token] for token in key.tokens]
        return max(1, curve_of(key.curve).liquidity(*reserves) // 2) if all(reserves) else 1

    def _algo_pools(self, algo: AlgoController, usd: FiatDollar) -> tuple[_Pool, _Pool]:
        """Of the share and of the dollar, both against the fiat dollar."""
        market = self.economy.algo
        shares, dollars = algo.share(market.share_liquidity), algo.dollar(market.liquidity)
        return (
            _Pool(shares, _worth(usd, shares, market.share_price), self.economy.pool_fee),
            self._stable(dollars, usd(market.liquidity)),
        )

    def _stable(self, one: Amount, other: Amount) -> _Pool:
        return _Pool(one, other, self.economy.stable_fee, self.economy.amplification)

    # --- seeds ------------------------------------------------------------------------------------

    def _seed(self, kit: Kit) -> None:
        """Cash for the lending pool, liquidity for the exchange and stock for the peg swap, where
        they are not yet."""
        economy = self.economy
        weth, wbtc = kit.weth(economy.weth.liquidity), kit.wbtc(economy.wbtc.liquidity)
        pools = [
            _Pool(weth, _worth(kit.usd, weth, economy.weth.price), economy.pool_fee),
            _Pool(wbtc, _worth(kit.usd, wbtc, economy.wbtc.price), economy.pool_fee),
        ]
        cross = kit.weth(economy.cross_liquidity)
        if cross:
            bitcoin = Decimal(economy.weth.price) / Decimal(economy.wbtc.price) * cross.decimal
            other = kit.wbtc(_floor(bitcoin, kit.wbtc.decimals))
            pools.append(_Pool(cross, other, economy.pool_fee))
        for pool in pools:
            self._seed_pool(kit, pool)
        cash = kit.usd(economy.cash)
        if cash and not kit.lending.market().total_assets:
            self._hold(kit, cash)
            kit.lending.supply(cash, sender=self.sender)
        self._seed_peg(kit)
        self._seed_algo(kit)

    def _seed_peg(self, kit: Kit) -> None:
        liquidity = self.economy.peg.liquidity
        self._seed_pool(kit, self._stable(kit.usdx(liquidity), kit.usd(liquidity)))
        for token in (kit.usdx, kit.usd):
            missing = token(self.economy.peg.stock) - kit.peg.funded(token)
            if missing:
                self._hold(kit, missing)
                kit.peg.fund(missing, sender=self.sender)

    def _seed_algo(self, kit: Kit) -> None:
        """The share's pool, and when its mean can be told, dollars on it and their pool."""
        share, dollar = self._algo_pools(kit.algo, kit.usd)
        for pool, oracle in ((share, kit.oracles.share), (dollar, kit.oracles.algo)):
            self._seed_pool(kit, pool)
            if not kit.exchange.pool(*self._named(pool)).supply:
                return
            self._keep_records(kit, pool)
            try:
                oracle.raw_price()
            except Reverted:  # too young
                if not self._waited():
                    return

    def _waited(self) -> bool:
        """Whether this is a chain that lets us move the clock; then a window has passed."""
        if not self.chain.is_local:
            return False
        try:
            self.chain.advance(self.economy.algo.window)
        except NotSupported:  # a local node that is neither Anvil nor Hardhat
            return False
        return True

    def _keep_records(self, kit: Kit, pool: _Pool) -> None:
        """Pays for as many records as the window of the pool's oracle needs."""
        from defi_kit.oracles import TwapOracle

        records, key = TwapOracle.records(self.economy.algo.window), self._key(kit.exchange, pool)
        if kit.exchange.contract.pool(key.id).observations < records:
            kit.exchange.increase_observations(records, *self._named(pool), sender=self.sender)

    def _named(self, pool: _Pool) -> tuple[Unit, Unit, str, int | None]:
        return pool.one.unit, pool.other.unit, pool.fee, pool.amplification

    def _key(self, exchange: Exchange, pool: _Pool) -> PoolKey:
        return exchange.key(*self._named(pool))

    def _open(self, exchange: Exchange, pool: _Pool) -> None:
        """The pool, as long as there is none."""
        if not exchange.contract.pool(self._key(exchange, pool).id).updated_at:
            exchange.create_pool(*self._named(pool), sender=self.sender)

    def _seed_pool(self, kit: Kit, pool: _Pool) -> None:
        """Open the pool of two tokens and fill it, as far as that is not done."""
        one, other, fee, amplification = pool
        if not (one and other):
            return
        self._open(kit.exchange, pool)
        if not kit.exchange.pool(*self._named(pool)).supply:
            self._hold(kit, one)
            self._hold(kit, other)
            kit.exchange.add_liquidity(one, other, fee, amplification, sender=self.sender)

    def _hold(self, kit: Kit, amount: Amount) -> None:
        """Bring what the deployer holds up to `amount`: what an interrupted run left counts."""
        token = next(token for token in kit.tokens if token.unit == amount.unit)
        held = token.balance(self.fresh.deployer)
        if held < amount:
            kit.provide(amount - held, self.fresh.deployer)


def _worth(usd: Token, amount: Amount, price: str) -> Amount:
    """The dollars that `amount` is worth at `price`, rounded down."""
    return usd(_floor(amount.decimal * Decimal(price), usd.decimals))


def _floor(value: Decimal, decimals: int) -> Decimal:
    """`value` without digits behind the last decimal, written without an exponent."""
    with localcontext() as context:
        context.prec = 100
        return value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_FLOOR)
