#!/usr/bin/env bash
# The browser tests need Chromium and a font with Chinese characters. Installs them where root and apt allow it;
# otherwise says in one line what is missing, and fails.
set -eu

missing=()
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || missing+=(chromium)
if ! command -v fc-list >/dev/null || [ -z "$(fc-list :lang=zh 2>/dev/null | head -n 1)" ]; then
    missing+=(fonts-noto-cjk)
fi
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    echo "Installing ${missing[*]} …"
    export DEBIAN_FRONTEND=noninteractive
    if apt-get update -qq >/dev/null && apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null; then
        exit 0
    fi
fi
echo "The browser tests need: ${missing[*]} (on Debian: apt-get install ${missing[*]})." >&2
exit 1
