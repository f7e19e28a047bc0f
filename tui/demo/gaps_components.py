"""SageMaker's inference components, of which moto knows nothing: as AWS lists and describes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.sagemaker.exceptions import AWSValidationException
from moto.sagemaker.models import SageMakerModelBackend
from moto.sagemaker.responses import SageMakerResponse

_SUMMARY = (
    "InferenceComponentName",
    "InferenceComponentArn",
    "EndpointName",
    "EndpointArn",
    "VariantName",
    "InferenceComponentStatus",
    "CreationTime",
    "LastModifiedTime",
)


def components_of(backend: SageMakerModelBackend) -> dict[str, dict[str, Any]]:
    """What DescribeInferenceComponent answers, by name; it goes with the backend when moto is reset."""
    found: dict[str, dict[str, Any]] = backend.__dict__.setdefault("inference_components", {})
    return found


def put_component(
    backend: SageMakerModelBackend,
    name: str,
    endpoint: str,
    variant: str,
    model: str,
    copies: int,
    at: datetime,
    **fields: Any,
) -> dict[str, Any]:
    """Puts an inference component with so many copies on an endpoint; `fields` are DescribeInferenceComponent's."""
    arn = f"arn:aws:sagemaker:{backend.region_name}:{backend.account_id}"
    made = {
        "InferenceComponentName": name,
        "InferenceComponentArn": f"{arn}:inference-component/{name}",
        "EndpointName": endpoint,
        "EndpointArn": f"{arn}:endpoint/{endpoint}",
        "VariantName": variant,
        "InferenceComponentStatus": "InService",
        "CreationTime": at,
        "LastModifiedTime": at,
        "Specification": {
            "ModelName": model,
            "ComputeResourceRequirements": {
                "NumberOfAcceleratorDevicesRequired": 1.0,
                "MinMemoryRequiredInMb": 8192,
            },
        },
        "RuntimeConfig": {"DesiredCopyCount": copies, "CurrentCopyCount": copies},
        **fields,
    }
    components_of(backend)[name] = made
    return made


def list_inference_components(self: SageMakerResponse) -> ActionResult:
    """ListInferenceComponents: of one endpoint or variant, newest first, in pages."""
    ask = self._get_param
    found = [
        one
        for one in list(components_of(self.sagemaker_backend).values())
        if ask("EndpointNameEquals") in (None, one["EndpointName"])
        and ask("VariantNameEquals") in (None, one["VariantName"])
        and ask("StatusEquals") in (None, one["InferenceComponentStatus"])
    ]
    found.sort(key=lambda one: (one["CreationTime"], one["InferenceComponentName"]), reverse=True)
    first, size = int(ask("NextToken") or 0), ask("MaxResults") or 10
    token = str(first + size) if first + size < len(found) else None
    page = [{key: one[key] for key in _SUMMARY} for one in found[first : first + size]]
    return ActionResult({"InferenceComponents": page, "NextToken": token})


def describe_inference_component(self: SageMakerResponse) -> ActionResult:
    """DescribeInferenceComponent."""
    name = self._get_param("InferenceComponentName")
    one = components_of(self.sagemaker_backend).get(name)
    if one is None:
        raise AWSValidationException(f'Could not find inference component "{name}".')
    return ActionResult(one)


def fill() -> None:
    """Assigns ListInferenceComponents and DescribeInferenceComponent."""
    for response in (list_inference_components, describe_inference_component):
        setattr(SageMakerResponse, response.__name__, response)
