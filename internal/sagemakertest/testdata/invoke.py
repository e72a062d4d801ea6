# Invokes endpoints with boto3 and prints what came, a line of JSON each.
# Arguments: the runtime's URL; then a JSON list of calls, each a dict of
# invoke_endpoint's parameters (Body as text), with "key" for the credentials.
import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

url, calls = sys.argv[1], json.loads(sys.argv[2])
for call in calls:
    key = call.pop("key")
    client = boto3.client(
        "sagemaker-runtime", endpoint_url=url, region_name="eu-west-1",
        aws_access_key_id=key["id"], aws_secret_access_key=key["secret"], aws_session_token=key.get("token"),
        config=Config(retries={"max_attempts": 0}, connect_timeout=30, read_timeout=60))
    try:
        answer = client.invoke_endpoint(**call)
        out = {k: answer.get(k) for k in ("ContentType", "InvokedProductionVariant", "CustomAttributes")}
        out["Body"] = answer["Body"].read().decode()
    except ClientError as e:
        answer = e.response
        out = {k: v for k, v in answer.items() if k != "ResponseMetadata"}
        out["Class"] = type(e).__name__
    out["Status"] = answer["ResponseMetadata"]["HTTPStatusCode"]
    print(json.dumps(out))
