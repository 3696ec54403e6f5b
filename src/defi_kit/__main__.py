"""`python -m defi_kit` is `defi-kit`."""

from defi_kit.cli import main

main()
