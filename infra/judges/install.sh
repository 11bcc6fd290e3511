#!/bin/sh
# Brings the independent judges: Debian's packages where a tool is missing, and the pinned wheels into `.judges`.
# A tool that cannot be had fails the run; no test is skipped for want of it.
set -eu
cd "$(dirname "$0")/../.."
PACKAGES="openssl qpdf poppler-utils libnss3-tools softhsm2 default-jdk-headless libjaxb-java libjaxb-api-java
libpdfbox2-java libbcpkix-java libcommons-logging-java"
missing=""
for package in $PACKAGES; do
  dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
done
if [ -n "$missing" ]; then
  root=""
  [ "$(id -u)" = 0 ] || root=sudo
  $root apt-get update -q
  # shellcheck disable=SC2086 -- a list of names
  DEBIAN_FRONTEND=noninteractive $root apt-get install -y -q --no-install-recommends $missing
fi
test -x .judges/bin/python || "${PYTHON:-python3.11}" -m venv .judges
.judges/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r infra/judges/requirements.txt
