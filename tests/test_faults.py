"""The fault proxy does what it says, or the tests that stand on it would show nothing."""

from __future__ import annotations

import http.client

import pytest
from botocore.config import Config

from tests.faults import FaultProxy, Faults
from tests.moto_server import REGION, Moto
from tests.patience import PATIENCE_S


def client(proxy: FaultProxy, key: str = "AKIAFALSE"):
    """boto3 without retries."""
    import boto3

    session = boto3.Session(aws_access_key_id=key, aws_secret_access_key="false", region_name=REGION)
    config = Config(retries={"total_max_attempts": 1}, read_timeout=0.5 if proxy.faults.hang else PATIENCE_S)
    return session.client("logs", endpoint_url=proxy.url, config=config)


def what_comes(proxy: FaultProxy, key: str = "AKIAFALSE") -> str:
    try:
        client(proxy, key).describe_log_groups()
    except Exception as error:
        answer = getattr(error, "response", None) or {}
        return str(answer.get("Error", {}).get("Code", type(error).__name__))
    return "ok"


@pytest.mark.parametrize(
    ("faults", "met"),
    [
        (Faults(), "ok"),
        (Faults(throttle=1), "ThrottlingException"),
        (Faults(error=1), "InternalFailure"),
        (Faults(reset=1), "ConnectionClosedError"),
        (Faults(hang=1), "ReadTimeoutError"),
        (Faults(expired={"AKIAFALSE"}), "ExpiredTokenException"),
        (Faults(expired={"OTHER"}), "ok"),
        (Faults(denied={"DescribeLogGroups"}), "AccessDeniedException"),
        (Faults(denied={"GetLogEvents"}), "ok"),
        (Faults(broken={"DescribeLogGroups"}), "InternalFailure"),
    ],
)
def test_each_fault_is_what_boto3_would_meet(moto: Moto, faults: Faults, met: str) -> None:
    with FaultProxy(moto.url, faults) as proxy:
        assert what_comes(proxy) == met
        assert proxy.asked == {"DescribeLogGroups": 1}


def test_a_cut_answer_ends_in_the_middle(moto: Moto) -> None:
    with FaultProxy(moto.url, Faults(cut=1)) as proxy:
        request = http.client.HTTPConnection(*proxy.address)
        request.request("POST", "/", b"{}", {"X-Amz-Target": "Logs_20140328.DescribeLogGroups"})
        with pytest.raises(http.client.IncompleteRead):
            request.getresponse().read()


def test_a_seed_repeats_the_same_faults(moto: Moto) -> None:
    runs = []
    for _ in range(2):
        with FaultProxy(moto.url, Faults(throttle=0.5), seed=4) as proxy:
            runs.append([what_comes(proxy) for _ in range(12)])
    assert runs[0] == runs[1]
    assert set(runs[0]) == {"ok", "ThrottlingException"}
