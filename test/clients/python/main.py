"""A client that openapi-python-client writes. Arguments: the server's address and a token."""

import sys

from eom_generated import AuthenticatedClient
from eom_generated.api.quotas import create_quota, delete_quota, get_quota
from eom_generated.models import CreateQuota, Error404, Quota, QuotaType, QuotaValue

base_url, token = sys.argv[1:]
client = AuthenticatedClient(base_url=base_url, token=token)
quota = CreateQuota(name="python", type_=QuotaType.MAXORDERTIMES, value=QuotaValue(max_order_times=5))
created = create_quota.sync(client=client, body=quota)
if not isinstance(created, Quota):
    sys.exit(f"not created: {created}")
quota_id = created.id
read = get_quota.sync(quota_id, client=client)
removed = delete_quota.sync_detailed(quota_id, client=client)
missing = get_quota.sync(quota_id, client=client)
if not isinstance(read, Quota) or not isinstance(missing, Error404):
    sys.exit(f"read {read}, then {missing}")
print(read.value.max_order_times, removed.status_code.value, missing.error_code.value)
