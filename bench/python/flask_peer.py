"""Flask, psycopg2 and pydantic, as the functions that EOM replaces have them; gunicorn imports `app` in each worker."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg2.extras
from flask import Flask, Response, abort, request
from psycopg2.pool import ThreadedConnectionPool
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import from_json

from storage import DATABASE_URL, FIND_SQL, LIST_SQL, POOL_SIZE, ListQuery, list_parameters, to_page, to_storage

app = Flask(__name__)
storage_id_type = TypeAdapter(UUID)

# pydantic's parser of JSON is quicker than the standard one.
psycopg2.extras.register_default_json(loads=from_json, globally=True)
psycopg2.extras.register_default_jsonb(loads=from_json, globally=True)
# A connection for each thread.
pool = ThreadedConnectionPool(POOL_SIZE, POOL_SIZE, DATABASE_URL, options="-c timezone=UTC")


@app.get("/eom/admin/storages/<storage_id>")
def get_storage(storage_id: str) -> Response:
    rows = read(find_sql, {"p1": str(storage_id_type.validate_python(storage_id))})
    return to_answer(to_storage(rows[0])) if rows else abort(404)


@app.get("/eom/admin/storages")
def list_storages() -> Response:
    query = ListQuery.model_validate(request.args.to_dict())
    parameters = {f"p{n}": value for n, value in enumerate(list_parameters(query), 1)}
    return to_answer(to_page(read(list_sql, parameters), request.query_string.decode()))


@app.errorhandler(ValidationError)
def refuse(error: ValidationError) -> Response:
    return Response(error.json(), status=400, mimetype="application/json")


def to_answer(model: BaseModel) -> Response:
    return Response(model.model_dump_json(), mimetype="application/json")


def read(sql: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    with lend_connection() as connection, connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


@contextmanager
def lend_connection() -> Iterator[Any]:
    connection = pool.getconn()
    # Reads want no transaction, which would cost two round trips more.
    connection.autocommit = True
    try:
        yield connection
    finally:
        pool.putconn(connection)


def to_named(sql: str) -> str:
    """psycopg2 has names in the place of PostgreSQL's own $1, $2 and so on."""
    return re.sub(r"\$(\d+)", r"%(p\1)s", sql.replace("%", "%%"))


find_sql = to_named(FIND_SQL)
list_sql = to_named(LIST_SQL)
