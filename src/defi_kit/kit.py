"""The standard economy in one call: tokens, feeds, oracles, exchange, lending pool, fiat dollar.

`deploy` builds it, `attach` finds one that was built before; both return a `Kit` of typed handles.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from decimal import ROUND_FLOOR, Decimal, localcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

from defi_kit.chain.hashing import create_address
from defi_kit.deployment import Deployed, Deployment
from defi_kit.errors import DeploymentError, NotSupported, ParameterError, WrongDeployment
from defi_kit.units import Amount

if TYPE_CHECKING:
    from defi_kit.chain import Account, Chain, Sender
    from defi_kit.dex import Exchange
    from defi_kit.lending import LendingPool
    from defi_kit.oracles import FeedOracle, ScriptedFeed
    from defi_kit.stablecoins import FiatDollar
    from defi_kit.tokens import FaucetToken, Token, WrappedEther


class _Client(Protocol):
    """What every client of a contract is: a chain and an address."""

    address: str

    def __init__(self, chain: Chain, address: str) -> None: ...


Client = TypeVar("Client", bound=_Client)

DAY = 86_400
SPARE_ETHER = 100 * 10**18
"""What the deployer keeps for gas when local ether is made for it. [wei]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """How one collateral is priced, traded and lent against: exact text, as a person writes it."""

    price: str
    """Opening price. [US dollars per token, at most 8 decimals]"""

    liquidity: str
    """Tokens in its pool against the dollar, whose other side is worth the same. [tokens]"""

    borrow_ltv: str
    """Debt at most this share of the collateral's value when borrowing."""

    liquidation_ltv: str
    """Debt above this share of the collateral's value can be liquidated; above `borrow_ltv`."""

    max_bonus: str
    """Largest liquidation bonus; (1 + max_bonus) * liquidation_ltv stays below one."""

    cap: str
    """Collateral accepted from all accounts together. [tokens]"""

    grant: str
    """What each named actor receives on a local chain. [tokens]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Economy:
    """Every number of the standard economy; `dataclasses.replace` makes others from it."""

    weth: Market = Market(
        price="2000",
        liquidity="5000",
        borrow_ltv="75%",
        liquidation_ltv="80%",
        max_bonus="5%",
        cap="1000000",
        grant="100",
    )
    wbtc: Market = Market(
        price="30000",
        liquidity="300",
        borrow_ltv="70%",
        liquidation_ltv="75%",
        max_bonus="6%",
        cap="50000",
        grant="10",
    )
    cross_liquidity: str = "1500"
    """WETH in the pool of the two collaterals; "0" leaves that pool out. [WETH]"""

    pool_fee: str = "0.3%"
    cash: str = "10000000"
    """Dollars that the deployer lends to the lending pool at the start. [USD]"""

    minimum_debt: str = "100"
    """No loan may be smaller than this. [USD]"""

    target_health: str = "1.05"
    """Health factor that a partial liquidation restores."""

    reserve_factor: str = "10%"
    """Share of the interest that goes to the first-loss reserve."""

    base_rate: str = "0%"
    """Yearly interest at zero utilisation."""

    kink: str = "80%"
    """Utilisation at which the slope of the rate changes."""

    rate_at_kink: str = "5%"
    """Yearly interest at the kink."""

    rate_at_full: str = "100%"
    """Yearly interest when everything is lent out."""

    dollar_grant: str = "100000"
    """What each named actor receives on a local chain. [USD]"""

    max_price_age: int = DAY
    """Oldest price that the oracles accept. [seconds]"""

    @classmethod
    def modest(cls) -> Self:
        """The standard economy with a hundredth of an ether at stake, for public networks."""
        standard = cls()
        return replace(
            standard,
            weth=replace(standard.weth, liquidity="0.01"),
            wbtc=replace(standard.wbtc, liquidity="1"),
            cross_liquidity="0",
        )

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`. Raises `ParameterError` for parameters that do not exist."""
        try:
            return cls(**{**data, "weth": Market(**data["weth"]), "wbtc": Market(**data["wbtc"])})
        except (KeyError, TypeError) as error:
            raise ParameterError(f"not the parameters of an economy: {error}") from error


@dataclass(frozen=True, slots=True)
class Feeds:
    """The price feeds, in US dollars; `kit.feeds.weth.set_price("1_500")` moves one."""

    weth: ScriptedFeed
    wbtc: ScriptedFeed
    usd: ScriptedFeed


@dataclass(frozen=True, slots=True)
class Oracles:
    """The oracles that the lending pool asks: each collateral in dollars, refused when stale."""

    weth: FeedOracle
    wbtc: FeedOracle


@dataclass(frozen=True, slots=True, repr=False)
class Kit:
    """Typed handles on one deployed economy."""

    chain: Chain
    deployment: Deployment
    usd: FiatDollar
    """The fiat dollar: 6 decimals, the asset of the lending pool."""

    weth: WrappedEther
    """Wrapped ether: 18 decimals."""

    wbtc: FaucetToken
    """A test bitcoin: 8 decimals, minted by the deployer."""

    feeds: Feeds
    oracles: Oracles
    exchange: Exchange
    lending: LendingPool
    economy: Economy
    _granted: set[str] = field(default_factory=set, compare=False)

    def __repr__(self) -> str:
        return f"<the economy on {self.chain!r}: {', '.join(self.deployment.contracts)}>"

    @property
    def fiat(self) -> FiatDollar:
        """Another name for `usd`, for those who come for the stablecoin."""
        return self.usd

    @property
    def tokens(self) -> tuple[Token, ...]:
        """Every token of the economy."""
        return (self.usd, self.weth, self.wbtc)

    def actor(self, name: str) -> Account:
        """The account called `name`, with ether and, at first, the economy's grants of every token.

        The same name is the same address on every local chain. An account that already holds one of
        the tokens gets nothing more. Raises `NotSupported` off local chains, where nobody hands out
        money.
        """
        if not self.chain.is_local:
            raise NotSupported(
                f"no named actors on chain {self.chain.chain_id}: they use development keys",
                hint="send with the account you connected with; it is `chain.default_sender`",
            )
        account = self.chain.account(name)
        if name not in self._granted:
            self._grant(account)
            self._granted.add(name)
        return account

    def actors(self, *names: str) -> tuple[Account, ...]:
        """One funded account a name: `alice, keeper = kit.actors("alice", "keeper")`."""
        return tuple(self.actor(name) for name in names)

    def _grant(self, account: Account) -> None:
        if any(token.balance(account).raw for token in self.tokens):
            return
        grants = (
            self.usd(self.economy.dollar_grant),
            self.wbtc(self.economy.wbtc.grant),
            self.weth(self.economy.weth.grant),
        )
        for grant in grants:
            self.provide(grant, account)

    def provide(self, amount: Amount, to: Sender) -> None:
        """Give `to` so much of one of the economy's tokens, minted or wrapped by its deployer.

        Local chains make the ether that is wrapped; elsewhere the deployer must hold it.
        """
        owner = self.deployment.deployer
        if not amount:
            return
        if amount.unit == self.usd.unit:
            if self.usd.minter_allowance(owner) < amount:
                self.usd.configure_minter(owner, amount, sender=owner)
            self.usd.ensure_mintable(amount, sender=owner)
            self.usd.mint(to, amount, sender=owner)
        elif amount.unit == self.wbtc.unit:
            self.wbtc.mint(to, amount, sender=owner)
        else:
            self._wrap(amount, to, owner)

    def _wrap(self, amount: Amount, to: Sender, owner: str) -> None:
        from defi_kit.chain.hashing import address_of

        if self.chain.is_local and self.chain.balance(owner) < amount.raw + SPARE_ETHER:
            self.chain.set_balance(owner, amount.raw + SPARE_ETHER)
        self.weth.deposit(amount, sender=owner)
        if address_of(to) != owner:
            self.weth.transfer(to, amount, sender=owner)


# --- one call -------------------------------------------------------------------------------------


def deploy(
    chain: Chain,
    economy: Economy | None = None,
    *,
    sender: Sender | None = None,
    journal: str | Path | None = None,
) -> Kit:
    """Deploy and seed the economy on `chain`, and return its handles.

    Args:
        economy: its numbers; the standard ones on a local chain, `Economy.modest()` elsewhere.
        sender: who pays and owns the feeds and the dollar; the chain's default sender unless given.
        journal: a deployment file, written before and after every contract. When it exists, the
            deployment in it is finished: nothing is deployed or seeded twice.

    Raises `WrongDeployment` when the journal is of another chain, deployer or economy, and whatever
    the chain raises; the journal then says how far it came.
    """
    numbers = economy or (Economy() if chain.is_local else Economy.modest())
    return _Deployer(chain, numbers, sender, None if journal is None else Path(journal)).run()


def attach(chain: Chain, deployment: Deployment | str | Path) -> Kit:
    """The handles on an economy that was deployed earlier; `deployment` may be its file.

    Raises `WrongDeployment` when it is of another chain, `DeploymentError` when it is unfinished or
    its contracts are not there.
    """
    known = deployment if isinstance(deployment, Deployment) else Deployment.load(deployment)
    known.check_chain(chain)
    if not known.complete:
        raise DeploymentError(
            "the deployment is unfinished",
            hint="finish it first: run the same `defi-kit deploy` again",
        )
    _check_code(chain, known)
    return _kit(chain, known)


def _check_code(chain: Chain, known: Deployment) -> None:
    """Raise `DeploymentError` unless each contract is where the deployment says, by code size:
    what constructors fix in the code changes it, but not its length."""
    from defi_kit import artifacts

    for key, one in known.contracts.items():
        code = chain.code(one.address)
        if not code:
            raise DeploymentError(
                f"there is no contract {key} at {one.address} on chain {chain.chain_id}",
                hint="the deployment file is of another chain, or the chain was started anew: "
                "move the file away and deploy again",
            )
        if len(code) != len(artifacts.load(one.contract).deployed_bytecode):
            raise DeploymentError(
                f"{key} at {one.address} is no {one.contract} of this version of defi_kit",
                hint="use the version that deployed it, or move the file away and deploy again",
            )


def _kit(chain: Chain, deployment: Deployment) -> Kit:
    from defi_kit.dex import Exchange
    from defi_kit.lending import LendingPool
    from defi_kit.oracles import FeedOracle, ScriptedFeed
    from defi_kit.stablecoins import FiatDollar
    from defi_kit.tokens import FaucetToken, WrappedEther

    at = deployment.address
    return Kit(
        chain=chain,
        deployment=deployment,
        usd=FiatDollar(chain, at("usd")),
        weth=WrappedEther(chain, at("weth")),
        wbtc=FaucetToken(chain, at("wbtc")),
        feeds=Feeds(
            weth=ScriptedFeed(chain, at("weth_feed")),
            wbtc=ScriptedFeed(chain, at("wbtc_feed")),
            usd=ScriptedFeed(chain, at("usd_feed")),
        ),
        oracles=Oracles(
            weth=FeedOracle(chain, at("weth_oracle")),
            wbtc=FeedOracle(chain, at("wbtc_oracle")),
        ),
        exchange=Exchange(chain, at("exchange")),
        lending=LendingPool(chain, at("lending")),
        economy=Economy.from_dict(deployment.economy),
    )


class _Deployer:
    """Runs the steps of a deployment, each of which first looks whether it is done already."""

    def __init__(
        self, chain: Chain, economy: Economy, sender: Sender | None, journal: Path | None
    ) -> None:
        from defi_kit.chain.hashing import address_of

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
        if not self.deployment.complete:
            self._contracts()
            self._seed(_kit(self.chain, self.deployment))
            self._save(replace(self.deployment, complete=True))
        _check_code(self.chain, self.deployment)
        return _kit(self.chain, self.deployment)

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
        known = self.deployment.contracts.get(key)
        if known is None or not self.chain.code(known.address):
            address = create_address(self.fresh.deployer, self.chain.nonce(self.fresh.deployer))
            planned = Deployed(kind.__name__, address)
            self._save(self.deployment.with_contract(key, planned))
            made = make()
            known = replace(planned, address=made.address)
        if known.block is None:
            known = replace(known, block=self.chain.block_number)
            self._save(self.deployment.with_contract(key, known))
        return kind(self.chain, known.address)

    def _contracts(self) -> None:
        from defi_kit.dex import Exchange
        from defi_kit.oracles import FeedOracle, ScriptedFeed
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

        def oracle(key: str, base: ScriptedFeed, token: Token) -> FeedOracle:
            return self._create(
                key,
                FeedOracle,
                lambda: FeedOracle.deploy(
                    chain,
                    base,
                    token,
                    usd,
                    quote_feed=usd_feed,
                    max_age=economy.max_price_age,
                    sender=sender,
                ),
            )

        weth_oracle = oracle("weth_oracle", weth_feed, weth)
        wbtc_oracle = oracle("wbtc_oracle", wbtc_feed, wbtc)
        self._create("exchange", Exchange, lambda: Exchange.deploy(chain, weth=weth, sender=sender))
        self._lending(usd, ((weth, weth_oracle, economy.weth), (wbtc, wbtc_oracle, economy.wbtc)))

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

    # --- seeds ------------------------------------------------------------------------------------

    def _seed(self, kit: Kit) -> None:
        """Cash for the lending pool and liquidity for the exchange, where they are not yet."""
        economy = self.economy
        weth, wbtc = kit.weth(economy.weth.liquidity), kit.wbtc(economy.wbtc.liquidity)
        pools = [
            (weth, _worth(kit.usd, weth, economy.weth.price)),
            (wbtc, _worth(kit.usd, wbtc, economy.wbtc.price)),
        ]
        cross = kit.weth(economy.cross_liquidity)
        if cross:
            bitcoin = Decimal(economy.weth.price) / Decimal(economy.wbtc.price) * cross.decimal
            pools.append((cross, kit.wbtc(_floor(bitcoin, kit.wbtc.decimals))))
        for one, other in pools:
            self._seed_pool(kit, one, other)
        cash = kit.usd(economy.cash)
        if cash and not kit.lending.market().total_assets:
            self._hold(kit, cash)
            kit.lending.supply(cash, sender=self.sender)

    def _seed_pool(self, kit: Kit, one: Amount, other: Amount) -> None:
        """Open the pool of two tokens and fill it, as far as that is not done."""
        if not (one and other):
            return
        fee, exchange = self.economy.pool_fee, kit.exchange
        key = exchange.key(one.unit, other.unit, fee)
        if key not in exchange.pools():
            exchange.create_pool(one.unit, other.unit, fee, sender=self.sender)
        if not exchange.pool(one.unit, other.unit, fee).supply:
            self._hold(kit, one)
            self._hold(kit, other)
            exchange.add_liquidity(one, other, fee, sender=self.sender)

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
