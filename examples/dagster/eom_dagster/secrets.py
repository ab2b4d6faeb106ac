"""Reads the credentials of storages from a KV version 2 mount of Vault or OpenBao."""

import os
from pathlib import Path

import hvac


def read_secret(ref: str) -> dict[str, str]:
    """Reads the secret of a reference, with a login of Dagster's own.

    The environment of a run has the variables of EOM: VAULT_ADDR, and VAULT_TOKEN or EOM_VAULT_TOKEN_FILE. Optional:
    VAULT_NAMESPACE, EOM_VAULT_CA, EOM_VAULT_MOUNT (default "secret") and EOM_VAULT_PREFIX (default "eom").
    The token's policy needs `read` on `<mount>/data/<prefix>/+/storages/*`, and nothing else.
    """
    env = os.environ
    token_file = env.get("EOM_VAULT_TOKEN_FILE")
    client = hvac.Client(
        url=env["VAULT_ADDR"],
        token=env["VAULT_TOKEN"] if token_file is None else Path(token_file).read_text(encoding="utf-8").strip(),
        namespace=env.get("VAULT_NAMESPACE"),
        verify=env.get("EOM_VAULT_CA", True),
        timeout=10,
    )
    answer = client.secrets.kv.v2.read_secret_version(
        path="/".join(part for part in (env.get("EOM_VAULT_PREFIX", "eom").strip("/"), ref) if part),
        mount_point=env.get("EOM_VAULT_MOUNT", "secret").strip("/"),
        raise_on_deleted_version=True,
    )
    return answer["data"]["data"]
