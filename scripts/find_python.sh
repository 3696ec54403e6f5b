# Prints the Python to build the environment with: the one named, else the first new enough.
# Preferred are the versions that every locked package has a wheel for.
minimum='import sys; sys.exit(sys.version_info < (3, 11))'
if [ -n "$1" ]; then
  "$1" -c "$minimum" && command -v "$1" && exit 0
  echo "$1 is no Python 3.11 or newer" >&2
  exit 1
fi
for name in python3 python python3.13 python3.12 python3.11; do
  if command -v "$name" >/dev/null && "$name" -c "$minimum" 2>/dev/null; then
    command -v "$name"
    exit 0
  fi
done
echo "defi_kit needs Python 3.11 or newer and found $(python3 --version 2>&1)." >&2
echo "Install one, or name it: make PYTHON=/path/to/python3.12 ..." >&2
exit 1
