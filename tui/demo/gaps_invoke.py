"""The runtime's InvokeEndpoint: an endpoint that exists answers, one that does not is refused."""

from __future__ import annotations

import hashlib
import json
import time

from moto.core.common_types import TYPE_RESPONSE
from moto.sagemaker.models import sagemaker_backends
from moto.sagemakerruntime.models import sagemakerruntime_backends
from moto.sagemakerruntime.responses import SageMakerRuntimeResponse

BODY_LIMIT = 6 * 1024 * 1024
FAILING: set[str] = set()
"""Endpoints whose model answers an error."""


def invoke_endpoint(self: SageMakerRuntimeResponse) -> TYPE_RESPONSE:
    """InvokeEndpoint: scores that depend on the body alone, or what a test queued in moto."""
    name = self.path.split("/")[2]
    queue = sagemakerruntime_backends[self.current_account][self.region].results_queue
    endpoint = sagemaker_backends[self.current_account][self.region].endpoints.get(name)
    if endpoint is None:
        return _error(400, "ValidationError", f"Endpoint {name} of account {self.current_account} not found.")
    body = self.body if isinstance(self.body, bytes) else str(self.body or "").encode()
    if len(body) > BODY_LIMIT:
        return _error(413, "ValidationError", "The request body is larger than 6 MiB.")
    variant = self.headers.get("X-Amzn-SageMaker-Target-Variant") or endpoint.production_variants[0]["VariantName"]
    headers = {"Content-Type": "application/json", "x-Amzn-Invoked-Production-Variant": variant}
    if queue:
        answer, kind, invoked, custom = queue.pop(0)
        return (
            200,
            {
                **headers,
                "Content-Type": kind,
                "x-Amzn-Invoked-Production-Variant": invoked or variant,
                "X-Amzn-SageMaker-Custom-Attributes": custom or "",
            },
            answer,
        )
    if name in FAILING:
        return _model_error(self, name)
    time.sleep(0.03)  # a model takes its time, and the screen shows how long
    digest = hashlib.sha256(body).digest()
    scores = [byte / 255 for byte in digest[:3]]
    total = sum(scores) or 1.0
    return 200, headers, json.dumps({"predictions": [round(score / total, 4) for score in scores]})


def _model_error(self: SageMakerRuntimeResponse, name: str) -> TYPE_RESPONSE:
    group = f"/aws/sagemaker/Endpoints/{name}"
    where = f"https://{self.region}.console.aws.amazon.com/cloudwatch/home?region={self.region}#logEventViewer:group={group}"
    original = '{"error": "CUDA out of memory. Tried to allocate 2.10 GiB"}'
    message = f"Received server error (500) from primary with message {original!r}. See {where} for more information."
    status, headers, _ = _error(424, "ModelError", message)
    fields = {
        "Message": message,
        "OriginalMessage": original,
        "OriginalStatusCode": 500,
        "LogStreamArn": f"arn:aws:logs:{self.region}:{self.current_account}:log-group:{group}",
    }
    return status, headers, json.dumps(fields)


def _error(status: int, kind: str, message: str) -> TYPE_RESPONSE:
    headers = {"x-amzn-ErrorType": kind, "Content-Type": "application/json", "status": str(status)}
    return status, headers, json.dumps({"message": message})


def fill() -> None:
    """Assigns InvokeEndpoint."""
    setattr(SageMakerRuntimeResponse, invoke_endpoint.__name__, invoke_endpoint)
