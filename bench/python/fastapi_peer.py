"""FastAPI, asyncpg and pydantic; uvicorn imports `app` in each worker."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import FastAPI, HTTPException, Query, Request
from pydantic_core import from_json

from storage import (
    DATABASE_URL,
    FIND_SQL,
    LIST_SQL,
    POOL_SIZE,
    ListQuery,
    Storage,
    StoragePage,
    list_parameters,
    to_page,
    to_storage,
)


async def prepare(connection: asyncpg.Connection) -> None:
    for name in ("json", "jsonb"):
        # pydantic's parser of JSON is quicker than the standard one.
        await connection.set_type_codec(name, encoder=str, decoder=from_json, schema="pg_catalog")


@asynccontextmanager
async def keep_pool(app: FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(DATABASE_URL, min_size=POOL_SIZE, max_size=POOL_SIZE, init=prepare) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=keep_pool)


# A declared type of answer lets pydantic write the JSON itself.
@app.get("/eom/admin/storages/{storage_id}")
async def get_storage(storage_id: UUID, request: Request) -> Storage:
    row = await request.app.state.pool.fetchrow(FIND_SQL, storage_id)
    if row is None:
        raise HTTPException(404)
    return to_storage(row)


@app.get("/eom/admin/storages")
async def list_storages(query: Annotated[ListQuery, Query()], request: Request) -> StoragePage:
    rows = await request.app.state.pool.fetch(LIST_SQL, *list_parameters(query))
    return to_page(rows, request.url.query)
