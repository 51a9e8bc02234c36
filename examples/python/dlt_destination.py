"""A dlt destination: whatever a dlt source reads ends in Gong.

Each resource is a record type. Types run one after another in Gong's order, because contacts and
deals refer to accounts. A record that Gong rejects makes the load fail, so dlt keeps the package and
does not move the source's state: nothing is lost, and the next run sends it again.
"""

import datetime
import decimal
from typing import Any, Dict, Iterator, List

import dlt
import gong_crm

ORDER = ["stage", "business_user", "account", "contact", "deal", "lead"]


# naming_convention: Gong's names are objectId and modifiedDate, not object_id.
# One batch at a time: Gong takes few calls, and each of them can be large.
@dlt.destination(
    batch_size=50_000,
    naming_convention="direct",
    skip_dlt_columns_and_tables=True,
    loader_parallelism_strategy="sequential",
)
def gong(items: List[Dict[str, Any]], table: Dict[str, Any], sim: bool = False) -> None:
    """Sends one batch, and returns when all of its records are in Gong."""
    gong_crm.push_records(table["name"].upper(), items, sim=sim)


@dlt.source
def crm() -> Any:
    """A fictional CRM; replace it with any dlt source."""
    changed = datetime.datetime(2026, 1, 15, 9, 30, tzinfo=datetime.timezone.utc)

    @dlt.resource(name="account")
    def accounts() -> Iterator[Dict[str, Any]]:
        for number in range(3):
            yield {"objectId": f"acc-{number}", "modifiedDate": changed, "name": f"Customer {number}"}

    @dlt.resource(name="contact")
    def contacts() -> Iterator[Dict[str, Any]]:
        for number in range(3):
            yield {
                "objectId": f"con-{number}",
                "modifiedDate": changed,
                "accountId": f"acc-{number}",
                "emailAddress": f"person{number}@customer.example",
                "satisfaction__c": decimal.Decimal("4.5"),
            }

    return [contacts, accounts]


def main() -> None:
    pipeline = dlt.pipeline("crm_to_gong", destination=gong(sim=True))
    source = crm()
    for name in ORDER:
        if name in source.resources:
            load = pipeline.run(source.with_resources(name))
            load.raise_on_failed_jobs()
            print(f"{name}: all records are in Gong")


if __name__ == "__main__":
    main()
