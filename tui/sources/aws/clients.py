"""One boto3 session and its clients: how sagetop reaches AWS, or the emulated AWS of the demo."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Literal, get_args
from urllib.parse import urlsplit

from tui import __version__
from tui.model.prices import pricing_region
from tui.sources.aws.errors import CutShort, GaveUp, NotLoopback, translate
from tui.sources.base import Identity, Refused

if TYPE_CHECKING:
    import boto3.session
    from botocore.awsrequest import AWSResponse
    from botocore.config import Config

Service = Literal[
    "sagemaker", "sagemaker-runtime", "cloudwatch", "logs", "application-autoscaling", "sts", "pricing", "s3"
]
SERVICES: tuple[Service, ...] = get_args(Service)
"""Every service that sagetop speaks to: there is no client of any other."""

_RENEW_EVERY_S = 2.0
_EXACT_MS = 2000
_STARTED = "sagetop_started"


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """What decides which AWS is asked, and as whom.

    Attributes:
        profile: A profile of the shared config files; None for what boto3 finds by itself.
        region: Overrides the environment's and the profile's.
        endpoint_url: Where every service is; a callable is asked on first use, in the worker that needs it.
        access_key: With `secret_key`: fixed keys. Environment variables, profiles, config and credential files, proxies
            and instance metadata are then ignored altogether.
        secret_key: See `access_key`.
        loopback_only: Refuse any host but this machine, before a byte is sent.
        timeout_s: How long one request may take with all its retries.
        attempts: How often one request is sent at most, where sending it again makes sense.
    """

    profile: str | None = None
    region: str | None = None
    endpoint_url: str | Callable[[], str] | None = None
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    loopback_only: bool = False
    timeout_s: float = 30.0
    attempts: int = 4

    @property
    def fixed_keys(self) -> bool:
        """Whether the keys are given, and nothing of the environment may count."""
        return self.access_key is not None

    @property
    def connect_timeout_s(self) -> float:
        """How long one address may take to answer the door."""
        return min(5.0, self.timeout_s / 8)

    @property
    def read_timeout_s(self) -> float:
        """How long the server may be silent, in one attempt."""
        return self.timeout_s * 0.4


@dataclass(slots=True)
class Learnt:
    """What was learnt of an account and is good for as long as the keys are.

    Attributes:
        identity: Who is asking.
        denied: Permissions that IAM refused and that something else stands in for (`sagemaker:Search`).
        configs: What DescribeEndpointConfig said, by the config's name: a config never changes, so it is asked once.
        variants: The names of the variants of the endpoints described so far.
        asking: Held while a config of this name is asked for.
        components: The names of the inference components on the endpoints that were asked about.
        models: Where a model's data lies, by the model's name: a model never changes either.
    """

    identity: Identity | None = None
    denied: set[str] = field(default_factory=set)
    configs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    variants: dict[str, tuple[str, ...]] = field(default_factory=dict)
    components: dict[str, tuple[str, ...]] = field(default_factory=dict)
    models: dict[str, str] = field(default_factory=dict)
    asking: dict[str, threading.Lock] = field(default_factory=dict)


class Clients:
    """The clients of one boto3 session, made when first needed and shared by all threads.

    boto3 is imported on the first request, never before: the first frame does not wait for it.

    Attributes:
        settings: What it was made of.
        learnt: What was learnt with the keys of this session.
        metrics_asked: How many metrics GetMetricData was asked for so far: each costs.
        uploaded: How many bytes of files were put into S3 so far.
    """

    def __init__(self, settings: ClientSettings) -> None:
        self.settings = settings
        self.learnt = Learnt()
        self._lock = threading.RLock()
        self.metrics_asked = 0
        self.uploaded = 0
        self._calls = 0
        self._skew_ms = 0
        self._endpoint_url: str | None = None
        self._session: boto3.session.Session | None = None
        self._clients: dict[Service, Any] = {}
        self._once: dict[Service, Any] = {}
        self._renewed: float | None = None

    @property
    def calls(self) -> int:
        """HTTP requests sent so far, retries and requests for credentials included."""
        return self._calls

    def now_ms(self) -> int:
        """The time by AWS's clock, ms since the epoch, as far as its answers have told it."""
        return int(time.time() * 1000) + self._skew_ms

    @property
    def region(self) -> str:
        """The region that requests go to, empty while none is known."""
        return self.session().region_name or ""

    @property
    def keys_from_environment(self) -> bool:
        """Whether the keys are AWS_ACCESS_KEY_ID and its kin, which only a restart can renew."""
        return self._keys_from() == "env"

    def client(self, service: Service) -> Any:
        """The boto3 client of a service.

        Raises:
            SourceError: There is no such profile or no region, or the endpoint is not on this machine and must be.
        """
        with self._lock:
            if service not in self._clients:
                try:
                    self._clients[service] = self._make(service)
                except Exception as error:
                    raise translate(error, service=service, profile=self.settings.profile) from error
            return self._clients[service]

    def once(self, service: Service) -> Any:
        """A boto3 client that sends each request once, whatever becomes of it: for what changes something.

        Raises:
            SourceError: As `client`.
        """
        with self._lock:
            if service not in self._once:
                try:
                    self._once[service] = self._make(service, attempts=1)
                except Exception as error:
                    raise translate(error, service=service, profile=self.settings.profile) from error
            return self._once[service]

    def made(self) -> dict[Service, Any]:
        """The clients that exist, by service."""
        with self._lock:
            return dict(self._clients)

    def call(self, service: Service, operation: str, **parameters: object) -> dict[str, Any]:
        """Send one request, with its retries, and return boto3's answer.

        Args:
            service: The service.
            operation: The operation as AWS writes it: `ListTrainingJobs`.
            parameters: The operation's parameters.

        Raises:
            SourceError: Whatever went wrong, in sagetop's words.
        """
        client = self.client(service)
        try:
            from botocore import xform_name

            answer: dict[str, Any] = getattr(client, xform_name(operation))(**parameters)
        except Exception as error:
            raise translate(
                error,
                service=service,
                operation=operation,
                profile=self.settings.profile,
                keys_from=self._keys_from,
            ) from error
        self._set_clock(answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date"))
        return answer

    def renew(self) -> None:
        """Forget the session, so that the next request picks up an SSO login or refreshed files.

        Requests under way end with the old session. Keys of the environment stay as they are. Several panes fail at
        once: one fresh session within two seconds is enough for them all.
        """
        with self._lock:
            now = time.monotonic()
            if self._renewed is None or now - self._renewed >= _RENEW_EVERY_S:
                self._renewed = now
                self._session = None
                self._clients = {}
                self._once = {}
                self.learnt = Learnt()  # the next keys may be another account's

    def session(self) -> boto3.session.Session:
        """The boto3 session, made on first use."""
        with self._lock:
            if self._session is None:
                try:
                    self._session = self._make_session()
                except Exception as error:
                    raise translate(error, profile=self.settings.profile) from error
            return self._session

    def _make_session(self) -> boto3.session.Session:
        import boto3.session
        import botocore.session
        from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES as VARIABLES

        from tui.sources.aws.models import ModelLoader
        from tui.sources.aws.timestamps import parse_timestamp

        settings = self.settings
        variables: dict[str, tuple[Any, Any, Any, Any]]
        if settings.fixed_keys:
            # No name to look up in the environment or in a file: what is left are botocore's own defaults.
            variables = {name: (None, None, default, conv) for name, (_, _, default, conv) in VARIABLES.items()}
            variables |= dict.fromkeys(("config_file", "credentials_file"), (None, None, "", None))
        else:
            # boto3 alone does not read AWS_REGION, which the AWS CLI and every other SDK do.
            variables = {"region": ("region", ["AWS_REGION", "AWS_DEFAULT_REGION"], None, None)}
        core = botocore.session.Session(session_vars=variables)
        if settings.fixed_keys:
            core.set_credentials(settings.access_key or "", settings.secret_key or "")
        core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=parse_timestamp)
        core.set_default_client_config(self._config())
        core.register("request-created", self._within_budget, unique_id="sagetop-budget")
        core.register("before-send", self._before_send, unique_id="sagetop-before-send")
        needs_retry: Any = self._needs_retry  # the stubs know of no event that is answered
        core.register("needs-retry", needs_retry, unique_id="sagetop-needs-retry")
        session = boto3.session.Session(
            botocore_session=core,
            profile_name=None if settings.fixed_keys else settings.profile,
            region_name=settings.region or None,
        )
        # Now that the profile is known, in which AWS_DATA_PATH may be set.
        core.register_component("data_loader", ModelLoader(core.get_config_variable("data_path")))
        return session

    def _config(self, attempts: int | None = None, read_timeout_s: float | None = None) -> Config:
        from botocore.config import Config

        settings = self.settings
        local: dict[str, Any] = {"proxies": {}, "inject_host_prefix": False} if settings.fixed_keys else {}
        return Config(
            connect_timeout=settings.connect_timeout_s,
            read_timeout=read_timeout_s or settings.read_timeout_s,
            retries={"mode": "standard", "total_max_attempts": attempts or settings.attempts},
            max_pool_connections=32,
            user_agent_extra=f"sagetop/{__version__}",
            # A host of its own for each bucket is what AWS has, and no stand-in for it.
            s3={"addressing_style": "path"} if settings.endpoint_url else None,
            **local,
        )

    def _make(self, service: Service, attempts: int | None = None) -> Any:
        settings = self.settings
        if self._endpoint_url is None and settings.endpoint_url is not None:
            given = settings.endpoint_url
            self._endpoint_url = given if isinstance(given, str) else given()
        session: Any = self.session()  # the stubs want each service by its name
        # A model may take 60 s.
        config = self._config(attempts, 70.0 if service == "sagemaker-runtime" else None) if attempts else None
        region = self._region_for(service)
        client = session.client(service, region_name=region, endpoint_url=self._endpoint_url, config=config)
        if settings.loopback_only:
            refuse_foreign(client.meta.endpoint_url)
        return client

    def _region_for(self, service: Service) -> str | None:
        """The region of a client: None for the session's own; the Pricing API is in others than all else."""
        if service != "pricing":
            return None
        region = pricing_region(self.region)
        if region is None:
            raise Refused(f"the Pricing API knows no prices of {self.region}")
        return region

    def _keys_from(self) -> str:
        credentials = self.session().get_credentials()
        return str(credentials.method) if credentials else ""

    def _set_clock(self, date: str | None) -> None:
        if not date:
            return
        try:
            skew = int(parsedate_to_datetime(date).timestamp() * 1000) - int(time.time() * 1000)
        except (ValueError, TypeError):
            return
        # The header is cut to seconds and was some way under way: a small difference is none.
        self._skew_ms = skew if abs(skew) > _EXACT_MS else 0

    def _within_budget(self, **event: Any) -> None:
        # Every retry creates a request of its own, with the context of the first.
        now = time.monotonic()
        started: float = event["request"].context.setdefault(_STARTED, now)
        if now > started and now - started + self.settings.read_timeout_s > self.settings.timeout_s:
            raise GaveUp(now - started)

    def _before_send(self, **event: Any) -> None:
        if self.settings.loopback_only:
            refuse_foreign(event["request"].url)
        with self._lock:
            self._calls += 1

    def _needs_retry(self, **event: Any) -> float | None:
        """Seconds to wait before an answer that was cut off is asked for again.

        botocore takes what is no JSON, half an answer or a proxy's page, for an answer that says nothing: a list would
        be empty, and its end reached.
        """
        operation, answer = event["operation"], event["response"]
        if answer is None or operation.has_streaming_output or operation.has_event_stream_output:
            return None
        if is_whole(answer[0], operation.service_model.resolved_protocol):
            return None
        if event["attempts"] >= event["request_dict"]["context"]["client_config"].retries["total_max_attempts"]:
            raise CutShort
        return 0.2 * float(event["attempts"])


def is_whole(response: AWSResponse, protocol: str) -> bool:
    """Whether an answer is as long as it said, and an object where the protocol has nothing else.

    Its content type says nothing: moto calls its JSON html.
    """
    body = response.content
    length = response.headers.get("content-length", "")
    if length.isdigit() and "content-encoding" not in response.headers and len(body) < int(length):
        return False
    if response.status_code >= 300 or not body or protocol != "json":
        return True  # botocore's parsers of the other protocols refuse what they cannot read
    return is_object(body)


def is_object(body: bytes) -> bool:
    """Whether it begins and ends as a JSON object does."""
    return body.lstrip()[:1] == b"{" and body.rstrip()[-1:] == b"}"


def refuse_foreign(url: str) -> None:
    """Raise NotLoopback if a URL leads anywhere but to this machine."""
    host = urlsplit(url).hostname or ""
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost"
    if not local:
        raise NotLoopback(host)
