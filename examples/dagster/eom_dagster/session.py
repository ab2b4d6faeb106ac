"""The session of EOM that a run belongs to."""

import os
import tempfile
import weakref
from datetime import datetime
from typing import Any

import boto3
import dagster as dg
from botocore import UNSIGNED
from botocore.config import Config
from botocore.handlers import validate_bucket_name

from eom_dagster.secrets import read_secret


class Storage(dg.PermissiveConfig):
    """The location of a storage. Permissive, as the session: a later EOM may send more fields."""

    id: str
    name: str
    endpoint: str
    region: str
    bucket: str
    prefix: str  # Empty, or ends with a slash. Put it before each key.
    path_style: bool
    read_only: bool
    ca_certificate: str | None = None  # PEM of the authorities to trust instead of the public ones.
    requester_pays: bool = False
    server_side_encryption: str | None = None  # Of each write: AES256, aws:kms or aws:kms:dsse.
    sse_kms_key_id: str | None = None
    credential_ref: str | None = None  # None: requests are not signed.


class EomSession(dg.ConfigurableResource, dg.PermissiveConfig):
    """The data of a session of kind 5, as the config of the resource `eom`.

    Contains no secret, since Dagster stores run config and shows it: `credential` reads the secret when it is called.
    """

    session_id: str
    schedule_id: str
    schedule_name: str
    attempt: int
    data_interval_start: str
    data_interval_end: str
    collection_id: str | None = None
    storage: Storage | None = None
    options: dict = {}  # Not dict[str, Any]: Dagster fails on null as a value of such a map.

    def interval(self) -> tuple[datetime, datetime]:
        """The interval to work on: start included, end excluded."""
        return parse_time(self.data_interval_start), parse_time(self.data_interval_end)

    def require_storage(self) -> Storage:
        """The storage of the session. Fails the run, without a retry, if it has none."""
        if self.storage is None:
            raise dg.Failure("The session names no storage", allow_retries=False)
        return self.storage

    def credential(self) -> dict[str, str] | None:
        """`access_key_id`, `secret_access_key` and perhaps `session_token`; None if requests are not signed.

        Keep them out of logs and outputs.
        """
        reference = self.require_storage().credential_ref
        return None if reference is None else read_secret(reference)

    def s3(self) -> Any:
        """A boto3 client for the storage."""
        storage = self.require_storage()
        credential = self.credential()
        authorities = None if storage.ca_certificate is None else _write_temporary(storage.ca_certificate)
        client = boto3.client(
            "s3",
            endpoint_url=storage.endpoint,
            region_name=storage.region,
            aws_access_key_id=None if credential is None else credential["access_key_id"],
            aws_secret_access_key=None if credential is None else credential["secret_access_key"],
            aws_session_token=None if credential is None else credential.get("session_token"),
            verify=authorities,
            config=Config(
                signature_version=UNSIGNED if credential is None else None,
                s3={"addressing_style": "path" if storage.path_style else "virtual"},
                # Some S3 servers do not support the checksums that boto3 sends by default.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )
        _add_headers(client, storage)
        if authorities is not None:
            weakref.finalize(client, os.unlink, authorities)
        return client


def _add_headers(client: Any, storage: Storage) -> None:
    """Makes the client send what the storage asks for with each request, or with each write."""
    events = client.meta.events
    if ":" in storage.bucket:
        # botocore refuses the bucket of a tenant of Ceph (tenant:bucket), which Ceph accepts.
        events.unregister("before-parameter-build.s3", validate_bucket_name)
    if storage.requester_pays:
        _send(events, "before-call.s3", {"x-amz-request-payer": "requester"})
    encryption = {
        "x-amz-server-side-encryption": storage.server_side_encryption,
        "x-amz-server-side-encryption-aws-kms-key-id": storage.sse_kms_key_id,
    }
    given = {name: value for name, value in encryption.items() if value is not None}
    for operation in ("PutObject", "CopyObject", "CreateMultipartUpload") if given else ():
        _send(events, f"before-call.s3.{operation}", given)


def _send(events: Any, event: str, headers: dict[str, str]) -> None:
    events.register(event, lambda params, **_: params["headers"].update(headers))


def parse_time(text: str) -> datetime:
    """Parses a time of EOM. Python parses the Z from 3.11 on."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _write_temporary(text: str) -> str:
    with tempfile.NamedTemporaryFile("w", suffix=".pem", delete=False) as file:
        file.write(text)
    return file.name
