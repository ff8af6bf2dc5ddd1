# Reads the reports that the test programs write (xunit's XML). Sourced by ./test.

# counter FILE NAME: the sum of an attribute over the file's assemblies; 0 when there is no report.
counter() {
  [[ -f $1 ]] || { echo 0; return; }
  grep -o '<assembly [^>]*>' "$1" | sed -nE "s/.* $2=\"([0-9]+)\".*/\\1/p" | awk '{ sum += $1 } END { print sum + 0 }'
}

# summarise FOLDER BROKEN: the slowest tests, then the line that counts; ends the script.
summarise() {
  local file passed=0 failed=$2
  printf '\nslowest tests:\n'
  cat "$1"/*.xml 2>/dev/null | grep -o '<test [^>]*>' |
    sed -nE 's/.* name="([^"]*)".* time="([0-9.]+)".*/\2 \1/p' | sort -rn | sed -n 1,10p |
    awk '{ seconds = $1; $1 = ""; printf "%8.2f s %s\n", seconds, $0 }' | sed 's/&quot;/"/g; s/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g'
  for file in "$1"/*.xml; do
    passed=$((passed + $(counter "$file" passed)))
    failed=$((failed + $(counter "$file" failed) + $(counter "$file" errors)))
  done
  if [[ -n $incomplete ]]; then
    say "set-up is incomplete: $incomplete"
  fi
  printf '\n%d passed, %d failed\n' "$passed" "$failed"
  ((failed == 0 && passed > 0)) && [[ -z $incomplete ]]
  exit
}
