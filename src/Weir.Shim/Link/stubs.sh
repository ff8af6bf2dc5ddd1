#!/bin/sh
# Makes empty stand-ins for libpthread.so.0 and libdl.so.2 to link against. Since glibc 2.34 their functions live in libc
# under new symbol versions; bound through these, they keep the versions that every glibc since 2.3.4 has, so that the library also
# loads where the C library is older than the one it was built with.
# usage: stubs.sh FOLDER
set -eu
mkdir -p "$1"
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)

make_stub() { # name, version map
  defs=$(sed -n 's/^ *\([a-z_0-9]*\);$/-Wl,--defsym=\1=0/p' "$2")
  # shellcheck disable=SC2086 # one word per symbol is meant
  gcc -shared -nostdlib -x c /dev/null -o "$1" "-Wl,-soname,$(basename "$1")" "-Wl,--version-script=$2" $defs
}

make_stub "$1/libpthread.so.0" "$here/pthread.map"
make_stub "$1/libdl.so.2" "$here/dl.map"
