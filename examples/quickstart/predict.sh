# Shared by try.sh and demo.sh: example patients of each tier, and one prediction over HTTP. Sourced, never run.

# example_patients RISKS.csv TRIAL.csv COLUMNS THRESHOLD: one request body a tier (low, medium, critical), taken from rows
# of the trial by their risk.
example_patients() {
  awk -F, -v columns="$3" -v threshold="$4" '
    FNR == NR { if (FNR > 1) risk[FNR] = $2; next }
    FNR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; n = split(columns, wanted, " "); next }
    {
      r = risk[FNR]
      tier = r >= 0.65 ? "critical" : (r >= threshold && r < 0.6) ? "medium" : r < threshold / 2 ? "low" : ""
      if (tier == "" || tier in body) next
      text = "{\"patient_id\":\"EXAMPLE-" tier "\""
      for (i = 1; i <= n; i++) text = text ",\"" wanted[i] "\":" $(at[wanted[i]])
      body[tier] = text "}"
    }
    END { print body["low"]; print body["medium"]; print body["critical"] }' "$1" "$2"
}

# fixed_patients COLUMNS: the same, where the trial's rows cannot be read: three patients of the simulated trial.
fixed_patients() {
  local columns=" $1 " name values column
  while read -r name values; do
    printf '{"patient_id":"EXAMPLE-%s"' "$name"
    set -- $values
    for column in age days_in_trial visits_completed adverse_events visits_missed days_since_last_visit distance_km \
      remote_visits; do
      case "$columns" in *" $column "*) printf ',"%s":%s' "$column" "$1" ;; esac
      shift
    done
    printf '}\n'
  done <<END
low 61 56 9 0 0 0 8.5 0
medium 58 56 6 1 2 14 30 0
critical 49 56 4 2 5 28 90 0
END
}

# predict PORT KEY BODY: the answer of POST /predict on 127.0.0.1, by curl, or by bash alone where there is no curl.
predict() {
  if command -v curl >/dev/null; then
    curl --silent --max-time 10 "http://127.0.0.1:$1/predict" -H "x-api-key: $2" -H 'content-type: application/json' -d "$3"
    return
  fi
  exec 3<>"/dev/tcp/127.0.0.1/$1"
  printf 'POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nx-api-key: %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s' "$2" "${#3}" "$3" >&3
  sed '1,/^\r$/d' <&3
  exec 3>&-
}
