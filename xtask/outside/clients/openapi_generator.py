"""Uploads a file with the client that openapi-generator's python generator writes, and waits for its verdict."""

import os
import time

from openapi_client import (
    ApiClient,
    Configuration,
    CRMApi,
    GenericCrmRegistrationRequest,
    ObjectType,
    UsersApi,
)

configuration = Configuration(
    host=os.environ["GONG_BASE_URL"],
    username=os.environ["GONG_ACCESS_KEY"],
    password=os.environ["GONG_ACCESS_KEY_SECRET"],
)
request_id = os.environ["CLIENT_REQUEST_ID"]

with ApiClient(configuration) as client:
    crm = CRMApi(client)
    registration = GenericCrmRegistrationRequest(name="Acme CRM", owner_email="admin@acme.example")
    integration_id = crm.register_generic_crm_integration(registration).integration_id
    answer = crm.upload_crm_data(
        integration_id=integration_id,
        object_type=ObjectType.ACCOUNT,
        client_request_id=request_id,
        data_file=os.environ["FILE"],
    )
    assert answer.client_request_id == request_id, answer
    for _ in range(100):
        status = crm.get_request_status(integration_id, request_id)
        if status.status in ("DONE", "FAILED"):
            break
        time.sleep(0.1)
    assert status.status == "DONE", status
    assert status.total_success_count == 2, status
    assert UsersApi(client).list_users().records.total_records is not None
