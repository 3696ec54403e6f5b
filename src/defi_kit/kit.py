"""The standard economy in one call: tokens, feeds, oracles, exchange, lending pool, three dollars.

`deploy` builds it, `attach` finds one that was built before; both return a `Kit` of typed handles.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from defi_kit.deployment import Deployment
from defi_kit.economy import Economy
from defi_kit.errors import DeploymentError, InputError, NotSupported
from defi_kit.units import Amount

if TYPE_CHECKING:
    from defi_kit.chain import Account, Chain, Sender
    from defi_kit.dex import Exchange
    from defi_kit.lending import LendingPool
    from defi_kit.oracles import FeedOracle, ScriptedFeed, TwapOracle
    from defi_kit.stablecoins import AlgoController, FiatDollar, PegSwap
    from defi_kit.tokens import FaucetToken, Token, WrappedEther

__all__ = ["Feeds", "Kit", "Oracles", "attach", "deploy"]

SPARE_ETHER = 100 * 10**18
"""What the deployer keeps for gas when local ether is made for it. [wei]"""

DOLLAR_DECIMALS = 6
SHARE_DECIMALS = 18
"""Of the algorithmic dollar as well as of its share."""


@dataclass(frozen=True, slots=True)
class Feeds:
    """The price feeds, in US dollars; `kit.feeds.weth.set_price("1_500")` moves one."""

    weth: ScriptedFeed
    wbtc: ScriptedFeed
    usd: ScriptedFeed
    usdx: ScriptedFeed
    share: ScriptedFeed
    """What a share of the algorithmic dollar costs elsewhere, now."""


@dataclass(frozen=True, slots=True)
class Oracles:
    """What the contracts ask: each price in fiat dollars, refused when stale."""

    weth: FeedOracle
    wbtc: FeedOracle
    usdx: FeedOracle
    share: TwapOracle
    """The share's mean price in its pool of the exchange."""

    algo: TwapOracle
    """The algorithmic dollar's mean price in its pool of the exchange."""


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

    usdx: FaucetToken
    """A second stablecoin: 18 decimals, minted by the deployer."""

    feeds: Feeds
    oracles: Oracles
    exchange: Exchange
    lending: LendingPool
    peg: PegSwap
    """Changes `usdx` into `usd` and back, one for one."""

    algo: AlgoController
    """The algorithmic dollar of the guarded design, on `usd`: `algo.dollar` and `algo.share`."""

    economy: Economy
    _granted: set[str] = field(default_factory=set, compare=False)

    def __repr__(self) -> str:
        return f"<the economy on {self.chain!r}: {', '.join(self.deployment.contracts)}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        # IPython and Hypothesis would print every field of a dataclass, and theirs.
        printer.text(repr(self))

    @property
    def fiat(self) -> FiatDollar:
        """Another name for `usd`, for those who come for the stablecoin."""
        return self.usd

    @property
    def tokens(self) -> tuple[Token, ...]:
        """Every token of the economy."""
        algo = self.algo
        return (self.usd, self.weth, self.wbtc, self.usdx, algo.dollar, algo.share)

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
            self.usdx(self.economy.peg.grant),
            self.algo.share(self.economy.algo.share_grant),
        )
        for grant in grants:
            self.provide(grant, account)

    def provide(self, amount: Amount, to: Sender) -> None:
        """Give `to` so much of one of the economy's tokens, minted or wrapped by its deployer.

        Local chains make the ether that is wrapped; elsewhere the deployer must hold it. Shares of
        the algorithmic dollar come out of the deployer's own.
        """
        if not isinstance(amount, Amount):
            raise InputError(f"{amount!r} is no amount of a token", hint='such as kit.usd("100")')
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
        elif amount.unit == self.usdx.unit:
            self.usdx.mint(to, amount, sender=owner)
        elif amount.unit == self.algo.share.unit:
            self.algo.share.transfer(to, amount, sender=owner)
        elif amount.unit == self.algo.dollar.unit:
            self._buy_algo(amount, to, owner)
        else:
            self._wrap(amount, to, owner)

    def _buy_algo(self, amount: Amount, to: Sender, owner: str) -> None:
        cost = self.algo.quote_mint(amount).collateral
        self.provide(cost, owner)
        self.algo.mint(amount, max_collateral=cost, to=to, sender=owner)

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

    On a local chain the clock moves on by two windows of the algorithmic dollar's oracles, an hour,
    so that they can tell a mean. Elsewhere it cannot: that dollar is minted once the window is
    over, and its pool begins with whoever mints first.

    Raises `InputError` for what is no chain, `WrongDeployment` when the journal is of another
    chain, deployer or economy, and whatever the chain raises; the journal then says how far it
    came.
    """
    from defi_kit.deployer import Deployer

    _check_chain(chain)
    numbers = economy or (Economy() if chain.is_local else Economy.modest())
    return Deployer(chain, numbers, sender, None if journal is None else Path(journal)).run()


def attach(chain: Chain, deployment: Deployment | str | Path) -> Kit:
    """The handles on an economy that was deployed earlier; `deployment` may be its file.

    Raises `WrongDeployment` when it is of another chain, `DeploymentError` when it is unfinished or
    its contracts are not there.
    """
    _check_chain(chain)
    known = deployment if isinstance(deployment, Deployment) else Deployment.load(deployment)
    known.check_chain(chain)
    if not known.complete:
        raise DeploymentError(
            "the deployment is unfinished",
            hint="finish it first: run the same `defi-kit deploy` again",
        )
    check_code(chain, known)
    return handles(chain, known)


def _check_chain(chain: object) -> None:
    from defi_kit.chain import Chain

    if not isinstance(chain, Chain):
        raise InputError(
            f"{chain!r} is no chain",
            hint="Chain.embedded(), Chain.anvil(), or Chain.connect(url) of a running node",
        )


def check_code(chain: Chain, known: Deployment) -> None:
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


def handles(chain: Chain, deployment: Deployment) -> Kit:
    """The handles on what is deployed there, unchecked."""
    from defi_kit.dex import Exchange
    from defi_kit.lending import LendingPool
    from defi_kit.oracles import FeedOracle, ScriptedFeed, TwapOracle
    from defi_kit.stablecoins import AlgoController, FiatDollar, PegSwap
    from defi_kit.tokens import FaucetToken, WrappedEther

    at = deployment.address
    kit = Kit(
        chain=chain,
        deployment=deployment,
        usd=FiatDollar(chain, at("usd")),
        weth=WrappedEther(chain, at("weth")),
        wbtc=FaucetToken(chain, at("wbtc")),
        usdx=FaucetToken(chain, at("usdx")),
        feeds=Feeds(
            weth=ScriptedFeed(chain, at("weth_feed")),
            wbtc=ScriptedFeed(chain, at("wbtc_feed")),
            usd=ScriptedFeed(chain, at("usd_feed")),
            usdx=ScriptedFeed(chain, at("usdx_feed")),
            share=ScriptedFeed(chain, at("share_feed")),
        ),
        oracles=Oracles(
            weth=FeedOracle(chain, at("weth_oracle")),
            wbtc=FeedOracle(chain, at("wbtc_oracle")),
            usdx=FeedOracle(chain, at("usdx_oracle")),
            share=TwapOracle(chain, at("share_oracle"), SHARE_DECIMALS, DOLLAR_DECIMALS),
            algo=TwapOracle(chain, at("algo_oracle"), SHARE_DECIMALS, DOLLAR_DECIMALS),
        ),
        exchange=Exchange(chain, at("exchange")),
        lending=LendingPool(chain, at("lending")),
        peg=PegSwap(chain, at("peg")),
        algo=AlgoController(chain, at("algo")),
        economy=Economy.from_dict(deployment.economy),
    )
    for key, contract in (("exchange", kit.exchange.contract), ("lending", kit.lending.contract)):
        contract.since = deployment.contracts[key].block or 0
    return kit
