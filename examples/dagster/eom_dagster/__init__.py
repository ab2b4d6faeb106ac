"""The resource that a code location needs to run sessions of EOM."""

from eom_dagster.session import EomSession, Storage

__all__ = ["EomSession", "Storage"]
