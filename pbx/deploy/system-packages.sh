#!/bin/sh
# Makes sure that the Debian packages a target needs are installed.
#
#   system-packages.sh run     what building and running the node takes
#   system-packages.sh test    the same, and the phones, the browser and the libraries that the tests drive
#
# Installs only what is missing: as root, or through sudo. Where neither is possible it prints the exact line to run
# and stops. On a system without dpkg it checks for the tools themselves and names what to look for.
set -eu

profile=${1:-run}

# A Python of our own choosing (pyenv, /usr/local) makes Debian's python3 packages unnecessary.
python_is_usable() {
    "${PYTHON:-python3}" - >/dev/null 2>&1 <<'PY'
import ensurepip, os, sys, sysconfig, venv
ok = sys.version_info >= (3, 11) and os.path.exists(os.path.join(sysconfig.get_paths()["include"], "Python.h"))
sys.exit(0 if ok else 1)
PY
}

wanted="ca-certificates gcc libc6-dev libssl-dev pkg-config libopus-dev libspeexdsp-dev liburing-dev espeak-ng"
python_is_usable || wanted="$wanted python3 python3-dev python3-venv"
[ "$profile" = run ] || wanted="$wanted baresip-core linphone-cli sip-tester chromium libsrtp2-dev opus-tools ffmpeg flite sox tshark libspandsp2 postgresql openssh-server iproute2 nftables procps"
[ "$profile" = run ] || wanted="$wanted gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static"
[ "$profile" = run ] || wanted="$wanted pebble shellcheck"

if ! command -v dpkg-query >/dev/null 2>&1; then
    if ! command -v gcc >/dev/null 2>&1; then
        echo "This system has no dpkg, and gcc is missing. Install what corresponds to Debian's: $wanted" >&2
        exit 1
    fi
    if ! python_is_usable; then
        echo "This system has no dpkg, and no Python 3.11 or newer with venv and headers was found." >&2
        exit 1
    fi
    echo "    no dpkg here: assuming the equivalents of: $wanted"
    exit 0
fi

missing=
for package in $wanted; do
    status=$(dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null || true)
    case "$status" in *installed*) case "$status" in *not-installed*) missing="$missing $package" ;; esac ;;
        *) missing="$missing $package" ;;
    esac
done
if [ -z "$missing" ]; then
    echo "    all there"
    exit 0
fi

install="apt-get install -y --no-install-recommends$missing"
echo "    installing:$missing"
if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
elif command -v sudo >/dev/null 2>&1 && [ -t 0 ] && [ -t 2 ]; then
    echo "    sudo may ask for your password"
    as_root=sudo
else
    echo "Packages are missing, and installing them needs root. Run this as root, then the same make again:" >&2
    echo "    apt-get update && $install" >&2
    exit 1
fi

# shellcheck disable=SC2086  # both variables are lists of words
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    echo "    apt-get update failed; going on with the package lists that are there" >&2
fi
# shellcheck disable=SC2086
if ! $as_root env DEBIAN_FRONTEND=noninteractive $install -q </dev/null >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "apt could not install the packages. Run this by hand to see why, then the same make again:" >&2
    echo "    ${as_root:+sudo }$install" >&2
    exit 1
fi
