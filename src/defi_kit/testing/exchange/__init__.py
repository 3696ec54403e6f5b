"""Exchanges under test: ours with its twin, X1 to X13, and anybody's pool of two tokens."""
