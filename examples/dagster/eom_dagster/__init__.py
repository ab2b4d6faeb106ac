"""What a code location needs to run the sessions of EOM's schedules."""

from eom_dagster.session import EomSession, Storage

__all__ = ["EomSession", "Storage"]
