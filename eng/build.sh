# Builds artifacts/{shim,bin,cli} when their sources have changed. Sourced; a run with nothing to do costs milliseconds.

# All that the artifacts are made from.
artifact_sources() {
  (cd "$root" && find src samples sdk eng weir Directory.Build.props Directory.Packages.props global.json \
    \( -name bin -o -name obj \) -prune -o -type f "$@")
}

ensure_artifacts() {
  local stamp=$root/artifacts/.stamp quick content
  # First by name, size and time; only when these differ by content (a checkout touches times).
  quick=$(artifact_sources -printf '%p %s %T@\n' | LC_ALL=C sort | sha256sum)
  if ! artifacts_are_whole; then
    rm -f "$stamp" "$stamp.quick"
  fi
  [[ -f $stamp.quick && $(<"$stamp.quick") == "$quick" ]] && return 0
  if ! mkdir -p "$root/artifacts" 2>/dev/null || [[ ! -w $root/artifacts ]]; then
    say "cannot write to $root/artifacts, so nothing can be built here"
    exit 5
  fi
  exec 9>"$root/artifacts/.lock"
  if ! flock -n 9; then
    say 'another build of this checkout is going on; waiting for it'
    flock 9
  fi
  content=$(cd "$root" && artifact_sources -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum)
  if [[ ! -f $stamp || $(<"$stamp") != "$content" ]]; then
    build_artifacts
    if ! can_link; then
      # The native parts are missing, so the next run tries again.
      exec 9>&-
      return 0
    fi
    printf '%s' "$content" >"$stamp"
  fi
  printf '%s' "$quick" >"$stamp.quick"
  exec 9>&-
}

# Somebody may have tidied up by hand.
artifacts_are_whole() {
  [[ -e $root/artifacts/shim/libcuda.so.1 && -x $root/artifacts/bin/weir-worker && -x $root/artifacts/bin/weir-compiler &&
    -f $root/artifacts/cli/weir.dll && -f $root/artifacts/agent/weir-agent.dll &&
    -f $root/artifacts/controller/weir-controller.dll && -f $root/artifacts/dashboard/weir-dashboard.dll ]]
}

build_artifacts() {
  local start=$SECONDS
  rm -f "$root/artifacts/.stamp" "$root/artifacts/.stamp.quick"
  say 'building (a few minutes the first time)'
  : >"$root/artifacts/build.log"
  publish_native Weir.Shim shim
  publish_native Weir.Worker bin
  publish_native Weir.Compiler bin
  publish Weir.Controller controller
  publish Weir.Dashboard dashboard
  publish Weir.Cli cli
  publish Weir.Agent agent
  say "built in $((SECONDS - start)) s"
}

# The native parts need gcc and ld; the command line, which can say what is missing, does not.
publish_native() {
  if can_link; then
    publish "$@" -r linux-x64
  fi
}

can_link() { [[ ! "$incomplete" =~ \ (gcc|libc6-dev|binutils)[\ \;] ]]; }

# publish PROJECT PART arguments…: into a staging folder first, so that running programs keep the files they have open.
publish() {
  local project=$1 part=$2 staging=$root/artifacts/.staging/$1 file
  shift 2
  rm -rf "$staging"
  if ! "$dotnet" publish "$root/src/$project" -c Release -o "$staging" -v quiet -nodeReuse:false \
    -p:PublishDocumentationFiles=false -p:PublishReferencesDocumentationFiles=false "$@" \
    >>"$root/artifacts/build.log" 2>&1 9>&-; then
    grep -E ': (error|warning) |^error' "$root/artifacts/build.log" | sort -u | head -n 20 >&2 || tail -n 20 "$root/artifacts/build.log" >&2
    say "building $project failed (log: $root/artifacts/build.log)"
    exit 6
  fi
  mkdir -p "$root/artifacts/$part"
  for file in "$staging"/*; do
    if [[ -d $file && ! -L $file ]]; then
      rm -rf "$root/artifacts/$part/${file##*/}"
    fi
    mv -fT "$file" "$root/artifacts/$part/${file##*/}"
  done
  rm -rf "$staging"
}

# Everything, tests included, in the configuration that the artifacts were published from.
build_solution() {
  local log=$root/artifacts/build-tests.log
  if ! "$dotnet" build "$root/Weir.slnx" -c Release -v quiet -nodeReuse:false >"$log" 2>&1; then
    grep -E ': error |^error' "$log" | sort -u | head -n 40 >&2 || tail -n 40 "$log" >&2
    say "building the tests failed (log: $log)"
    exit 6
  fi
}
