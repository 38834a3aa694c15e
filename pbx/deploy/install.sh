#!/bin/sh
# Installs Bellwire on Raspberry Pi OS (64-bit), Debian 12 or 13: as a Debian package, running under systemd.
#
#   sudo pbx/deploy/install.sh                 builds the package from this source tree, and installs it
#   sudo pbx/deploy/install.sh FILE.deb        installs a package that was built before
#   sudo pbx/deploy/install.sh --uninstall     removes the program; settings and the office stay
#   sudo pbx/deploy/install.sh --uninstall --purge     … and the settings; the office in /var/lib/bellwire stays
#   --yes                                      does not ask first
#
# Run it again as often as you like: what is there is kept, what is older is replaced, and calls of a running node end
# only when there is something newer to run.
set -eu

say() { printf '%s\n' "$*"; }
refuse() {
    printf 'Bellwire cannot be installed here: %s\n' "$*" >&2
    exit 1
}

here=$(cd "$(dirname "$0")" && pwd)
tree=$(cd "$here/../.." && pwd)
package='' uninstall='' purge='' yes=''
for word in "$@"; do
    case $word in
        --uninstall) uninstall=1 ;;
        --purge) purge=1 ;;
        --yes | -y) yes=1 ;;
        -h | --help)
            sed -n '2,11s/^# \{0,1\}//p' "$0"
            exit 0
            ;;
        -*) refuse "there is no option $word; see --help" ;;
        *.deb) package=$(realpath "$word") ;;
        *) refuse "$word is no Debian package" ;;
    esac
done
[ -z "$purge" ] || [ -n "$uninstall" ] || refuse "--purge belongs to --uninstall"

[ "$(id -u)" = 0 ] || refuse "it takes root; run: sudo $0 $*"
command -v dpkg >/dev/null 2>&1 || refuse "this is neither Raspberry Pi OS nor Debian. Use the container or the wheel"
# A 64-bit kernel may run a 32-bit system: what counts is the system.
arch=$(dpkg --print-architecture)
case $arch in
    amd64 | arm64) ;;
    *) refuse "this system is $arch, and it needs a 64-bit one. On a Raspberry Pi, install its 64-bit edition" ;;
esac

ask() {
    [ -n "$yes" ] && return 0
    [ -t 0 ] || refuse "nobody is there to be asked; say --yes"
    printf '%s [y/N] ' "$1"
    read -r answer
    case $answer in [yY]*) return 0 ;; *) say "Nothing was changed." && exit 0 ;; esac
}

if [ -n "$uninstall" ]; then
    if ! dpkg-query -W -f='${db:Status-Status}' bellwire 2>/dev/null | grep -q -e '^installed' -e '^config-files'; then
        say "Bellwire is not installed."
        exit 0
    fi
    say "This removes the program${purge:+ and /etc/bellwire}. The office in /var/lib/bellwire stays."
    ask "Remove it?"
    how=remove
    [ -z "$purge" ] || how=purge
    DEBIAN_FRONTEND=noninteractive apt-get "$how" -y -q bellwire
    exit 0
fi

# shellcheck disable=SC1091  # this system's own
release=$(. /etc/os-release && printf '%s' "${VERSION_ID:-0}")
case ${release%%.*} in
    '' | *[!0-9]*) refuse "its release is not known (/etc/os-release)" ;;
esac
[ "${release%%.*}" -ge 12 ] || refuse "this is release $release; it needs 12 (bookworm) or newer"
memory_mb=$(awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo)
[ "$memory_mb" -ge 700 ] || refuse "this machine has $memory_mb MB of memory; it needs 1 GB"

say "This installs Bellwire on $(hostname):"
say "  - a program in /opt/bellwire, and the command pbx"
say "  - a user bellwire, who alone can read the office in /var/lib/bellwire"
say "  - a service that starts with the machine; its settings are in /etc/bellwire/pbx.toml"
[ -n "$package" ] || say "  - before that, the package is built from $tree: ten minutes on a Raspberry Pi 4, an hour on a 3"
ask "Go on?"

if [ -z "$package" ]; then
    DEBIAN_FRONTEND=noninteractive apt-get update -q
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends make python3-venv python3-dev git
    sh "$here/system-packages.sh" run
    # What is built belongs to whoever owns the sources.
    owner=$(stat -c %U "$tree")
    runuser -u "$owner" -- make -C "$tree" deb
    package=$(find "$tree/dist" -name "bellwire_*_$arch.deb" -printf '%T@ %p\n' | sort -rn | head -n 1 | cut -d' ' -f2-)
fi
[ -f "$package" ] || refuse "there is no package $package"
DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$package"

if [ -d /run/systemd/system ]; then
    say ""
    say "Bellwire runs: systemctl status bellwire"
    say "Its admin page: http://$(hostname -I | cut -d' ' -f1):8080/"
    journalctl -u bellwire --since -2min -o cat 2>/dev/null | grep -m1 setup || true
fi
