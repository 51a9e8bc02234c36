#!/usr/bin/env python3
"""Writes one file of records for the benchmark of the check, as other programs write them.

    records.py SHAPE BYTES PATH [SEED]

Only the standard library is needed; the shape `duckdb` needs the package duckdb, and exits with 77
if it is not installed. The same seed gives the same records.
"""

import json
import random
import sys

NOT_AVAILABLE = 77

WORDS = [
    "Renewal", "Größe", "platform", "Łódź", "seats", 'the "pilot"', "and/or", "R&D", "expansion",
    "three", "years", "with", "support", "Ltd", "café", "phase", "日本", "Ελλάδα", "😀",
]
ASCII_WORDS = [word for word in WORDS if word.isascii()]
LETTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Maker:
    """Makes records of each type."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def id(self, length=18):
        return "".join(self.random.choices(LETTERS, k=length))

    def words(self, count, words=WORDS):
        return " ".join(self.random.choices(words, k=count))

    def moment(self):
        r = self.random
        zone = r.choice(["Z", "+01:00", "-05:00"])
        return "20%02d-%02d-%02dT%02d:%02d:%02d%s" % (
            r.randrange(15, 27), r.randrange(1, 13), r.randrange(1, 29),
            r.randrange(24), r.randrange(60), r.randrange(60), zone,
        )

    def day(self):
        r = self.random
        return "20%02d-%02d-%02d" % (r.randrange(24, 29), r.randrange(1, 13), r.randrange(1, 29))

    def common(self):
        key = self.id()
        return {
            "objectId": key,
            "modifiedDate": self.moment(),
            "url": "https://crm.example.com/r/%s/view" % key,
        }

    def custom(self):
        """Six fields, as benches::data declares them."""
        r = self.random
        return {
            "region": r.choice(["EMEA", "Americas", "APAC"]),
            "winProbability": r.randrange(100) + 0.5,
            "isCompetitive": r.random() < 0.5,
            "nextStep": self.words(r.randrange(6, 14)),
            "renewalDate": self.day(),
            "partnerId": None if r.random() < 0.3 else self.id(),
        }

    def deal(self):
        r = self.random
        return {
            **self.common(),
            "accountId": self.id(),
            "ownerId": self.id(),
            "name": self.words(4),
            "createdDate": self.moment(),
            "closeDate": self.day(),
            "status": r.choice(["OPEN", "WON", "LOST"]),
            "stage": r.choice(["discovery", "proposal", "negotiation"]),
            "amount": r.randrange(10_000, 90_000_000) / 100,
            **self.custom(),
        }

    def account(self):
        return {
            **self.common(),
            "name": self.words(3),
            "domains": ["%s.example" % self.id(8).lower() for _ in range(2)],
            "industry": self.words(2),
            "employees": self.random.randrange(1, 100_000),
        }

    def contact(self):
        return {
            **self.common(),
            "accountId": self.id(),
            "emailAddress": "%s@acme.example" % self.id(10).lower(),
            "firstName": self.words(1),
            "lastName": self.words(1),
            "title": self.words(3),
            "phoneNumber": "+4930%07d" % self.random.randrange(10_000_000),
            "newsletter": self.random.random() < 0.5,
        }

    def lead(self):
        contact = self.contact()
        del contact["accountId"]
        return {**contact, "convertedToContactId": self.id(), "source": self.words(1)}

    def user(self):
        return {**self.common(), "emailAddress": "%s@acme.example" % self.id(12).lower()}

    def stage(self):
        return {
            "objectId": self.id(),
            "name": self.words(2),
            "isActive": self.random.random() < 0.5,
            "sortOrder": self.random.randrange(1, 100),
        }

    def tap(self):
        """A record as a tap of a CRM has it: nulls, nested values, lists, long decimals."""
        r = self.random
        return {
            **self.common(),
            "accountId": self.id(),
            "ownerId": self.id(),
            "stage": "discovery",
            "closeDate": self.day(),
            "dealname": self.words(4),
            "hs_created_at": self.moment(),
            "probability": r.random(),
            "amount_weighted": r.random() * 1e6,
            "tags": self.words(3).split(),
            "custom_1": None,
            "custom_2": None,
            "is_archived": False,
        }


def compact(record):
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def default(record):
    return json.dumps(record)


def spaced(record):
    return json.dumps(record, ensure_ascii=False)


def slashes(record):
    # As PHP's json_encode writes it.
    return json.dumps(record, separators=(",", ":")).replace("/", "\\/")


def lines(shape, maker):
    """Gives the lines of a shape without end."""
    r = maker.random
    number = 0
    while True:
        number += 1
        if shape in ("declared", "undeclared", "large"):
            yield compact(maker.deal())
        elif shape == "spaced":
            yield spaced(maker.deal())
        elif shape == "python":
            # Names that are not ASCII are escaped too.
            yield default({**maker.deal(), "größe": maker.words(2)})
        elif shape == "php":
            yield slashes(maker.deal())
        elif shape == "crlf":
            yield compact(maker.deal()) + "\r"
        elif shape == "shuffled":
            pairs = list(maker.deal().items())
            r.shuffle(pairs)
            yield compact(dict(pairs))
        elif shape == "unicode":
            yield compact({**maker.deal(), "notes": maker.words(80, [w for w in WORDS if not w.isascii()])})
        elif shape == "tap":
            yield default(maker.tap())
        elif shape == "nested":
            yield compact({**maker.deal(), "address": {"city": maker.words(1), "lines": [maker.words(2)]}})
        elif shape == "names":
            chosen = r.sample(range(1_000), 12)
            yield compact({**maker.deal(), **{"custom_field_%d__c" % name: maker.words(2) for name in chosen}})
        elif shape == "unknown":
            yield compact(maker.deal())
        elif shape == "tiny":
            yield compact({"objectId": "%x" % number, "modifiedDate": "2026-03-01T09:30:00Z"})
        elif shape == "no-owner":
            deal = maker.deal()
            del deal["ownerId"]
            yield compact(deal)
        elif shape == "half-no-owner":
            deal = maker.deal()
            if number % 2:
                del deal["ownerId"]
            yield compact(deal)
        elif shape == "warning":
            deal = maker.deal()
            deal["objectId"] = deal["objectId"][:8] + "_" + deal["objectId"][9:]
            yield compact(deal)
        elif shape == "error":
            deal = maker.deal()
            deal["modifiedDate"] = deal["modifiedDate"].replace("T", " ")
            yield compact(deal)
        elif shape == "syntax":
            deal = maker.deal()
            yield compact(deal).replace('"status":"%s"' % deal["status"], '"status":%s' % deal["status"])
        else:
            yield compact(getattr(maker, shape)())


def duckdb(path, size, seed):
    try:
        import duckdb as database
    except ImportError:
        sys.exit(NOT_AVAILABLE)
    rows = size // 330
    database.sql("SELECT setseed(%f)" % (seed % 1000 / 1000))
    database.sql(
        f"""
        COPY (
            SELECT
                md5(i::VARCHAR) AS "objectId",
                strftime(TIMESTAMP '2026-01-01' + to_seconds(i), '%Y-%m-%dT%H:%M:%SZ') AS "modifiedDate",
                'https://crm.example.com/' || i AS url,
                md5((i % 1000)::VARCHAR) AS "accountId",
                md5((i % 50)::VARCHAR) AS "ownerId",
                'Größe "' || i || '"' AS name,
                DATE '2026-01-01' + (i % 365)::INTEGER AS "closeDate",
                'OPEN' AS status,
                'discovery' AS stage,
                random() * 1e6 AS amount,
                [md5(i::VARCHAR), 'b'] AS tags,
                i % 2 = 0 AS "isStrategic",
                NULL::VARCHAR AS region
            FROM range({rows}) AS rows(i)
        ) TO '{path}' (FORMAT json)
        """
    )


def main():
    shape, size, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else 20_261_126
    if shape == "duckdb":
        duckdb(path, size, seed)
        return
    written = 0
    with open(path, "w", encoding="utf-8", newline="") as out:
        for line in lines(shape, Maker(seed)):
            written += len(line.encode()) + 1
            if written > size:
                break
            out.write(line + "\n")


if __name__ == "__main__":
    main()
