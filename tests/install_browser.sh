#!/usr/bin/env bash
# The browser tests need Chromium and a font with Chinese characters. Installs them where root and apt allow it;
# otherwise says in one line what is missing, and fails. Chromium's shell without windows does the same with two thirds of the
# work, so that is what is installed; a whole Chromium will do where there is no such package.
set -eu

can_install() { [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; }
has_chromium() {
    command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null \
        || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null
}
install() {
    echo "Installing $* …"
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >/dev/null
}

missing=()
if ! command -v fc-list >/dev/null || [ -z "$(fc-list :lang=zh 2>/dev/null | head -n 1)" ]; then
    missing+=(fonts-noto-cjk)
fi
if can_install && ! command -v chromium-headless-shell >/dev/null; then
    apt-get update -qq >/dev/null || true
    if apt-cache show chromium-headless-shell >/dev/null 2>&1; then
        install chromium-headless-shell || true
    fi
fi
has_chromium || missing+=(chromium)
[ ${#missing[@]} -eq 0 ] && exit 0

if can_install && apt-get update -qq >/dev/null && install "${missing[@]}"; then
    exit 0
fi
echo "The browser tests need: ${missing[*]} (on Debian: apt-get install ${missing[*]})." >&2
exit 1
