"""Which tests a contract answers to: the only place that knows their names.

Three stages, from cheap to dear: a deterministic life of the contract; its state machine; the
tests of its room and the attacks on it. None of them is a test that compiles faults itself, and
none compares gas.
"""

from __future__ import annotations

from dataclasses import dataclass

STAGES = ("drill", "machine", "tests")


@dataclass(frozen=True, slots=True)
class Target:
    """A contract to mutate, with all its own sources, and what should notice."""

    contract: str
    root: str
    """The file that declares it; what it imports is mutated as well."""
    drill: tuple[str, ...]
    machine: tuple[str, ...]
    tests: tuple[str, ...]

    @property
    def room(self) -> str:
        return self.root.split("/")[1]

    def stage(self, name: str) -> tuple[str, ...]:
        """What pytest is given for this stage."""
        return {"drill": self.drill, "machine": self.machine, "tests": self.tests}[name]


TARGETS = {
    target.contract: target
    for target in (
        Target(
            "Exchange",
            "contracts/dex/Exchange.sol",
            drill=("tests/dex/test_exchange_faults.py::test_without_a_fault_nothing_is_caught",),
            machine=("tests/dex/test_exchange_invariants.py",),
            tests=(
                "tests/dex/test_exchange_limits.py",
                "tests/dex/test_exchange_mutants.py",
                "tests/dex/test_exchange_contract.py",
                "tests/attacks/test_exchange_callbacks.py",
                "tests/attacks/test_exchange_shares.py",
                "tests/attacks/test_exchange_tokens.py",
                "tests/attacks/test_exchange_trades.py",
                "tests/dex/test_client.py",
                "tests/dex/test_client_flash.py",
                "tests/dex/test_client_stable.py",
                "tests/dex/test_exchange_twin.py",
            ),
        ),
        Target(
            "LendingPool",
            "contracts/lending/LendingPool.sol",
            drill=(
                "tests/lending/test_lending_faults.py::test_the_pool_as_it_is_violates_nothing",
            ),
            machine=("tests/lending/test_lending_invariants.py",),
            tests=(
                "tests/lending/test_lending_limits.py",
                "tests/lending/test_lending_mutants.py",
                "tests/lending/test_lending_contract.py",
                "tests/attacks/test_lending_authority.py",
                "tests/attacks/test_lending_liquidations.py",
                "tests/attacks/test_lending_shares.py",
                "tests/attacks/test_lending_tokens.py",
                "tests/lending/test_lending_erc4626.py",
                "tests/lending/test_erc4626_properties.py",
                "tests/lending/test_lending_client.py",
            ),
        ),
        Target(
            "FiatDollar",
            "contracts/stablecoins/FiatDollar.sol",
            drill=(
                "tests/stablecoins/test_fiat_faults.py::test_the_walk_passes_on_the_real_contract",
            ),
            machine=("tests/stablecoins/test_fiat_invariants.py",),
            tests=(
                "tests/stablecoins/test_limits.py",
                "tests/stablecoins/test_fiat_mutants.py",
                "tests/stablecoins/test_fiat_contract.py",
                "tests/stablecoins/test_fiat_statements.py",
                "tests/stablecoins/test_issuer.py",
                "tests/attacks/test_fiat_dollar.py",
            ),
        ),
        Target(
            "PegSwap",
            "contracts/stablecoins/PegSwap.sol",
            drill=(
                "tests/stablecoins/test_peg_faults.py::test_the_walk_passes_on_the_real_contract",
            ),
            machine=("tests/stablecoins/test_peg_invariants.py",),
            tests=(
                "tests/stablecoins/test_limits.py",
                "tests/stablecoins/test_peg_mutants.py",
                "tests/attacks/test_dollar_locks.py",
                "tests/stablecoins/test_peg_contract.py",
                "tests/attacks/test_peg_swap.py",
            ),
        ),
        Target(
            "AlgoController",
            "contracts/stablecoins/AlgoController.sol",
            drill=(
                "tests/stablecoins/test_algo_faults.py::test_the_walk_passes_on_the_real_contract",
            ),
            machine=("tests/stablecoins/test_algo_invariants.py",),
            tests=(
                "tests/stablecoins/test_limits.py",
                "tests/stablecoins/test_algo_mutants.py",
                "tests/attacks/test_dollar_locks.py",
                "tests/stablecoins/test_algo_contract.py",
                "tests/attacks/test_algo_dollar.py",
            ),
        ),
        Target(
            "FeedOracle",
            "contracts/oracles/FeedOracle.sol",
            drill=("tests/oracles/test_feed_faults.py::test_the_tour_passes_on_the_real_contract",),
            machine=("tests/oracles/test_feed_twin.py",),
            tests=(
                "tests/oracles/test_feed_contract.py",
                "tests/attacks/test_oracle_feeds.py",
            ),
        ),
        Target(
            "TwapOracle",
            "contracts/oracles/TwapOracle.sol",
            drill=("tests/oracles/test_twap_faults.py::test_the_tour_passes_on_the_real_contract",),
            machine=("tests/oracles/test_twap_invariants.py",),
            tests=(
                "tests/oracles/test_twap_contract.py",
                "tests/attacks/test_oracle_means.py",
            ),
        ),
        Target(
            "GuardedOracle",
            "contracts/oracles/GuardedOracle.sol",
            drill=(
                "tests/oracles/test_adapters_faults.py::test_the_tour_passes_on_the_real_contracts",
            ),
            machine=("tests/oracles/test_adapters_invariants.py",),
            tests=(
                "tests/oracles/test_adapters_contract.py",
                "tests/attacks/test_oracle_means.py",
            ),
        ),
        Target(
            "VaultOracle",
            "contracts/oracles/VaultOracle.sol",
            drill=(
                "tests/oracles/test_adapters_faults.py::test_the_tour_passes_on_the_real_contracts",
            ),
            machine=("tests/oracles/test_adapters_invariants.py",),
            tests=(
                "tests/oracles/test_adapters_contract.py",
                "tests/attacks/test_oracle_shares.py",
            ),
        ),
        Target(
            "SignedFeed",
            "contracts/oracles/SignedFeed.sol",
            drill=(
                "tests/oracles/test_signed_faults.py::test_the_walk_passes_on_the_real_contract",
            ),
            machine=("tests/oracles/test_signed_invariants.py",),
            tests=(
                "tests/oracles/test_signed_contract.py",
                "tests/attacks/test_oracle_reports.py",
            ),
        ),
    )
}
