"""`python -m defi_kit.cli` is `defi-kit`."""

from defi_kit.cli import main

main()
