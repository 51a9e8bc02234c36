"""A Dagster asset that keeps Gong in sync with the sources of gong-crm.toml.

A materialization succeeds only if every record is in Gong. Held-back deletions, rejected records and
missing sources fail it, with the reason in the run's log.
"""

import pathlib

import dagster as dg
import gong_crm

CONFIG = pathlib.Path(__file__).parent / "sources.toml"


@dg.asset(retry_policy=dg.RetryPolicy(max_retries=3, delay=60))
def gong(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """The records of the CRM, in Gong."""
    try:
        report = gong_crm.sync(config=CONFIG, sim=True)
    except gong_crm.NotDone as failure:
        for error in failure.report.errors[:20]:
            context.log.error("%s: %s", error.objectId, error.description)
        # Outcomes that another try can change are tried again; a person has to look at the others.
        can_change = failure.report.verdict in ("timed-out", "unknown", "failed")
        raise dg.Failure(str(failure), allow_retries=can_change) from failure
    return dg.MaterializeResult(
        metadata={"accepted": report.accepted, "unchanged": report.unchanged}
    )


if __name__ == "__main__":
    result = dg.materialize([gong])
    assert result.success
    print(result.asset_materializations_for_node("gong")[0].metadata["accepted"].value, "accepted")
