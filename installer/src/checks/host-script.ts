import type { CompleteAnswers } from '../answers/schema.ts'

type Site = Pick<CompleteAnswers, 'registry' | 'host'>

/**
 * A POSIX shell script that checks a node: kernel, processors, memory, inotify, room, time of a synchronous write, clock,
 * names, registry. It is printed to be read and approved, then run there. It needs no root and changes nothing but one
 * scratch file. Its last line counts, and its exit code is 1 where something failed.
 */
export function hostScript(site?: Site): string {
  const { address = '', plainHttp = false } = site?.registry ?? {}
  const settings = [
    `registry=${quoted(address.split('/', 1)[0] as string)}`,
    `scheme=${plainHttp ? 'http' : 'https'}`,
    `host=${quoted(site?.host ?? '')}`,
  ]
  return script.replace('@SETTINGS@', () => settings.join('\n'))
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

const script = String.raw`#!/bin/sh
# Checks whether this machine can be a node of the platform. Read it, then run it on each node: sh FILE
# It sends nothing anywhere but one request to the site's registry, and changes nothing: one scratch file is written and
# removed. Each line says OK, WARN or FAIL, what was found and what is needed. Exit code: 1 where anything failed.
#
# HOST_ROOT    where /proc, /sys, /etc, /run and /var are looked up, if not below /; for trials of this script
# HOST_WRITES  how many writes are timed; 100 if not said
LC_ALL=C
export LC_ALL
root=$HOST_ROOT
writes=$HOST_WRITES
test -n "$writes" || writes=100
@SETTINGS@
failed=0
warned=0

# ok|warn|fail NAME FOUND NEEDED
ok() {
	printf 'OK    %s: found %s; needed %s\n' "$1" "$2" "$3"
}
warn() {
	printf 'WARN  %s: found %s; needed %s\n' "$1" "$2" "$3"
	warned=$((warned + 1))
}
fail() {
	printf 'FAIL  %s: found %s; needed %s\n' "$1" "$2" "$3"
	failed=$((failed + 1))
}
# at_least NAME FOUND LEAST ENOUGH UNIT: fails below LEAST, warns below ENOUGH
at_least() {
	case $2 in
	'' | *[!0-9]*) warn "$1" 'nothing that could be read' "$4 $5" ;;
	*)
		if [ "$2" -lt "$3" ]; then
			fail "$1" "$2 $5" "$3 $5, better $4"
		elif [ "$2" -lt "$4" ]; then
			warn "$1" "$2 $5" "$4 $5"
		else
			ok "$1" "$2 $5" "$4 $5"
		fi
		;;
	esac
}
has() {
	command -v "$1" >/dev/null 2>&1
}

# --- kernel, control groups, processors, memory
kernel=$(cat "$root/proc/sys/kernel/osrelease" 2>/dev/null)
if printf '%s\n' "$kernel" | awk -F '[.-]' '{ exit !($1 > 4 || ($1 == 4 && $2 >= 5)) }'; then
	ok kernel "$kernel" '4.5 or later'
else
	fail kernel "$kernel" '4.5 or later'
fi
if [ -e "$root/sys/fs/cgroup/cgroup.controllers" ]; then
	ok cgroup 'version 2' 'version 2'
else
	warn cgroup 'version 1' 'version 2: Kubernetes 1.35 and later start on no other'
fi
at_least processors "$(grep -c '^processor' "$root/proc/cpuinfo" 2>/dev/null)" 2 4 cores
at_least memory "$(awk '/^MemTotal:/ { print int($2 / 1000) }' "$root/proc/meminfo" 2>/dev/null)" 3800 7600 MB

# --- inotify: editors watch many files
at_least inotify-instances "$(cat "$root/proc/sys/fs/inotify/max_user_instances" 2>/dev/null)" 0 1024 'per user'
at_least inotify-watches "$(cat "$root/proc/sys/fs/inotify/max_user_watches" 2>/dev/null)" 0 65536 'per user'

# --- room, where images and volumes are kept
data=
for directory in /var/lib/kubelet /var/lib/containerd /var/lib/containers /var/lib/rancher; do
	[ -d "$root$directory" ] && data="$data $directory"
done
[ -n "$data" ] || data=/var/lib
for directory in $data; do
	numbers=$(df -Pk "$root$directory" 2>/dev/null | awk 'NR == 2 { print int($2 / 1048576), int($4 / 1048576), $5 + 0 }')
	# shellcheck disable=SC2086 # GiB in all, GiB free, percent used
	set -- $numbers
	needed='30 GiB in all, 80 % used at most, better 60 %'
	if [ $# -ne 3 ]; then
		warn "room $directory" 'nothing that df could tell' "$needed"
		continue
	fi
	found="$1 GiB in all, $2 GiB free, $3 % used"
	if [ "$1" -lt 30 ] || [ "$3" -gt 80 ]; then
		fail "room $directory" "$found" "$needed"
	elif [ "$3" -gt 60 ]; then
		warn "room $directory" "$found" "$needed"
	else
		ok "room $directory" "$found" "$needed"
	fi
done

# --- how long a write takes until it is on the disk: 2300 bytes each, as databases write
hundredths() {
	awk '{ print int($1 * 100 + 0.5) }' /proc/uptime
}
place=
for directory in $data /tmp; do
	[ -z "$place" ] && [ -w "$root$directory" ] && place=$directory
done
scratch="$root$place/.sealift-host-check.$$"
trap 'rm -f "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
if [ -n "$place" ] && (set -C && : >"$scratch") 2>/dev/null; then
	timed=0
	begun=$(hundredths)
	slow=0
	while [ "$timed" -lt "$writes" ]; do
		before=$(hundredths)
		dd if=/dev/zero of="$scratch" bs=2300 count=1 seek="$timed" conv=notrunc,fsync 2>/dev/null
		after=$(hundredths)
		[ $((after - before)) -gt "$slow" ] && slow=$((after - before))
		timed=$((timed + 1))
	done
	mean=$(((after - begun) * 10 / timed))
	rm -f "$scratch"
	found="$mean ms on average, $((slow * 10)) ms at worst, of $timed writes"
	needed='20 ms on average at most, better 10 ms, and 200 ms at worst'
	if [ "$mean" -gt 20 ]; then
		fail "write-latency $place" "$found" "$needed"
	elif [ "$mean" -gt 10 ] || [ "$slow" -gt 20 ]; then
		warn "write-latency $place" "$found" "$needed"
	else
		ok "write-latency $place" "$found" "$needed"
	fi
else
	warn write-latency 'no directory that may be written to' 'run it as root'
fi

# --- clock
synchronized=
if has timedatectl; then
	synchronized=$(timedatectl show --property=NTPSynchronized --value 2>/dev/null)
fi
if [ -z "$synchronized" ] && has chronyc; then
	if chronyc tracking 2>/dev/null | grep -q '^Leap status *: *Normal'; then synchronized=yes; else synchronized=no; fi
fi
if [ "$synchronized" = yes ]; then
	ok clock 'it is synchronized' 'a clock that is synchronized'
elif [ "$synchronized" = no ]; then
	fail clock 'it is not synchronized' 'a clock that is synchronized: timedatectl set-ntp true, or chrony with a server of the site'
else
	warn clock 'neither timedatectl nor chronyc to ask' 'a clock that is synchronized'
fi

# --- names
name=$(cat "$root/proc/sys/kernel/hostname" 2>/dev/null)
if printf '%s\n' "$name" | grep -Eq '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?([.][a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$'; then
	ok host-name "$name" 'small letters, digits, hyphens and dots'
else
	fail host-name "$name" 'small letters, digits, hyphens and dots: hostnamectl set-hostname NAME'
fi
servers=$(awk '$1 == "nameserver" { printf "%s%s", space, $2; space = " " }' "$root/etc/resolv.conf" 2>/dev/null)
case " $servers " in
'  ') warn name-server 'none in /etc/resolv.conf' 'one of the site' ;;
*' 127.0.0.53 '*)
	if [ -e "$root/run/systemd/resolve/resolv.conf" ]; then
		ok name-server "systemd-resolved" 'one that pods reach: the kubelet reads /run/systemd/resolve/resolv.conf'
	else
		fail name-server "$servers" 'one that pods reach, not one of this machine itself'
	fi
	;;
*' 127.'* | *' ::1 '*) fail name-server "$servers" 'one that pods reach, not one of this machine itself' ;;
*) ok name-server "$servers" 'one of the site' ;;
esac
resolves() {
	if has getent; then getent hosts "$1" >/dev/null 2>&1; else nslookup "$1" >/dev/null 2>&1; fi
}
if resolves "sealift-no-such-host-$$"; then
	fail wildcard 'a name that nobody gave is resolved through the search domain' 'no wildcard there: names inside the cluster would lead elsewhere'
else
	ok wildcard 'none in the search domain' none
fi
if [ -n "$host" ]; then
	if resolves "$host"; then
		ok "name $host" 'it is resolved' 'a name that workspaces can resolve'
	else
		warn "name $host" 'it is not resolved here' 'a name that workspaces can resolve'
	fi
fi
if awk '$2 == "00000000" { found = 1 } END { exit !found }' "$root/proc/net/route" 2>/dev/null ||
	awk '$1 ~ /^0+$/ && $2 == "00" && $10 != "lo" { found = 1 } END { exit !found }' "$root/proc/net/ipv6_route" 2>/dev/null; then
	ok route 'a default route' 'a default route'
else
	fail route 'no default route' 'a default route: the kubelet takes its address from it'
fi

# --- registry
if [ -n "$registry" ]; then
	trust=$root/etc/containerd/certs.d/$registry
	url=$scheme://$registry/v2/
	if ! has curl; then
		warn registry "no curl to ask $url" 'an answer, by a certificate that is trusted'
	else
		set -- --silent --show-error --max-time 10 --output /dev/null --write-out '%{http_code}' --noproxy '*'
		[ -r "$trust/ca.crt" ] && set -- "$@" --cacert "$trust/ca.crt"
		status=$(curl "$@" "$url" 2>&1 | tr '\n' ' ' | cut -c 1-160)
		case $status in
		200 | 401) ok registry "status $status from $url" 'an answer, by a certificate that is trusted' ;;
		*) fail registry "$status from $url" "an answer, by a certificate that is trusted: the CA in /etc/containerd/certs.d/$registry/ca.crt" ;;
		esac
	fi
	if [ "$scheme" = https ] && [ ! -r "$trust/hosts.toml" ]; then
		warn registry-trust "no /etc/containerd/certs.d/$registry/hosts.toml" 'it, with ca = "FILE", where the CA is not one that the system trusts (containerd)'
	fi
fi

printf '%s failed, %s warnings\n' "$failed" "$warned"
[ "$failed" -eq 0 ]
`
