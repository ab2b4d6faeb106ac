"""A job for schedules of kind 5: writes the catalogue's items of the session's interval into its storage."""

import json

import dagster as dg

from eom_dagster import EomSession
from pipelines.catalogue import is_within, read_items


@dg.op
def write_items(context: dg.OpExecutionContext, eom: EomSession) -> None:
    """Idempotent: a retry or a backfill writes the same objects again."""
    storage = eom.require_storage()
    if storage.read_only:
        raise dg.Failure(f"The storage '{storage.name}' is read-only", allow_retries=False)
    items = read_items(eom.options.get("source"), eom.collection_id)
    selected = [item for item in items if is_within(item, eom.interval())]
    s3 = eom.s3()
    for item in selected:
        s3.put_object(
            Bucket=storage.bucket,
            Key=f"{storage.prefix}{item['collection_id']}/{item['id']}.json",
            Body=json.dumps(item, sort_keys=True).encode(),
            ContentType="application/json",
        )
    context.add_output_metadata({"items_seen": len(items), "objects_written": len(selected)})


@dg.job(executor_def=dg.in_process_executor)
def ingest_collection() -> None:
    """Writes the items of the session's interval into its storage."""
    write_items()
