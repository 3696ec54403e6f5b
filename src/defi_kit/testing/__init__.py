"""Property tests for money: machines, strategies, invariants and counter-examples that run."""
