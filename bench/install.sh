#!/bin/sh
# install.sh -- makes a folder with a Python for bench.py: NumPy, and the frameworks that are named
#
#     bench/install.sh FOLDER [torch] [jax] [pytensor]
set -eu
[ $# -gt 0 ] || { sed -n '2,4s/^# *//p' "$0" >&2; exit 2; }
folder=$1
shift
[ -x "$folder/bin/python" ] || python3 -m venv "$folder"
echo "installing numpy${*:+ $*} into $folder"
"$folder/bin/python" -m pip install -q numpy "$@"
