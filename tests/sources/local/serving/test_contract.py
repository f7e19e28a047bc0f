"""inference.py is run as SageMaker's inference toolkit runs it."""

from __future__ import annotations

import io
import pickle
from pathlib import Path

import pytest

from tests.sources.local.serving.conftest import Serve

np = pytest.importorskip("numpy")

WHOLE = """
import json, os

def model_fn(model_dir):
    with open(os.path.join(model_dir, "weights.json")) as file:
        return json.load(file)

def input_fn(data, content_type):
    assert content_type == "application/json", content_type
    return json.loads(data)["x"]

def predict_fn(x, model):
    return x * model["w"]

def output_fn(prediction, accept):
    return json.dumps({"y": prediction, "accept": accept}), "application/vnd.mine+json"
"""


def test_the_four_functions_in_their_order(serve: Serve) -> None:
    with serve(WHOLE, files={"weights.json": '{"w": 21}'}) as served:
        answer = served.ask('{"x": 2}', Accept="application/json")
    assert (answer.status, answer.type) == (200, "application/vnd.mine+json")
    assert answer.json == {"y": 42, "accept": "application/json"}


def test_transform_fn_alone(serve: Serve) -> None:
    script = """
def model_fn(model_dir):
    return "m"

def transform_fn(model, data, content_type, accept):
    return f"{model} {data!r} {content_type} {accept}", "text/plain"
"""
    with serve(script) as served:
        assert served.ask("a,b", "text/csv", Accept="text/plain").body == b"m 'a,b' text/csv text/plain"
        assert served.ask(b"\x00\xff", "application/octet-stream").body.startswith(b"m b'\\x00\\xff'")


def test_transform_fn_beside_another_is_a_mistake(serve: Serve) -> None:
    script = "def model_fn(d): pass\ndef transform_fn(m, d, c, a): pass\ndef predict_fn(d, m): pass\n"
    with serve(script) as served:
        assert served.server.serving.status == "Failed"
        assert "remove it or predict_fn" in served.server.serving.failure_reason


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("x = 1\n", "has no model_fn"),
        ("def model_fn(d): raise ValueError('no weights')\n", "ValueError: no weights"),
        ("import nothing_of_that_name\n", "nothing_of_that_name"),
        ("def model_fn(\n", "SyntaxError"),
        ("import sys\nsys.exit(3)\n", "SystemExit: 3"),
        ("import os\nos._exit(7)\n", "worker-1 ended with 7"),
    ],
)
def test_a_model_that_does_not_load_fails_with_its_reason(serve: Serve, script: str, reason: str) -> None:
    with serve(script) as served:
        assert served.server.serving.status == "Failed"
        assert reason in served.server.serving.failure_reason


def test_every_function_may_take_a_context(serve: Serve) -> None:
    script = """
seen = []

def pre_model_fn(model_dir):
    seen.append("before")

def model_warmup_fn(model_dir, model, context):
    assert seen == ["before", "model"]

def model_fn(model_dir, context):
    seen.append("model")
    return context.system_properties["model_dir"] == model_dir

def input_fn(data, content_type, context):
    return context.get_request_header(0, "x-amzn-sagemaker-custom-attributes")

def predict_fn(data, model, context):
    context.set_response_header(0, "X-Mine", "1")
    return [data, model]

def output_fn(prediction, accept, context):
    context.set_response_content_type(0, "text/plain")
    return repr(prediction)
"""
    with serve(script) as served:
        answer = served.ask(**{"X-Amzn-SageMaker-Custom-Attributes": "trace=1"})
    assert (answer.body, answer.type, answer.headers["X-Mine"]) == (b"['trace=1', True]", "text/plain", "1")


def test_without_input_and_output_functions_json_csv_and_npy_are_read_and_written(serve: Serve) -> None:
    script = "def model_fn(d): return lambda x: x * 2\n"
    with serve(script) as served:
        assert served.ask("[[1, 2]]").json == [[2, 4]]
        assert served.ask("1,2\n3,4\n", "text/csv", Accept="text/csv").body == b"2,4\n6,8"
        answer = served.ask("1.5,2\n", "text/csv", Accept="image/png, application/json;q=0.9, */*")
        assert (answer.body, answer.type) == (b"[3.0, 4.0]", "application/json")
        content = io.BytesIO()
        np.save(content, np.arange(3))
        answer = served.ask(content.getvalue(), "application/x-npy", Accept="application/x-npy")
        assert np.load(io.BytesIO(answer.body)).tolist() == [0, 2, 4]
        assert served.ask("x", "application/xml").status == 415
        assert served.ask("[1]", Accept="image/png").status == 415


def test_a_pickle_is_never_decoded(serve: Serve, tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (open, (str(tmp_path / "made-by-the-pickle"), "w"))

    content = io.BytesIO()
    np.save(content, np.array([Evil()], dtype=object), allow_pickle=True)
    with serve("def model_fn(d): return lambda x: x\n") as served:
        assert served.ask(content.getvalue(), "application/x-npy").status == 500
        assert served.ask(pickle.dumps(Evil()), "application/x-pickle").status == 415
    assert not (tmp_path / "made-by-the-pickle").exists()


def test_an_error_of_the_model_is_a_500_that_names_it_and_its_traceback_is_in_the_log(serve: Serve) -> None:
    script = """
class TooLong(Exception):
    status_code = 422

def model_fn(d):
    return None

def predict_fn(data, model):
    if len(data) > 1:
        raise TooLong("one row at a time")
    return [1 / int(data[0])]
"""
    with serve(script) as served:
        answer = served.ask("[0]")
        assert answer.status == 500
        assert answer.body == b"ZeroDivisionError: division by zero\n"
        assert "Traceback" in served.log()
        assert served.ask("[1, 2]").status == 422
        assert "one row at a time" in served.log()
        assert served.ask("[2]").json == [0.5]


def test_the_codes_own_modules_are_found_and_sagetops_are_not(serve: Serve) -> None:
    script = """
import helper
def model_fn(d): return helper.NAME
def predict_fn(data, model):
    try:
        import unpack
    except ImportError:
        return [model]
"""
    with serve(script, files={"code__helper_py": "NAME = 'mine'\n"}) as served:
        assert served.ask().json == ["mine"]


def test_an_entry_point_beside_a_bare_archive(serve: Serve, tmp_path: Path) -> None:
    script = tmp_path / "src" / "serve_it.py"
    script.parent.mkdir()
    script.write_text("import os\ndef model_fn(d): return sorted(os.listdir(d))\ndef predict_fn(x, m): return m\n")
    with serve("", files={"weights.bin": "x"}, entry_point=script) as served:
        assert served.ask().json == ["code", "weights.bin"]
