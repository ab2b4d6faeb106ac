"""A small catalogue of scenes that stands for a real one."""

import json
from datetime import datetime
from pathlib import Path
from typing import TypedDict

from eom_dagster.session import parse_time


class Item(TypedDict):
    id: str
    collection_id: str
    time: str
    cloud_cover: float


def read_items(source: str | None, collection_id: str | None) -> list[Item]:
    """Reads the items of a collection (all items for None) from a file. Default: the file of this example."""
    file = Path(__file__).with_name("catalogue.json") if source is None else Path(source)
    items: list[Item] = json.loads(file.read_text(encoding="utf-8"))["items"]
    return [item for item in items if collection_id in (None, item["collection_id"])]


def is_within(item: Item, interval: tuple[datetime, datetime]) -> bool:
    start, end = interval
    return start <= parse_time(item["time"]) < end
