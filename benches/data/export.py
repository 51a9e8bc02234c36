#!/usr/bin/env python3
"""Writes a CSV export of deals for the benchmark of `convert`, as Python's csv module writes it.

    export.py BYTES PATH [SEED]

Dates are local times of Berlin, amounts have a currency sign, a decimal comma and dots. Only the
standard library is needed. The same seed gives the same rows.
"""

import csv
import random
import sys

LETTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
WORDS = ["Erneuerung", "Größe", "Plattform", "Łódź", 'der "Pilot"', "und/oder", "R&D", "Ausbau",
         "drei Jahre", "Lizenzen; Betrieb", "GmbH", "Café", "Phase", "日本"]
HEADER = ["Nummer", "Geändert am", "Firma", "Bearbeiter", "Name", "Angelegt am", "Abschluss", "Status",
          "Phase", "Betrag", "Region", "Wahrscheinlichkeit", "Strategisch", "Notiz"]


def main():
    size, path = int(sys.argv[1]), sys.argv[2]
    r = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 20_261_126)

    def key():
        return "".join(r.choices(LETTERS, k=18))

    def moment():
        return "%02d.%02d.20%02d %02d:%02d" % (
            r.randrange(1, 29), r.randrange(1, 13), r.randrange(15, 27), r.randrange(24), r.randrange(60))

    def words(count):
        return " ".join(r.choices(WORDS, k=count))

    with open(path, "w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, delimiter=";", lineterminator="\n")
        writer.writerow(HEADER)
        while out.tell() < size:
            cents = r.randrange(1_000, 90_000_000)
            whole = format(cents // 100, ",").replace(",", ".")
            writer.writerow([
                key(), moment(), key(), key(), words(4), moment(), moment()[:10],
                r.choice(["Offen", "Gewonnen", "Verloren"]), r.choice(["Angebot", "Verhandlung", "Bedarf"]),
                "%s,%02d €" % (whole, cents % 100), r.choice(["EMEA", "Americas", "APAC"]),
                "%d,5 %%" % r.randrange(100), r.choice(["ja", "nein"]), words(r.randrange(4, 10)),
            ])


if __name__ == "__main__":
    main()
