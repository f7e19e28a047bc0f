"""The settings file, the environment, and the folders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tui.config import ConfigError, Folders, Settings, load

Write = Callable[[str], dict[str, str]]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a settings file and returns the environment that names it."""

    def written(content: str) -> dict[str, str]:
        file = tmp_path / "config.toml"
        file.write_text(content, encoding="utf-8")
        return {"SAGETOP_CONFIG": str(file)}

    return written


def wrong(environ: dict[str, str]) -> str:
    with pytest.raises(ConfigError) as caught:
        load(environ)
    line = f"{caught.value.what}: {caught.value.hint}"
    assert "\n" not in line
    return line.replace(environ.get("SAGETOP_CONFIG", "\0"), "FILE")


class TestFile:
    def test_none_is_needed(self) -> None:
        assert load({}) == Settings()

    def test_an_empty_one_changes_nothing(self, write: Write, tmp_path: Path) -> None:
        settings = load(write(""))
        assert settings.folders.config == tmp_path
        assert settings == Settings(folders=settings.folders)

    def test_everything_that_can_be_set(self, write: Write) -> None:
        settings = load(
            write(
                """
                theme = "light"
                ascii = true
                read_only = true
                refresh = 2.5
                profile = "team"
                region = "eu-west-1"
                protected = ["*-prod", "payments-*"]

                [archive]
                enabled = false
                size_mb = 500

                [keys]
                jobs.filter = "slash,f"
                "app.quit" = "ctrl+q"

                [thresholds]
                overfitting.gap = 0.2
                "idle-gpu.p95" = 60
                """
            )
        )
        assert settings == Settings(
            theme="light",
            ascii=True,
            read_only=True,
            refresh_s=2.5,
            profile="team",
            region="eu-west-1",
            protected=("*-prod", "payments-*"),
            archive=False,
            archive_size_mb=500,
            keys={"jobs.filter": "slash,f", "app.quit": "ctrl+q"},
            thresholds={"overfitting.gap": 0.2, "idle-gpu.p95": 60},
            folders=settings.folders,
        )

    def test_lies_in_the_users_config_folder(self, clean_machine: Path) -> None:
        folder = clean_machine / ".config" / "sagetop"
        folder.mkdir(parents=True)
        (folder / "config.toml").write_text('theme = "dark"')
        assert load({}).theme == "dark"


class TestWrong:
    @pytest.mark.parametrize(
        ("content", "line"),
        [
            ("thme = 'dark'", "FILE: there is no setting thme: did you mean theme?"),
            ("[archive]\nsize = 3", "FILE: there is no setting archive.size: did you mean archive.size_mb?"),
            ("theme = 'mauve'", 'FILE: theme is \'mauve\': it has to be "auto", "dark" or "light"'),
            ("ascii = 1", "FILE: ascii is 1: it has to be true or false"),
            ("read_only = 'yes'", "FILE: read_only is 'yes': it has to be true or false"),
            ("refresh = 0", "FILE: refresh is 0: it has to be a number of seconds from 1 to 3600"),
            ("refresh = true", "FILE: refresh is true: it has to be a number of seconds from 1 to 3600"),
            ("refresh = nan", "FILE: refresh is nan: it has to be a number of seconds from 1 to 3600"),
            ("profile = ''", "FILE: profile is '': it has to be the name of an AWS profile"),
            ("protected = '*'", "FILE: protected is '*': it has to be a list of patterns such as [\"*-prod\"]"),
            ("archive = false", "FILE: archive is not a table: write [archive] with its settings below"),
            ("keys = 'x'", "FILE: keys is not a table: write [keys] with its settings below"),
            (
                "[keys]\njobs.filter = 3",
                'FILE: keys.jobs.filter is 3: it has to be keys for a binding such as jobs.filter = "slash,f"',
            ),
            (
                "[thresholds]\noverfitting.gap = 'much'",
                "FILE: thresholds.overfitting.gap is 'much': it has to be a number for each threshold",
            ),
            (
                "[thresholds]\noverfitting.gab = 0.2",
                "FILE: there is no threshold overfitting.gab: did you mean overfitting.gap?",
            ),
            (
                "[archive]\nsize_mb = 2.5",
                "FILE: archive.size_mb is 2.5: it has to be a whole number of megabytes, at least 10",
            ),
        ],
    )
    def test_names_the_file_the_key_and_what_is_expected(self, write: Write, content: str, line: str) -> None:
        assert wrong(write(content)) == line

    def test_an_unknown_key_that_resembles_none(self, write: Write) -> None:
        assert wrong(write("colour_of_the_sky = 1")).startswith(
            "FILE: there is no setting colour_of_the_sky: there are theme,"
        )

    def test_not_toml(self, write: Write) -> None:
        line = wrong(write("theme = \n"))
        assert line.startswith("FILE is not TOML: ")
        assert "line 1" in line

    def test_toml_that_is_too_deep(self, write: Write) -> None:
        assert wrong(write("a = " + "[" * 100_000)).startswith("FILE is not TOML: ")

    def test_not_utf_8(self, tmp_path: Path) -> None:
        file = tmp_path / "c.toml"
        file.write_bytes(b"theme = '\xff'")
        assert wrong({"SAGETOP_CONFIG": str(file)}) == "FILE is not UTF-8 text: save it as UTF-8"

    def test_a_named_file_that_does_not_exist(self, tmp_path: Path) -> None:
        line = wrong({"SAGETOP_CONFIG": str(tmp_path / "none.toml")})
        assert line == "FILE does not exist: SAGETOP_CONFIG has to name a settings file"

    def test_a_folder(self, tmp_path: Path) -> None:
        assert wrong({"SAGETOP_CONFIG": str(tmp_path)}).startswith("FILE cannot be read (Is a directory)")


class TestReadOnly:
    @pytest.mark.parametrize("value", ["1", "true", "yes", "YES", "on", "anything"])
    def test_of_the_environment_counts_more_than_the_file(self, write: Write, value: str) -> None:
        assert load({**write("read_only = false"), "SAGETOP_READ_ONLY": value}).read_only

    @pytest.mark.parametrize("value", ["", "0", "false", "No", "off"])
    def test_of_the_environment_may_be_off_but_takes_nothing_back(self, write: Write, value: str) -> None:
        assert not load({**write(""), "SAGETOP_READ_ONLY": value}).read_only
        assert load({**write("read_only = true"), "SAGETOP_READ_ONLY": value}).read_only


class TestFolders:
    def test_are_the_platforms(self, clean_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        assert Folders.of_user() == Folders(
            cache=clean_machine / ".cache" / "sagetop",
            config=clean_machine / ".config" / "sagetop",
            state=clean_machine / ".local" / "state" / "sagetop",
        )
        monkeypatch.setenv("XDG_CACHE_HOME", str(clean_machine / "elsewhere"))
        assert Folders.of_user().cache == clean_machine / "elsewhere" / "sagetop"

    def test_reading_settings_makes_none(self, clean_machine: Path) -> None:
        load({})
        assert list(clean_machine.iterdir()) == []

    def test_of_the_demo_lie_under_its_own(self, tmp_path: Path) -> None:
        folders = Folders.under(tmp_path)
        assert {folders.cache.parent, folders.config.parent, folders.state.parent} == {tmp_path}
