#!/bin/sh
# Builds the Debian package for this release and machine: dist/bellwire_<version>+<time>_<arch>.deb
#
#   deb.sh
#
# Inside is a virtual environment at /opt/bellwire that belongs to Debian's own python3, with the versions of
# constraints.txt. The audio engine links Debian's libraries, so that their security updates reach it. The site must
# have been built (`make build`); building takes the packages of system-packages.sh and python3-venv.
set -eu

cd "$(dirname "$0")/../.."
here=pbx/deploy
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
umask 022

[ -f pbx/web/index.html ] || { echo "the site is not built: run make build first" >&2; exit 1; }
python=/usr/bin/python3
"$python" -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' || {
    echo "Debian's python3 (3.11 or newer) with python3-venv is needed" >&2
    exit 1
}
minor=$("$python" -c 'import sys; print(sys.version_info.minor)')
arch=$(dpkg --print-architecture)
case $arch in amd64 | arm64) ;; *)
    echo "Bellwire is packaged for amd64 and arm64, not for $arch" >&2
    exit 1
    ;;
esac

tools=.make/deb-tools
root=.make/deb
rm -rf "$root"
mkdir -p "$root/DEBIAN" "$root/opt"
if [ ! -x "$tools/bin/python" ]; then
    "$python" -m venv "$tools"
    "$tools/bin/python" -m pip install -q --disable-pip-version-check -U 'pip>=24'
fi
pip() {
    "$tools/bin/python" -m pip --quiet --disable-pip-version-check "$@"
}

echo "1/4 the program …"
"$tools/bin/python" "$here/requirements.py" run >"$tools/build.txt"
pip install --constraint "$here/constraints.txt" setuptools wheel cython
rm -rf "$tools/wheel"
pip wheel --no-deps --no-build-isolation --wheel-dir "$tools/wheel" .
# With the time, so that what was built later is newer for apt.
version=$(basename "$tools"/wheel/bellwire-*.whl | cut -d- -f2)+$(date -u +%Y%m%d%H%M)

echo "2/4 its environment …"
"$python" -m venv --without-pip --symlinks "$root/opt/bellwire"
pip --python "$root/opt/bellwire/bin/python" install --no-compile --constraint "$here/constraints.txt" \
    "$(echo "$tools"/wheel/bellwire-*.whl)[speech]"
# Moved to its place: what names the folder it was made in. Data files and tests of others are not needed.
find "$root/opt/bellwire/bin" -type f -exec sed -i "1s|^#!.*/bin/python[0-9.]*|#!/opt/bellwire/bin/python|" {} +
rm -f "$root"/opt/bellwire/bin/activate* "$root"/opt/bellwire/bin/Activate*
sed -i -e "s|$PWD/$root||g" "$root/opt/bellwire/pyvenv.cfg"
find "$root/opt/bellwire" -name tests -type d -path '*/site-packages/*/tests' -prune -exec rm -rf {} +
# The second is for where processes cannot share memory (a chroot without /dev/shm).
"$python" -m compileall -q -j 0 -s "$root" "$root/opt/bellwire/lib" 2>/dev/null \
    || "$python" -m compileall -q -s "$root" "$root/opt/bellwire/lib" || true
if grep -rIl "$PWD" "$root/opt/bellwire" | grep -v -e direct_url.json -e RECORD | grep .; then
    echo "these files name the folder that the package was built in" >&2
    exit 1
fi
rm -f "$root"/opt/bellwire/lib/python3.*/site-packages/bellwire-*.dist-info/direct_url.json

echo "3/4 what belongs to the system …"
install -D -m 644 "$here/bellwire.service" "$root/usr/lib/systemd/system/bellwire.service"
install -D -m 640 "$here/debian/pbx.toml" "$root/etc/bellwire/pbx.toml"
install -D -m 755 "$here/debian/pbx" "$root/usr/bin/pbx"
install -D -m 644 LICENSE "$root/usr/share/doc/bellwire/copyright"
mkdir -p "$root/usr/share/doc/bellwire/guide"
install -m 644 pbx/docs/guide/*.md "$root/usr/share/doc/bellwire/guide/"
for script in postinst prerm postrm; do
    install -m 755 "$here/debian/$script" "$root/DEBIAN/$script"
done
echo /etc/bellwire/pbx.toml >"$root/DEBIAN/conffiles"
size=$(du -sk --exclude=DEBIAN "$root" | cut -f1)
sed -e "s/@VERSION@/$version/" -e "s/@ARCH@/$arch/" -e "s/@SIZE@/$size/" \
    -e "s/@MINOR@/$minor/" -e "s/@NEXT@/$((minor + 1))/" "$here/debian/control.in" >"$root/DEBIAN/control"
(cd "$root" && find . -type f ! -path './DEBIAN/*' -printf '%P\0' | sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"

echo "4/4 the package …"
mkdir -p dist
dpkg-deb --root-owner-group --build -Zzstd -z9 "$root" "dist/bellwire_${version}_$arch.deb" >/dev/null
ls -l "dist/bellwire_${version}_$arch.deb"
