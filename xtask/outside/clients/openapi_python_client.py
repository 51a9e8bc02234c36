"""Uploads a file with the client that openapi-python-client generates, and waits for its verdict."""

import base64
import os
import time
from pathlib import Path

from gong.api.crm import get_request_status, register_generic_crm_integration, upload_crm_data
from gong.api.users import list_users
from gong.client import AuthenticatedClient
from gong.models import GenericCrmRegistrationRequest, ObjectType, UploadCrmDataBody
from gong.types import File

key = f"{os.environ['GONG_ACCESS_KEY']}:{os.environ['GONG_ACCESS_KEY_SECRET']}"
client = AuthenticatedClient(
    base_url=os.environ["GONG_BASE_URL"],
    token=base64.b64encode(key.encode()).decode(),
    prefix="Basic",
    raise_on_unexpected_status=True,
)
registered = register_generic_crm_integration.sync(
    client=client,
    body=GenericCrmRegistrationRequest(name="Acme CRM", owner_email="admin@acme.example"),
)
integration_id = registered.integration_id
request_id = os.environ["CLIENT_REQUEST_ID"]
path = Path(os.environ["FILE"])

with path.open("rb") as payload:
    answer = upload_crm_data.sync(
        client=client,
        body=UploadCrmDataBody(data_file=File(payload=payload, file_name=path.name)),
        integration_id=integration_id,
        object_type=ObjectType.ACCOUNT,
        client_request_id=request_id,
    )
assert answer.client_request_id == request_id, answer

for _ in range(100):
    status = get_request_status.sync(
        client=client, integration_id=integration_id, client_request_id=request_id
    )
    if status.status in ("DONE", "FAILED"):
        break
    time.sleep(0.1)
assert status.status == "DONE", status
assert status.total_success_count == 2, status

page = list_users.sync(client=client)
assert page.records.total_records is not None, page
