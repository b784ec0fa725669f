#!/bin/sh
# Install the Debian packages named on the command line that are missing, and show how far that is; where it is not allowed, name them and
# fail.
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
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM

# apt tells lines "dlstatus:...:PERCENT:TEXT" (fetching) and "pmstatus:PACKAGE:PERCENT:TEXT" (installing).
show() {
	last=-1
	while IFS=: read -r kind _ percent text; do
		case $kind in
		dlstatus) what=fetching ;;
		pmstatus) what=installing ;;
		*) continue ;;
		esac
		percent=${percent%%.*}
		if [ -t 2 ]; then
			printf '\r\033[K%3d%% %s: %.60s' "$percent" "$what" "$text" >&2
		elif [ "$what$((percent / 20))" != "$last" ]; then
			echo "  $percent% $what" >&2
			last=$what$((percent / 20))
		fi
	done
	[ ! -t 2 ] || printf '\r\033[K' >&2
}

# The words behind it are apt-get's.
apt() {
	{
		# shellcheck disable=SC2086 # $become may be empty
		$become env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o APT::Status-Fd=3 "$@" 3>&1 >>"$folder/log" 2>&1 </dev/null
		echo $? >"$folder/status"
	} | show
	[ "$(cat "$folder/status")" -eq 0 ]
}

# shellcheck disable=SC2086 # lists of words
install() { apt install --no-install-recommends $missing; }

count=$(echo "$missing" | wc -w)
echo "installing $count packages from Debian, with what they need (this is most of what a first start takes: some minutes):$missing" >&2
start=$(date +%s)
install || { apt update && install; } || {
	tail -n 20 "$folder/log" >&2
	echo "could not install:$missing" >&2
	exit 2
}
echo "installed, in $(($(date +%s) - start)) seconds" >&2
