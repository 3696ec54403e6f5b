# Makes .venv with the pinned installer (uv) and build backend in it:  sh scripts/environment.sh [PYTHON]
#
# The in-process EVM (pyrevm) has wheels for Python 3.11 and 3.12. A Python of those versions is
# looked for first; where there is only a newer one, uv is asked to fetch a 3.12 into .python.
set -e
fits='import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))'
newer='import sys; sys.exit(sys.version_info < (3, 13))'

first_that() { # first_that TEST PYTHON...
  test=$1
  shift
  for candidate; do
    if command -v "$candidate" >/dev/null && "$candidate" -c "$test" 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
}

fill() { # fill PYTHON: .venv on that Python, with what requirements/bootstrap.txt pins
  rm -rf .venv
  if ! "$1" -m venv .venv; then
    echo "$1 cannot make virtual environments; on Debian and Ubuntu: apt install python3-venv" >&2
    exit 1
  fi
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
    --only-binary :all: -r requirements/bootstrap.txt
}

if [ -n "$1" ]; then
  python=$(first_that "$fits" "$1")
  [ -n "$python" ] || { echo "$1 is no Python 3.11 or 3.12" >&2; exit 1; }
else
  python=$(first_that "$fits" python3 python python3.12 python3.11 \
    "$HOME"/.pyenv/versions/3.12.*/bin/python "$HOME"/.pyenv/versions/3.11.*/bin/python)
fi

if [ -n "$python" ]; then
  echo "Python: $python"
  fill "$python"
  exit 0
fi

python=$(first_that "$newer" python3 python python3.13 python3.14)
if [ -z "$python" ]; then
  echo "defi_kit needs Python 3.11 or 3.12 and found $(python3 --version 2>/dev/null || echo none)." >&2
  echo "Install one, or name it: make PYTHON=/path/to/python3.12 ..." >&2
  exit 1
fi
echo "Python: $("$python" --version) is too new for the in-process EVM; fetching a 3.12 with uv"
fill "$python"
if ! UV_PYTHON_INSTALL_DIR=$PWD/.python UV_HTTP_TIMEOUT=20 .venv/bin/uv python install --quiet 3.12; then
  rm -rf .venv
  echo "Could not fetch it. Install Python 3.11 or 3.12, or name one: make PYTHON=/path/to/python3.12 ..." >&2
  exit 1
fi
fill "$(ls -d .python/cpython-3.12*/bin/python3.12 | head -n 1)"
