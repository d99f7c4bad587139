#!/bin/bash
# Installs ob and a fleet's settings on a Mac, as root: a script for Jamf Pro or another MDM. It may run again, for
# example to update. Fill in the part below. bash 3.2, which macOS has, is enough.
#
# It exits with 0 if ob runs and accepts the settings, else with 1 and a message.
set -euo pipefail
export PATH=/usr/bin:/bin:/usr/sbin:/sbin
umask 022

# ---- to fill in -----------------------------------------------------------------------------------------------------
version=0.1.0
# The address of the directory with the release's files.
base_url=https://example.com/ob/v0.1.0
# From SHA256SUMS of the release.
sha256_arm=0000000000000000000000000000000000000000000000000000000000000000
sha256_intel=0000000000000000000000000000000000000000000000000000000000000000
# docs/admin.md, section 5, says what the file may contain. It has no secret.
settings() {
  cat <<'TOML'
[org]
url = "https://example.okta.com"
TOML
}
# ---------------------------------------------------------------------------------------------------------------------

die() {
  printf 'ob: %s\n' "$*" >&2
  exit 1
}

# Puts a file in place in one step: a running program keeps its old file.
put() {
  install -o 0 -g 0 -m "$1" "$2" "$3.new"
  mv -f "$3.new" "$3"
}

# Makes a directory of root's unless it exists. Homebrew on Intel owns /usr/local/bin, which stays as it is.
directory() {
  [[ -d $1 ]] || install -d -o 0 -g 0 -m 0755 "$1"
}

((EUID == 0)) || die "run this script as root"
[[ $(uname -s) == Darwin ]] || die "this script is for macOS"

# uname shows x86_64 to a translated shell on Apple silicon.
if [[ $(sysctl -n hw.optional.arm64 2>/dev/null || true) == 1 ]]; then
  target=aarch64-apple-darwin sha256=$sha256_arm
else
  target=x86_64-apple-darwin sha256=$sha256_intel
fi
name=ob-$version-$target

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
curl --fail --silent --show-error --location --proto '=https' --output "$name.tar.gz" "$base_url/$name.tar.gz" ||
  die "cannot download $base_url/$name.tar.gz"
echo "$sha256  $name.tar.gz" | shasum -a 256 -c - >/dev/null 2>&1 || die "$name.tar.gz has another checksum"
tar -xzf "$name.tar.gz"

directory /usr/local/bin
directory /usr/local/share/man/man1
directory /usr/local/share/zsh/site-functions
# The agent first: a new ob must not start an old agent.
put 0755 "$name/ob-agent" /usr/local/bin/ob-agent
put 0755 "$name/ob" /usr/local/bin/ob
for page in "$name"/man/*.1; do
  put 0644 "$page" "/usr/local/share/man/man1/${page##*/}"
done
put 0644 "$name/completions/_ob" /usr/local/share/zsh/site-functions/_ob

# ob refuses a settings file or directory that another user than root could change.
install -d -o 0 -g 0 -m 0755 /etc/ob
settings >config.toml
put 0644 config.toml /etc/ob/config.toml

shown=$(/usr/local/bin/ob --version) || die "/usr/local/bin/ob does not run"
[[ $shown == "ob $version" ]] || die "/usr/local/bin/ob is '$shown', not ob $version"
# An empty home: root's own settings must not hide those of /etc/ob. Exits with 0 if they are right.
env -i HOME="$work" PATH="$PATH" /usr/local/bin/ob config check >/dev/null || die "the settings are wrong"
echo "installed $shown"
