"""Writes one of `requirements/*.txt`: every package pinned by version and hash, no registry named.

`demo` and `bootstrap` are resolved within `dev`, so that the three agree. `make lock` runs this.
"""

from __future__ import annotations

import subprocess
import sys

from _compiler import ROOT

INPUTS = {
    "dev": ["pyproject.toml", "--extra", "dev"],
    "demo": ["pyproject.toml", "--extra", "plots", "--constraint", "requirements/dev.txt"],
    "bootstrap": ["requirements/bootstrap.in", "--constraint", "requirements/dev.txt"],
    "slither": ["requirements/slither.in"],
    "halmos": ["requirements/halmos.in"],
    "curvesim": ["requirements/curvesim.in"],
}


def main(name: str) -> int:
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", *INPUTS[name]]
    command += ["--universal", "--python-version", "3.11"]
    command += ["--generate-hashes", "--no-emit-index-url"]
    command += ["--custom-compile-command", "make lock"]
    command += ["--output-file", f"requirements/{name}.txt"]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
