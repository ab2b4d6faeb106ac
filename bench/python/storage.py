"""What both Python peers share: the objects, in pydantic, and the statements, which the bench hands over from EOM."""

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, PlainSerializer

DATABASE_URL = os.environ["BENCH_DATABASE_URL"]
# Connections of one worker.
POOL_SIZE = int(os.environ["BENCH_WORKER_POOL"])
STATEMENTS = json.loads(os.environ["BENCH_STATEMENTS"])
FIND_SQL = STATEMENTS["find"]["sql"]
LIST_SQL = STATEMENTS["list"]["sql"]

PAGE_SIZE = 8
MAX_EXACT_TOTAL = 10_000


def to_text(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


Time = Annotated[datetime, PlainSerializer(to_text, return_type=str)]


class Credential(BaseModel):
    access_key_id: str
    secret: Literal["set"] = "set"


class Resource(BaseModel):
    type: Literal["s3"] = "s3"
    endpoint: str
    region: str
    bucket: str
    prefix: str
    path_style: bool
    read_only: bool
    ca_certificate: str | None
    requester_pays: bool
    server_side_encryption: str | None
    sse_kms_key_id: str | None
    credential: Credential


class Check(BaseModel):
    check: str
    status: str
    reason: str | None
    hint: str | None
    http_status: int | None
    duration_ms: int


class Verification(BaseModel):
    status: Literal["PASS", "WARN", "FAIL"]
    checks: list[Check]
    checked_at: str


class Storage(BaseModel):
    id: UUID
    name: str
    description: str | None
    enable: bool
    labels: dict[str, str]
    resource: Resource
    collection_ids: list[str]
    verification: Verification | None
    created: Time
    created_by: str
    modified: Time
    modified_by: str
    version: int


class StoragePage(BaseModel):
    data: list[Storage]
    page: int
    size: int
    total: int
    total_exact: bool
    next_cursor: str | None


class ListQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    collection_id: UUID


def list_parameters(query: ListQuery) -> list[Any]:
    """EOM's parameters, with this collection in the place of the one that they were made with."""
    ids = [str(query.collection_id)]
    return [ids if isinstance(value, list) else value for value in STATEMENTS["list"]["parameters"]]


def to_storage(row: Mapping[str, Any]) -> Storage:
    columns = dict(row)
    # Fields that the models do not name are left out.
    resource = {**columns, "credential": columns}
    return Storage.model_validate({**columns, "resource": resource})


def to_page(rows: list[Mapping[str, Any]], search: str) -> StoragePage:
    total = rows[0]["total"] if rows else 0
    page = rows[:PAGE_SIZE]
    return StoragePage(
        data=[to_storage(row) for row in page],
        page=0,
        size=PAGE_SIZE,
        total=min(total, MAX_EXACT_TOTAL),
        total_exact=total <= MAX_EXACT_TOTAL,
        next_cursor=to_cursor(search, page[-1]) if len(rows) > PAGE_SIZE else None,
    )


def to_cursor(search: str, last: Mapping[str, Any]) -> str:
    key = [digest(search), last["name_key"], str(last["id"])]
    return base64.urlsafe_b64encode(json.dumps([*key, digest(json.dumps(key))]).encode()).decode().rstrip("=")


def digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()[:12]
