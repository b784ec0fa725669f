#!/bin/sh
# Install the Debian packages named on the command line that are missing; where that is not allowed, name them and fail.
# Usage: tools/install-packages.sh PACKAGE...
set -u
missing=
for package in "$@"; do
	dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" -eq 0 ]; then
	become=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
	become=sudo
else
	echo "missing packages; install them with: apt-get install --no-install-recommends$missing" >&2
	exit 2
fi
echo "installing:$missing" >&2
# shellcheck disable=SC2086 # a list of words
{
	$become env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing ||
	{ $become apt-get update -q &&
	  $become env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing; }
} >&2 </dev/null || { echo "could not install:$missing" >&2; exit 2; }
