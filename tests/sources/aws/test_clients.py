"""One session for all: what boto3 would find, found; loaded late, shared by threads, renewed without a restart."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.canned import Canned, Fault
from tests.moto_server import ACCOUNT, Moto
from tui import __version__
from tui.sources.aws.clients import SERVICES, Clients, ClientSettings
from tui.sources.aws.source import AwsSource
from tui.sources.base import Expired, NoCredentials


def keys(source: AwsSource) -> str:
    """The access key that requests are signed with."""
    credentials = source.clients.session().get_credentials()
    assert credentials
    return str(credentials.access_key)


def write_credentials(home: Path, key: str, profile: str = "default") -> None:
    folder = home / ".aws"
    folder.mkdir(exist_ok=True)
    (folder / "credentials").write_text(f"[{profile}]\naws_access_key_id = {key}\naws_secret_access_key = false\n")


def test_importing_the_source_loads_no_boto3() -> None:
    look = "import sys, tui.sources.aws.source; print(*{'boto3', 'botocore', 'orjson', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_an_endpoint_that_starts_late_is_asked_for_once_and_on_first_use(moto: Moto) -> None:
    asked = []

    def start() -> str:
        asked.append(threading.current_thread())
        return moto.url

    source = AwsSource(moto.settings(endpoint_url=start))
    assert asked == []
    source.identity()
    source.list_jobs()
    source.clients.renew()
    source.list_jobs()
    assert len(asked) == 1


def test_threads_share_one_session_and_its_clients(moto: Moto) -> None:
    clients = Clients(moto.settings())
    gate, found, lock = threading.Barrier(8), [], threading.Lock()

    def ask() -> None:
        gate.wait()
        mine = [clients.session(), clients.client("sagemaker"), clients.client("logs")]
        with lock:
            found.append([id(thing) for thing in mine])

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert all(one == found[0] for one in found)
    assert set(clients.made()) == {"sagemaker", "logs"}


def test_requests_are_counted_with_their_retries(canned: Canned, canned_aws: AwsSource) -> None:
    canned.answers("ListTrainingJobs", Fault("InternalFailure", "", 500), {"TrainingJobSummaries": []})
    source = AwsSource(replace(canned_aws.clients.settings, attempts=2))
    assert source.calls == 0
    source.list_jobs()
    assert source.calls == 2


def test_aws_is_told_who_asks(canned: Canned, canned_aws: AwsSource) -> None:
    canned.answers("ListTrainingJobs", {"TrainingJobSummaries": []})
    canned_aws.list_jobs()
    assert f"sagetop/{__version__}" in canned.asked[0].headers["User-Agent"]


def test_who_is_asking_is_asked_once(moto: Moto, aws: AwsSource) -> None:
    identity = aws.identity()
    assert (identity.account, identity.region, identity.role) == (ACCOUNT, "eu-west-1", "MLOps")
    before = aws.calls
    assert aws.identity() == identity
    assert aws.calls == before


# What boto3 would find


def test_environment_variables(moto: Moto, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIAENV",
        "AWS_SECRET_ACCESS_KEY": "false",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ENDPOINT_URL": moto.url,
    }.items():
        monkeypatch.setenv(name, value)
    moto.add_job("job")
    source = AwsSource(ClientSettings())
    assert [job.name for job in source.list_jobs().items] == ["job"]
    assert keys(source) == "AKIAENV"
    assert source.clients.keys_from_environment


def test_aws_region_counts_before_aws_default_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "ap-south-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert Clients(ClientSettings()).region == "ap-south-1"
    assert Clients(ClientSettings(region="us-east-1")).region == "us-east-1"


def test_a_profile_of_the_shared_files(moto: Moto, clean_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_credentials(clean_machine, "AKIAWORK", "work")
    (clean_machine / ".aws/config").write_text(f"[profile work]\nregion = eu-west-1\nendpoint_url = {moto.url}\n")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAENV")  # a profile that is named counts before
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "false")
    source = AwsSource(ClientSettings(profile="work"))
    assert source.identity().region == "eu-west-1"
    assert keys(source) == "AKIAWORK"
    assert not source.clients.keys_from_environment

    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_PROFILE", "work")
    assert keys(AwsSource(ClientSettings())) == "AKIAWORK"


# Renewing


def test_refreshed_files_are_picked_up_after_the_old_keys_expired(canned: Canned, clean_machine: Path) -> None:
    write_credentials(clean_machine, "AKIAOLD")
    canned.answers("ListTrainingJobs", Fault("ExpiredTokenException"), {"TrainingJobSummaries": []})
    source = AwsSource(ClientSettings(region="eu-west-1", endpoint_url=canned.url))
    with pytest.raises(Expired):
        source.list_jobs()
    write_credentials(clean_machine, "AKIANEW")
    source.list_jobs()
    signed = [asked.headers["Authorization"] for asked in canned.asked]
    assert ["AKIAOLD" in signed[0], "AKIANEW" in signed[1]] == [True, True]


def test_credentials_that_come_later_are_found(canned: Canned, clean_machine: Path) -> None:
    canned.answers("ListTrainingJobs", {"TrainingJobSummaries": []})
    source = AwsSource(ClientSettings(region="eu-west-1", endpoint_url=canned.url))
    with pytest.raises(NoCredentials):
        source.list_jobs()
    assert source.calls == 0
    write_credentials(clean_machine, "AKIANEW")
    assert source.list_jobs().items == ()


def test_other_keys_are_asked_anew_who_they_are(canned: Canned, clean_machine: Path) -> None:
    write_credentials(clean_machine, "AKIAOLD")
    canned.answers("GetCallerIdentity", {"Account": "1", "Arn": "a"}, {"Account": "2", "Arn": "b"})
    canned.answers("ListTrainingJobs", Fault("ExpiredTokenException"))
    source = AwsSource(ClientSettings(region="eu-west-1", endpoint_url=canned.url))
    assert source.identity().account == "1"
    with pytest.raises(Expired):
        source.list_jobs()
    assert source.identity().account == "2"


def test_panes_that_fail_together_share_one_fresh_session(moto: Moto) -> None:
    clients = Clients(moto.settings())
    old = clients.session()
    clients.renew()
    fresh = clients.session()
    clients.renew()
    assert clients.session() is fresh
    assert fresh is not old


def test_every_service_has_a_client(moto: Moto) -> None:
    clients = Clients(moto.settings())
    made: dict[str, Any] = {service: clients.client(service) for service in SERVICES}
    assert clients.made() == made
    assert {client.meta.service_model.service_name for client in made.values()} == set(SERVICES)


def test_a_secret_key_is_not_in_what_settings_show() -> None:
    assert "hunter2" not in repr(ClientSettings(access_key="AKIAFALSE", secret_key="hunter2"))
