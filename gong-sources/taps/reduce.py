"""Reduces the recorded output of a tap to what a preset reads.

usage: python3 reduce.py PRESET.toml RECORDED > FIXTURE

SCHEMA messages keep the streams that the preset names, with the properties that it names, without
types. RECORD messages keep those properties; streams that the preset does not use keep their key
alone, because a target has to stand them too. Everything else stays as the tap wrote it.
"""
import json
import re
import sys

preset = open(sys.argv[1], encoding="utf-8").read()
words = set(re.findall(r"[A-Za-z_][A-Za-z0-9_-]*", preset))
# Read with the company's currency alone.
words |= {"currency", "CurrencyIsoCode"}

keys = {}
for line in open(sys.argv[2], encoding="utf-8"):
    message = json.loads(line)
    kind, stream = message["type"], message.get("stream")
    if kind == "SCHEMA":
        keys[stream] = message.get("key_properties", [])
        properties = message["schema"].get("properties", {})
        kept = {
            name: {}
            for name in properties
            if name in keys[stream] or (stream in words and name in words)
        }
        message["schema"] = {"properties": kept or {"id": {}}}
    elif kind == "RECORD":
        used = stream in words
        # It differs in each recording.
        message.pop("time_extracted", None)
        message["record"] = {
            name: value
            for name, value in message["record"].items()
            if name in keys.get(stream, ["id"]) or (used and name in words and name != "properties")
        }
    print(json.dumps(message))
