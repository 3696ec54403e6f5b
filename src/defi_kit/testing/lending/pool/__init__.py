"""Our own lending pool, exactly: every step in contract and twin, L1 to L16 after each."""
