"""Runs a Singer tap that is built on requests, with every request turned to a stand-in on 127.0.0.1.

usage: python loopback.py PORT MODULE[:FUNCTION] [arguments of the tap...]

https://api.example.com/v1/x?y becomes http://127.0.0.1:PORT/v1/x?y, so that nothing leaves the machine.
"""

import importlib
import sys
from urllib.parse import urlsplit

import requests.adapters

port = int(sys.argv[1])
module, _, function = sys.argv[2].partition(":")
send = requests.adapters.HTTPAdapter.send


def send_to_stand_in(self, request, **options):
    parts = urlsplit(request.url)
    query = "?" + parts.query if parts.query else ""
    request.url = f"http://127.0.0.1:{port}{parts.path or '/'}{query}"
    options["proxies"] = {}
    return send(self, request, **options)


requests.adapters.HTTPAdapter.send = send_to_stand_in
sys.argv = [module, *sys.argv[3:]]
getattr(importlib.import_module(module), function or "main")()
