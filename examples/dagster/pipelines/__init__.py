"""A code location: `dagster dev -m pipelines`."""

import dagster as dg

from eom_dagster import EomSession
from pipelines.check import check_catalogue
from pipelines.ingest import ingest_collection

defs = dg.Definitions(
    jobs=[ingest_collection, check_catalogue],
    resources={"eom": EomSession.configure_at_launch()},
)
