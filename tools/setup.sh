#!/bin/sh
# setup.sh -- installs what a part of the project needs, where that is possible and not yet done
#
#     tools/setup.sh build    a C compiler, make, cmake, flex, bison, OpenBLAS, zlib, libpng
#     tools/setup.sh data     Fashion-MNIST (60,000 + 10,000 images); without it the small set in models/data is used
#     tools/setup.sh test     clang, g++, pkg-config, valgrind and python3, for the tests
set -u

missing=
# need PACKAGE FILE...: the package is there if one of the files is
need() {
	package=$1
	shift
	for file in "$@"; do
		[ -e "$file" ] && return
	done
	missing="$missing $package"
}
command_of() { command -v "$1" 2>/dev/null || echo /nonexistent; }

case ${1:-build} in
build)
	need gcc "$(command_of gcc)" "$(command_of cc)"
	need libc6-dev /usr/include/stdio.h
	need cmake "$(command_of cmake)"
	need flex "$(command_of flex)"
	need bison "$(command_of bison)"
	need libopenblas-openmp-dev /usr/lib/*/libopenblas.so /usr/lib/libopenblas.so /usr/lib64/libopenblas.so
	need zlib1g-dev /usr/include/zlib.h /usr/include/*/zlib.h
	need libpng-dev /usr/include/png.h /usr/include/*/png.h
	;;
data)
	need dataset-fashion-mnist /usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz
	;;
test)
	need python3 "$(command_of python3)"
	need g++ "$(command_of g++)"
	need clang "$(command_of clang)"
	need pkg-config "$(command_of pkg-config)"
	need valgrind "$(command_of valgrind)"
	need python3-venv /usr/lib/python3*/ensurepip
	;;
*)
	echo "usage: tools/setup.sh build|data|test" >&2
	exit 2
	;;
esac

[ -n "$missing" ] || exit 0
as_root=
if [ "$(id -u)" != 0 ]; then
	if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then as_root="sudo -n"; else as_root=no; fi
fi
if [ "$as_root" != no ] && command -v apt-get >/dev/null 2>&1; then
	echo "installing$missing"
	brief="-qq -o Acquire::Retries=0 -o Acquire::http::Timeout=15" # without a network, soon
	# shellcheck disable=SC2086
	said=$($as_root apt-get update $brief 2>&1
		DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y $brief --no-install-recommends $missing 2>&1) && exit 0
	echo "$said" | grep '^E:' | head -n 3 >&2
fi
if [ "$1" = data ]; then
	echo "note: Fashion-MNIST is not installed (Debian package dataset-fashion-mnist); using the small set in models/data" >&2
	exit 0
fi
echo "setup: please install:$missing" >&2
echo "       (on Debian or Ubuntu: sudo apt-get install$missing)" >&2
exit 1
