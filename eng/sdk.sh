# Finds the .NET 10 SDK without starting it. Sourced; sets `dotnet`, leaves the script with a message when there is none.

say() { printf 'weir: %s\n' "$*" >&2; }

find_sdk() {
  local candidate
  for candidate in "${DOTNET_ROOT:-}" "$(path_of_dotnet)" /usr/share/dotnet /usr/lib/dotnet /opt/dotnet "${HOME:-/}/.dotnet"; do
    if [[ -n $candidate && -x $candidate/dotnet ]] && compgen -G "$candidate/sdk/10.*" >/dev/null; then
      dotnet=$candidate/dotnet
      export DOTNET_ROOT=$candidate DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
      # Accounts without a home (containers, service users) still need a place for NuGet's packages.
      [[ -n ${HOME:-} && -w ${HOME:-} ]] || export HOME=$root/.weir/home DOTNET_CLI_HOME=$root/.weir/home
      mkdir -p "$HOME"
      return
    fi
  done
  say 'the .NET 10 SDK is not installed (looked in DOTNET_ROOT, PATH, /usr/share/dotnet, /usr/lib/dotnet, /opt/dotnet, ~/.dotnet).'
  say 'Install it as https://learn.microsoft.com/dotnet/core/install/linux-debian describes (package dotnet-sdk-10.0),'
  say 'or without root: https://dot.net/v1/dotnet-install.sh --channel 10.0'
  exit 4
}

path_of_dotnet() {
  local found
  found=$(command -v dotnet) || return 0
  found=$(readlink -f -- "$found")
  printf '%s' "${found%/*}"
}
