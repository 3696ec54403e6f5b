# Fails, naming the remedy, unless Node.js 20 or newer and npm are there.
found=$(node --version 2>/dev/null)
major=${found#v}
major=${major%%.*}
if [ "${major:-0}" -lt 20 ] || ! command -v npm >/dev/null; then
  echo "This needs Node.js 20 or newer with npm, and found ${found:-none}." >&2
  echo "Install it from https://nodejs.org or your system's packages. \`make demo\` works without." >&2
  exit 1
fi
