#!/usr/bin/env python3
"""Writes an export of deals for the benchmark of the plan: the same records in two orders.

    deals.py RECORDS SEED PATH OTHER_PATH

Only the standard library is needed. A record has 16 fields and about 353 bytes.
"""

import json
import random
import sys

STAGES = ["stage-%d" % number for number in range(8)]
WORDS = ["Renewal", "Größe", "platform", "seats", "expansion", "support", "phase", "pilot", "日本"]


def deal(number, r):
    return {
        "objectId": "deal-%07d" % number,
        "modifiedDate": "2026-%02d-%02dT%02d:%02d:%02dZ"
        % (r.randrange(1, 11), r.randrange(1, 29), r.randrange(24), r.randrange(60), r.randrange(60)),
        "createdDate": "2025-%02d-%02dT09:30:00Z" % (r.randrange(1, 13), r.randrange(1, 29)),
        "closeDate": "2027-%02d-%02d" % (r.randrange(1, 13), r.randrange(1, 29)),
        "probability": r.randrange(101),
        "accountId": "acc-%06d" % r.randrange(200_000),
        "ownerId": "user-%03d" % r.randrange(500),
        "stage": r.choice(STAGES),
        "status": r.choice(["OPEN", "WON", "LOST"]),
        "amount": r.randrange(1, 10_000_000) / 100,
        "title": " ".join(r.choices(WORDS, k=2)),
        "name": "%s %d" % (r.choice(WORDS), number),
        "region": r.choice(["EMEA", "Americas", "APAC"]),
        "score": r.randrange(100),
        "partner": r.random() < 0.5,
        "nextStep": r.choice(["call", "offer", "contract", "visit"]),
    }


def main():
    count, seed, path, other = sys.argv[1:]
    r = random.Random(int(seed))
    lines = [json.dumps(deal(number, r), ensure_ascii=False) + "\n" for number in range(int(count))]
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(lines)
    r.shuffle(lines)
    with open(other, "w", encoding="utf-8") as file:
        file.writelines(lines)


if __name__ == "__main__":
    main()
