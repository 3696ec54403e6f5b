"""Mutation testing: contracts with one small, systematic change each, and whether a test notices.

`operators` finds the changes in the compiler's syntax tree, `compiling` makes bytecode of them,
`targets` says which tests a contract answers to, `killing` runs them. `scripts/mutants.py` is the
program.
"""
