"""A job for schedules of kind 1: it does not use EOM, and its run config is its own."""

import dagster as dg

from pipelines.catalogue import read_items


class CheckConfig(dg.Config):
    least_items: int
    collection_id: str | None = None
    source: str | None = None


@dg.op
def count_items(context: dg.OpExecutionContext, config: CheckConfig) -> None:
    count = len(read_items(config.source, config.collection_id))
    context.add_output_metadata({"items": count})
    if count < config.least_items:
        raise dg.Failure(f"The catalogue has {count} items, fewer than {config.least_items}", allow_retries=False)


@dg.job(executor_def=dg.in_process_executor)
def check_catalogue() -> None:
    """Fails when the catalogue has fewer items than it should."""
    count_items()
