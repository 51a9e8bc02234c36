#!/bin/sh
# Records the output of a real Singer tap against a stand-in with made-up data, and reduces it to what its
# preset reads. Nothing leaves the machine: every request of the tap is turned to 127.0.0.1.
#
# usage: ./record.sh FOLDER TAP       with TAP one of close, copper, freshsales, hubspot, salesforce
#
# FOLDER takes the virtual environment, the catalog and the recordings, as they are and reduced. Needs
# Python 3.11, and the package index for the tap.
set -eu
folder=$(mkdir -p "$1" && cd "$1" && pwd)
name=$2
here=$(cd "$(dirname "$0")" && pwd)
case $name in
close) stand_in=closeio port=18751 module=tap_closeio flag=--catalog package="tap-closeio==1.6.6" streams= ;;
copper)
    stand_in=copper port=18752 module=tap_copper flag=--catalog package="tap-copper==0.1.2"
    streams="companies people opportunities leads users pipelines custom_field_definitions loss_reasons \
lead_statuses account"
    ;;
salesforce) stand_in=salesforce port=18753 module=tap_salesforce flag=--properties package="tap-salesforce==2.8.1" streams= ;;
hubspot)
    stand_in=hubspot port=18754 module=tap_hubspot flag=--properties package="tap-hubspot==4.5.0"
    streams="companies contacts deals owners deal_pipelines contacts_by_company"
    ;;
freshsales) stand_in=fs port=18757 module=tap_freshsales flag= package="tap-freshsales==0.1.1" streams= ;;
*)
    echo "there is no stand-in for $name" >&2
    exit 2
    ;;
esac
python=$folder/venv-$name/bin/python
test -x "$python" || {
    python3 -m venv "$folder/venv-$name"
    "$python" -m pip install --quiet "setuptools<81" "$package"
}
export TAPS="$folder" PYTHONDONTWRITEBYTECODE=1
cd "$here/standins"
config=cfg_$stand_in.json
start() {
    python3 standin.py "$port" "sv_$stand_in" "$1" &
    server=$!
    until python3 -c "import socket; socket.create_connection(('127.0.0.1', $port))" 2>/dev/null; do sleep 0.1; done
}
stop() {
    kill "$server"
    wait "$server" 2>/dev/null || true
}
tap() { "$python" loopback.py "$port" "$module" --config "$config" "$@"; }
set --
start 1
if test -n "$flag"; then
    tap --discover >"$folder/$name.discovered.json"
    # shellcheck disable=SC2086
    python3 select_all.py "$folder/$name.discovered.json" "$folder/$name.catalog.json" $streams
    test ! -f "fix_$stand_in.py" || python3 "fix_$stand_in.py" "$folder/$name.catalog.json"
    set -- "$flag" "$folder/$name.catalog.json"
fi
tap "$@" >"$folder/$name.singer"
stop
python3 - "$folder/$name.singer" >"$folder/$name.state.json" <<'PY'
import json
import sys

states = [json.loads(line) for line in open(sys.argv[1]) if '"STATE"' in line]
print(json.dumps(states[-1]["value"]))
PY
start 2
tap "$@" --state "$folder/$name.state.json" >"$folder/$name.second.singer"
stop
for part in "$name" "$name.second"; do
    python3 "$here/reduce.py" "$here/../presets/$name.toml" "$folder/$part.singer" >"$folder/$part.jsonl"
done
echo "recorded: $folder/$name.jsonl and $folder/$name.second.jsonl"
