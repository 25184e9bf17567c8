#!/usr/bin/env bash
# Prints the Homebrew formula of a release: packaging/formula.sh 0.1.0 FOLDER, where FOLDER holds the release's *.sha256 files.
set -euo pipefail
version=$1 folder=$2
here=$(cd "$(dirname "$0")" && pwd)
formula=$(sed "s/@VERSION@/$version/g" "$here/scw-iam.rb" | sed '1d')
for target in aarch64-apple-darwin x86_64-apple-darwin aarch64-unknown-linux-musl x86_64-unknown-linux-musl; do
  sum=$(cut -d ' ' -f 1 "$folder/scw-iam-$version-$target.tar.gz.sha256")
  [[ $sum =~ ^[0-9a-f]{64}$ ]] || { echo "$target: not a SHA-256: $sum" >&2; exit 1; }
  formula=${formula//@SHA256 $target@/$sum}
done
printf '%s\n' "$formula"
