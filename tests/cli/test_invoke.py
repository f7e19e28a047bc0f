"""`sagetop invoke`: what a model is asked, what it answered, and what is said where it did not."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from tests.canned import Canned, Drop, Fault, Raw
from tests.cli.conftest import COMMAND, Ended, Sagetop, environment_for
from tests.cli.test_serve import Running, packed
from tests.events import failure, payload_part
from tests.moto_server import Moto, ms
from tui.model.invocation import Invocation
from tui.sources import answer
from tui.sources.aws.source import AwsSource
from tui.sources.base import Broken


@pytest.fixture
def ranker(moto: Moto) -> Moto:
    moto.add_endpoint("ranker")
    return moto


def answered(canned: Canned, body: bytes, kind: str = "application/json", variant: str = "v12") -> Canned:
    headers = {"Content-Type": kind, "x-Amzn-Invoked-Production-Variant": variant}
    canned.answers("InvokeEndpoint", Raw(body, headers=headers))
    return canned


def model_error(original: str) -> Raw:
    said = {"Message": "Received server error", "OriginalMessage": original, "OriginalStatusCode": 503}
    return Raw(json.dumps(said).encode(), 424, {"x-amzn-ErrorType": "ModelError", "Content-Type": "application/json"})


class TestAsking:
    def test_into_a_pipe_the_answer_is_byte_for_byte_the_models(self, canned: Canned, sagetop: Sagetop) -> None:
        answered(canned, b'{"score":\x1b[31m 1}')
        ended = sagetop("invoke", "ranker", "--data", "{}", at=canned.url)
        assert (ended.code, ended.out, ended.err) == (0, '{"score":\x1b[31m 1}', "")

    def test_on_a_terminal_json_is_indented_and_says_who_answered(
        self, canned: Canned, on_terminal: Callable[..., Ended]
    ) -> None:
        answered(canned, b'{"score": 0.5, "by": "\\u001b]0;x\\u0007me"}')
        ended = on_terminal("invoke", "ranker", "--data", "{}", at=canned.url, columns=100)
        assert '{\n  "score": 0.5,\n  "by": "' in ended.out
        assert "\x1b" not in ended.out.replace("\x1b[", "")
        assert "v12 · application/json" in ended.out

    def test_what_is_sent_is_what_was_said(self, canned: Canned, sagetop: Sagetop) -> None:
        answered(canned, b"1")
        options = ["--content-type", "text/csv", "--accept", "text/plain", "--variant", "v13", "--component", "c1"]
        assert sagetop("invoke", "ranker", "--data", "1,2", *options, at=canned.url).code == 0
        (asked,) = canned.asked
        assert asked.parameters == {"path": "/endpoints/ranker/invocations", "body": b"1,2"}
        sent = {name.lower(): value for name, value in asked.headers.items()}
        assert (sent["content-type"], sent["accept"]) == ("text/csv", "text/plain")
        assert sent["x-amzn-sagemaker-target-variant"] == "v13"
        assert sent["x-amzn-sagemaker-inference-component"] == "c1"

    @pytest.mark.parametrize(
        ("name", "content", "kind"),
        [
            ("r.json", b"[1]", "application/json"),
            ("r.csv", b"1", "text/csv"),
            ("r.npy", b"\x93NUMPY", "application/x-npy"),
            ("request", b'{"a": 1}', "application/json"),
            ("request", b"1,2\n3,4\n", "text/csv"),
            ("request", b"hello", "text/plain"),
            ("request", b"\xff\x00", "application/octet-stream"),
        ],
    )
    def test_a_files_content_type_is_found(
        self, canned: Canned, sagetop: Sagetop, tmp_path: Path, name: str, content: bytes, kind: str
    ) -> None:
        answered(canned, b"1")
        (tmp_path / name).write_bytes(content)
        assert sagetop("invoke", "ranker", "--data", str(tmp_path / name), at=canned.url).code == 0
        (asked,) = canned.asked
        assert asked.parameters["body"] == content
        assert asked.headers["Content-Type"] == kind

    def test_as_json(self, canned: Canned, sagetop: Sagetop) -> None:
        answered(canned, b"\xff\xfe", "application/x-npy")
        (line,) = sagetop("invoke", "ranker", "--data", "[1]", "--json", at=canned.url).lines
        found = json.loads(line)
        assert (found["status"], found["variant"], found["body"]) == (200, "v12", None)
        assert base64.b64decode(found["body_base64"]) == b"\xff\xfe"
        assert found["took_ms"] >= found["first_ms"] > 0

    def test_many_times(self, ranker: Moto, sagetop: Sagetop) -> None:
        lines = sagetop("invoke", "ranker", "--data", "[1]", "--repeat", "5", at=ranker.url).lines
        assert lines[0] == "5 requests, 0 model errors"
        assert [word for word in lines[1].split() if word.isalnum() and not word.isdigit()][:2] == ["min", "p50"]
        assert lines[2] == "answered by: main 5×"


class TestRefused:
    def test_over_6_mib_nothing_is_sent(self, canned: Canned, sagetop: Sagetop, tmp_path: Path) -> None:
        (tmp_path / "big.json").write_bytes(b" " * ((6 << 20) + 1))
        line = sagetop("invoke", "ranker", "--data", str(tmp_path / "big.json"), at=canned.url).failed(2)
        assert "6 MiB" in line
        assert canned.asked == []

    def test_an_endpoint_that_does_not_exist(self, moto: Moto, sagetop: Sagetop) -> None:
        line = sagetop("invoke", "nobody", "--data", "{}", at=moto.url).failed(4)
        assert "nobody" in line
        assert line.endswith(": to list them: sagetop endpoints")

    def test_a_missing_permission_is_named(self, canned: Canned, sagetop: Sagetop) -> None:
        said = "User: x is not authorized to perform: sagemaker:InvokeEndpoint on resource: y"
        headers = {"x-amzn-ErrorType": "AccessDeniedException"}
        canned.answers("InvokeEndpoint", Raw(json.dumps({"Message": said}).encode(), 403, headers))
        assert "sagemaker:InvokeEndpoint" in sagetop("invoke", "ranker", "--data", "{}", at=canned.url).failed(3)

    def test_a_request_is_never_sent_twice(self, canned: Canned, sagetop: Sagetop) -> None:
        canned.answers("InvokeEndpoint", Drop())
        sagetop("invoke", "ranker", "--data", "{}", at=canned.url).failed(3)
        assert canned.count("InvokeEndpoint") == 1
        canned.answers("InvokeEndpoint", Fault("ServiceUnavailable", "later", 503))
        sagetop("invoke", "ranker", "--data", "{}", at=canned.url).failed(3)
        assert canned.count("InvokeEndpoint") == 2


class TestModelErrors:
    def test_the_original_status_and_words_come_with_the_log_of_those_seconds(
        self, canned: Canned, sagetop: Sagetop
    ) -> None:
        canned.answers("InvokeEndpoint", model_error("CUDA out of memory"))
        event = {
            "timestamp": ms(datetime.now(timezone.utc)),
            "ingestionTime": ms(datetime.now(timezone.utc)),
            "logStreamName": "main/i-1",
            "eventId": "1",
            "message": "torch.cuda.OutOfMemoryError\x1b]0;x\x07",
        }
        canned.answers("FilterLogEvents", {"events": [event]})
        ended = sagetop("invoke", "ranker", "--data", "{}", at=canned.url)
        assert (ended.code, ended.out) == (6, "")
        first, second = ended.err.splitlines()
        assert first.startswith("sagetop: the model answered 503: CUDA out of memory")
        assert second == "[i-1] torch.cuda.OutOfMemoryError"

    def test_as_json_and_many_times(self, canned: Canned, sagetop: Sagetop) -> None:
        canned.answers("InvokeEndpoint", model_error("no"))
        ended = sagetop("invoke", "ranker", "--data", "{}", "--repeat", "2", "--json", at=canned.url)
        assert ended.code == 6
        assert [json.loads(line)["status"] for line in ended.out.splitlines()] == [503, 503]


class TestStreams:
    @pytest.mark.parametrize(
        "options",
        [
            ["--data", "{}", "--stream"],
            ["--data", '{"stream": true}'],
            ["--data", "{}", "--accept", "text/event-stream"],
        ],
    )
    def test_it_comes_in_pieces_where_the_request_asks_for_it(
        self, canned: Canned, sagetop: Sagetop, options: list[str]
    ) -> None:
        body = b"".join(map(payload_part, (b"data: one\n\n", b"data: ", b"two\n\n")))
        canned.answers("InvokeEndpointWithResponseStream", Raw(body))
        ended = sagetop("invoke", "llm", *options, at=canned.url)
        assert (ended.code, ended.out) == (0, "data: one\n\ndata: two\n\n")
        assert canned.count("InvokeEndpoint") == 0

    def test_a_stream_that_breaks_off_gives_what_came_and_6(self, canned: Canned, sagetop: Sagetop) -> None:
        body = payload_part(b"half") + failure("ModelStreamError", "worker died")
        canned.answers("InvokeEndpointWithResponseStream", Raw(body))
        canned.answers("FilterLogEvents", {"events": []})
        ended = sagetop("invoke", "llm", "--data", "{}", "--stream", at=canned.url)
        assert (ended.code, ended.out) == (6, "half")
        assert "worker died" in ended.err

    def test_memory_holds_the_beginning_of_a_stream_and_no_answer_that_is_larger(
        self, canned: Canned, canned_aws: AwsSource, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(answer, "LARGEST_KEPT", 10)
        canned.answers("InvokeEndpointWithResponseStream", Raw(payload_part(b"abcd") * 4))
        pieces: list[bytes] = []
        response = canned_aws.invoke("llm", Invocation(b"{}", stream=True), pieces.append)
        assert (b"".join(pieces), response.body, response.left_out) == (b"abcd" * 4, b"abcdabcdab", 6)
        answered(canned, b"abcd" * 4)
        for stream in (True, False):
            with pytest.raises(Broken, match="the answer is larger than"):
                canned_aws.invoke("llm", Invocation(b"{}", stream=stream))

    def test_a_reader_that_leaves_ends_it(self, canned: Canned) -> None:
        canned.answers("InvokeEndpointWithResponseStream", Raw(payload_part(b"x" * (1 << 20)) * 4))
        asking = subprocess.Popen(
            [*COMMAND, "invoke", "llm", "--data", "{}", "--stream"],
            env=environment_for(canned.url, {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert asking.stdout is not None
        assert asking.stderr is not None
        assert asking.stdout.read(10) == b"x" * 10
        asking.stdout.close()
        assert (asking.stderr.read(), asking.wait(60)) == (b"", 0)
        asking.stderr.close()


class TestHere:
    @pytest.fixture
    def churn(self, tmp_path: Path) -> Iterator[Running]:
        running = Running(str(packed(tmp_path / "churn.tar.gz")))
        assert " answers on " in running.line
        yield running
        running.end()

    def test_a_model_on_this_machine_is_asked_by_its_prefix(self, churn: Running, sagetop: Sagetop) -> None:
        assert sagetop("invoke", "local/churn", "--data", "[1, 2]").out == "[2, 4]"

    def test_its_errors_are_6_and_name_themselves(self, churn: Running, sagetop: Sagetop) -> None:
        ended = sagetop("invoke", "local/churn", "--data", "7")
        assert ended.code == 6
        assert "the model answered 500: TypeError" in ended.err
        assert "[worker-1] TypeError" in ended.err

    def test_it_is_listed_with_the_endpoints(self, churn: Running, sagetop: Sagetop) -> None:
        (line,) = sagetop("endpoints", "--local", "--json").lines
        assert (json.loads(line)["name"], json.loads(line)["status"]) == ("local/churn", "InService")

    def test_one_that_is_not_served(self, sagetop: Sagetop) -> None:
        assert "sagetop serve" in sagetop("invoke", "local/nobody", "--data", "{}").failed(4)
