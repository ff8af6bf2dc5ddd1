# Debian packages: which are missing, and how they come here: as root through apt-get, otherwise unpacked into .deps/.
# Sourced; sets `incomplete` to a sentence when something stays missing.
#
# WEIR_SETUP_FORCE_LOCAL="gcc ffmpeg" (or "all") treats these packages as not installed and never uses root, which is
# how the unpacked form is tried on a machine that has everything.

incomplete=
deps=$root/.deps
multiarch=x86_64-linux-gnu

# package | who needs it | a file that shows that it is there (the first that exists decides)
package_table() {
  cat <<TABLE
gcc|build|/usr/bin/gcc
libc6-dev|build|/usr/include/stdio.h
binutils|build|/usr/bin/ld
libllvm19|run|/usr/lib/$multiarch/libLLVM.so.19.1
ffmpeg|demo|/usr/bin/ffmpeg
ocl-icd-libopencl1|test|/usr/lib/$multiarch/libOpenCL.so.1
pocl-opencl-icd|test|/etc/OpenCL/vendors/pocl.icd
opencl-c-headers|test|/usr/include/CL/cl.h
ocl-icd-opencl-dev|test|/usr/lib/$multiarch/libOpenCL.so
clinfo|test|/usr/bin/clinfo
clpeak|test|/usr/bin/clpeak
hashcat|test|/usr/bin/hashcat
python3-pyopencl|test|/usr/lib/python3/dist-packages/pyopencl/__init__.py
clblast-utils|test|/usr/bin/clblast_tuner_xgemm
python3|test|/usr/bin/python3
iperf3|bench|/usr/bin/iperf3
clang-19|test|/usr/bin/clang-19
chromium|test|/usr/bin/chromium
TABLE
}

forced_local() {
  case " ${WEIR_SETUP_FORCE_LOCAL:-} " in
    *' all '* | *" $1 "*) return 0 ;;
  esac
  return 1
}

# missing_packages need…: one name per line.
missing_packages() {
  local package need file
  while IFS='|' read -r package need file; do
    [[ " $* " == *" $need "* ]] || continue
    [[ -e $deps$file || -L $deps$file ]] && continue
    if ! forced_local "$package"; then
      [[ -e $file ]] && continue
      # Elsewhere than where Debian puts it, but usable all the same.
      [[ $file == /usr/bin/* ]] && command -v "${file##*/}" >/dev/null && continue
    fi
    printf '%s\n' "$package"
  done < <(package_table)
}

# Programs and libraries unpacked into .deps/ come after the system's own.
use_local_packages() {
  [[ -f $deps/environment ]] || return 0
  if [[ $(head -n 1 "$deps/environment") != "# $deps" ]]; then
    # The checkout was moved: the generated wrappers name the old place.
    wire_up_local_packages
  fi
  . "$deps/environment"
}

ensure_packages() {
  local -a missing
  mapfile -t missing < <(missing_packages "$@")
  ((${#missing[@]})) || return 0
  mkdir -p "$root/artifacts"
  exec 8>"$root/artifacts/.packages-lock"
  flock 8
  mapfile -t missing < <(missing_packages "$@")
  if ((${#missing[@]})); then
    say "missing Debian packages: ${missing[*]}"
    bring_packages "${missing[@]}"
    use_local_packages
    mapfile -t missing < <(missing_packages "$@")
    if ((${#missing[@]})); then
      incomplete="could not get ${missing[*]}; as root, run: apt-get update && apt-get install --no-install-recommends ${missing[*]}"
      say "$incomplete"
    fi
  fi
  exec 8>&-
}

bring_packages() {
  local log=$root/artifacts/packages.log
  if ! command -v apt-get >/dev/null; then
    say 'apt-get is not here'
    return 0
  fi
  if [[ $EUID == 0 && -z ${WEIR_SETUP_FORCE_LOCAL:-} ]]; then
    say "installing them with apt-get (log: $log)"
    {
      apt-get update || true # Lists that are a little old may still do.
      DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
    } >"$log" 2>&1 && return 0
    say "apt-get install failed: $(grep -m 1 '^E:' "$log" || tail -n 1 "$log")"
  fi
  say "unpacking them with what they depend on into $deps (log: $log)"
  unpack_packages "$@" >"$log" 2>&1 || say "that failed: $(grep -m 1 '^E:' "$log" || tail -n 1 "$log")"
}

# Downloads packages and those of their dependencies that are not installed, and unpacks them under .deps/.
unpack_packages() {
  local work=$deps/.work status=/var/lib/dpkg/status name
  local -a apt wanted=()
  mkdir -p "$work/archives/partial" "$work/lists/partial"
  if [[ -n ${WEIR_SETUP_FORCE_LOCAL:-} ]]; then
    status_without "$@" >"$work/status"
    status=$work/status
  fi
  apt=(apt-get -o "Dir::State::status=$status" -o "Dir::Cache=$work" -o "Dir::Cache::archives=$work/archives" -o APT::Sandbox::User=)
  if ! resolve "$@" >"$work/resolved"; then
    # No package lists on this machine, or too old ones: fetch our own.
    apt+=(-o "Dir::State::lists=$work/lists")
    "${apt[@]}" update || return 1
    resolve "$@" >"$work/resolved" || return 1
  fi
  # (Returns are explicit: `set -e` does not reach in here.)
  # What the running system is made of must not come twice: two C libraries in one process cannot work.
  mapfile -t wanted < <(awk '$1 == "Inst" && $3 !~ /^\[/ { print $2 }' "$work/resolved" | grep -Evx 'libc6|libc-bin|libgcc-s1|gcc-12-base')
  printf 'unpacking: %s\n' "${wanted[*]}"
  rm -rf "$work/debs"
  mkdir -p "$work/debs"
  if ! (cd "$work/debs" && "${apt[@]}" download "${wanted[@]}"); then
    apt+=(-o "Dir::State::lists=$work/lists")
    "${apt[@]}" update || return 1
    (cd "$work/debs" && "${apt[@]}" download "${wanted[@]}") || return 1
  fi
  for name in "$work/debs"/*.deb; do
    dpkg-deb -x "$name" "$deps" || return 1
  done
  rm -rf "$work"
  wire_up_local_packages
}

resolve() { "${apt[@]}" -s install --no-install-recommends "$@"; }

# The system's package states without the given packages (for trying this on a machine that has them).
status_without() {
  awk -v names=" $* " 'BEGIN { RS = ""; ORS = "\n\n" } { split($0, line, "\n"); sub(/^Package: /, "", line[1]) } index(names, " " line[1] " ") == 0' /var/lib/dpkg/status
}

# Makes the unpacked tree usable from where it lies: wrappers for the C compiler, linker scripts, search paths.
wire_up_local_packages() {
  local lib=$deps/usr/lib/$multiarch script directory gcc paths=
  mkdir -p "$deps/bin"
  rm -f "$deps/bin/gcc"
  # Linker scripts of the C library name absolute paths; those of the files that lie here must say so.
  for script in "$lib"/lib{c,m}.so; do
    if [[ -f $script && ! -L $script && $(stat -c %s "$script") -lt 4096 ]]; then
      [[ -f $script.debian ]] || cp "$script" "$script.debian"
      sed -E "s#(/usr)?/lib/$multiarch/(lib[a-z_]*(nonshared\.a|\.a))#$lib/\\2#g" "$script.debian" >"$script"
    fi
  done
  gcc=$(compgen -G "$deps/usr/bin/$multiarch-gcc-[0-9]*" | sort -V | tail -n 1) || gcc=
  [[ -n $gcc ]] || gcc=$(PATH=/usr/local/bin:/usr/bin:/bin command -v gcc) || gcc=
  if [[ -n $gcc && ($gcc == "$deps"/* || -e $deps/usr/include/stdio.h) ]]; then
    cat >"$deps/bin/gcc" <<WRAPPER
#!/bin/sh
exec "$gcc" -B"$lib/" -B"$deps/usr/bin/" -isystem "$deps/usr/include/$multiarch" -isystem "$deps/usr/include" -L"$lib" "\$@"
WRAPPER
    chmod +x "$deps/bin/gcc"
  fi
  # Some packages keep their libraries one folder deeper (Debian's alternatives, private libraries).
  while read -r directory; do
    paths+=:$directory
  done < <(find "$deps/usr/lib/$multiarch" "$deps/lib/$multiarch" -maxdepth 2 \( -name 'lib*.so.[0-9]*' -o -name 'lib*-[0-9]*.so' \) -printf '%h\n' 2>/dev/null | sort -u)
  {
    printf '# %s\n' "$deps"
    printf 'export PATH=%q:$PATH:%q\n' "$deps/bin" "$deps/usr/bin"
    printf 'export LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}%q\n' "${paths#:}"
    # The compiler inside PoCL looks for the C library itself; this is where it asks.
    printf 'export LIBRARY_PATH=%q\n' "$lib:$(compgen -G "$deps/usr/lib/gcc/$multiarch/[0-9]*" | tail -n 1)"
    if [[ -d $deps/etc/OpenCL/vendors ]]; then
      printf 'export OCL_ICD_VENDORS=%q\n' "$deps/etc/OpenCL/vendors"
    fi
  } >"$deps/environment.new"
  mv "$deps/environment.new" "$deps/environment"
}
