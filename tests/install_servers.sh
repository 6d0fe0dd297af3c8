#!/usr/bin/env bash
# The tests in tests/real_mail need Dovecot and Postfix, and root, which Postfix' master process wants; those with clocks that are
# wrong need libfaketime, those of the files for operators nginx and Prometheus' promtool. Installs them where root and apt allow it,
# without starting any; otherwise says in one line what is missing, and fails.
set -eu

missing=()
PATH="$PATH:/usr/sbin:/usr/local/sbin"
command -v postfix >/dev/null || missing+=(postfix)
# The part that speaks IMAP is a package of its own.
[ -x /usr/lib/dovecot/imap ] || [ -x /usr/libexec/dovecot/imap ] || missing+=(dovecot-imapd)
compgen -G "/usr/lib/*/faketime/libfaketime.so.1" >/dev/null || missing+=(libfaketime)
command -v nginx >/dev/null || missing+=(nginx-light)
command -v promtool >/dev/null || missing+=(prometheus)
if [ "$(id -u)" -ne 0 ]; then
    echo "The tests with real servers need root${missing[*]:+ and: ${missing[*]} (on Debian: apt-get install ${missing[*]})}." >&2
    exit 1
fi
[ ${#missing[@]} -eq 0 ] && exit 0

if command -v apt-get >/dev/null; then
    echo "Installing ${missing[*]} …"
    export DEBIAN_FRONTEND=noninteractive
    # Debian starts a server as soon as it is installed, unless this file forbids it. Ours are private processes.
    forbidden=/usr/sbin/policy-rc.d
    if [ ! -e "$forbidden" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$forbidden"
        chmod 755 "$forbidden"
        trap 'rm -f "$forbidden"' EXIT
    fi
    if apt-get update -qq >/dev/null && apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null; then
        exit 0
    fi
fi
echo "The tests with real servers need: ${missing[*]} (on Debian: apt-get install ${missing[*]})." >&2
exit 1
