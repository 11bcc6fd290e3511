#!/bin/sh
# Brings the programs that tests run and no index of Python or npm has: Debian's packages, where they are missing.
# A program that cannot be had fails the run; no test is skipped for want of it.
set -eu
PACKAGES="clamav-daemon postgresql openssl qpdf poppler-utils libnss3-tools softhsm2 default-jdk-headless libjaxb-java libjaxb-api-java
libpdfbox2-java libbcpkix-java libcommons-logging-java"
missing=""
for package in $PACKAGES; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
root=""
[ "$(id -u)" = 0 ] || root=sudo
$root apt-get update -q
# shellcheck disable=SC2086 -- a list of names
DEBIAN_FRONTEND=noninteractive $root apt-get install -y -q --no-install-recommends $missing
