"""One record says what has changed, for the groups of `make test` as for everything else."""

import dataclasses
import json

import pytest

from tools.book import __main__, changed, groups, places


def test_what_was_noted_is_known_until_it_changes_or_is_forgotten(small_book):
    file = small_book / "index.md"
    key = changed.key_of([file], "more")
    assert not changed.is_same("site", key) and changed.known("site") == {}
    changed.note("site", key, seconds=1)
    changed.note("decks", "b")
    assert changed.is_same("site", key) and changed.known("site")["seconds"] == 1
    assert set(json.loads((places.BUILD / "record.json").read_text())) == {"decks", "site"}
    file.write_text("# New")
    assert not changed.is_same("site", changed.key_of([file], "more"))
    changed.forget("site")
    assert not changed.is_same("site", key) and changed.is_same("decks", "b")


def test_a_file_that_was_renamed_or_cut_elsewhere_has_changed(small_book):
    one, two = small_book / "one", small_book / "two"
    one.write_text("ab"), two.write_text("c")
    before = changed.key_of([one, two])
    one.write_text("a"), two.write_text("bc")
    assert changed.key_of([one, two]) != before
    assert changed.key_of([two]) != changed.key_of([two.rename(small_book / "three")])


@pytest.fixture
def runs(small_book, monkeypatch):
    """The names of the groups that ran; the tests of those in `failing` fail."""
    done, failing = [], []

    def stand_in(name):
        group = groups.GROUPS[name]
        test = lambda: done.append(name) or name not in failing  # noqa: E731
        return groups.Group(test, group.key, after=group.after, is_strict=group.is_strict)

    monkeypatch.setattr(groups, "GROUPS", {name: stand_in(name) for name in groups.GROUPS})
    return done, failing


NEEDS = {name: group.needs for name, group in groups.GROUPS.items()}
ALL = ["lint", "unit", "notebooks", "browser", "engines"]


def test_a_group_runs_again_only_when_its_files_change(runs, small_book):
    done, _ = runs
    assert groups.run(ALL, again=False) and done == ALL
    assert groups.run(ALL, again=False) and done == ALL
    for file, expected in (
        ("README.md", ["unit"]),
        ("index.md", ["unit", "browser", "engines"]),
        ("charlm_lib/core.py", ALL),
        ("charlm_lib/widgets/js/style.css", ["lint", "unit", "browser", "engines"]),
        ("tests/browser/test_site.py", ["lint", "browser", "engines"]),
        ("requirements.txt", ALL),
    ):
        del done[:]
        (small_book / file).parent.mkdir(parents=True, exist_ok=True)
        (small_book / file).write_text(f"# edited: {file}\n")
        assert groups.run(ALL, again=False) and done == expected, file


def test_a_named_group_runs_in_any_case_after_the_one_that_it_needs(runs, monkeypatch):
    done, _ = runs
    for expected in (["notebooks", "browser"], ["browser"]):
        del done[:]
        monkeypatch.setattr("sys.argv", ["tools.book", "test", "browser"])
        assert __main__.main() == 0 and done == expected


def test_a_failure_is_told_ends_the_run_and_is_not_noted(runs, capsys):
    done, failing = runs
    failing.append("unit")
    assert not groups.run(ALL, again=False) and done == ["lint", "unit"]
    assert "unit: failed" in capsys.readouterr().err
    failing.clear()
    assert groups.run(ALL, again=False) and done == ["lint", "unit", *ALL[1:]]


@pytest.mark.parametrize(
    "name, program", [("unit", "node"), ("browser", "chromium"), ("engines", "firefox-esr")]
)
def test_a_group_with_skipped_tests_has_not_passed(runs, monkeypatch, capsys, name, program):
    done, _ = runs
    real = groups.GROUPS[name]
    monkeypatch.setattr("shutil.which", lambda command: None)
    monkeypatch.setattr("tools.browsers.APPLICATIONS", ())
    group = dataclasses.replace(real, needs=NEEDS[name])
    monkeypatch.setitem(groups.GROUPS, name, group)
    for _ in range(2):
        has_passed = groups.run([name], again=False)
        told = capsys.readouterr()
        if name == "unit":  # without Node nothing is known of the page's code
            assert not has_passed and "unit: has not passed, since tests were skipped" in told.err
        else:
            assert has_passed and "except for what was skipped" in told.out
    assert done.count(name) == 2


def test_without_node_the_command_fails(runs, monkeypatch):
    group = dataclasses.replace(groups.GROUPS["unit"], needs=NEEDS["unit"])
    monkeypatch.setitem(groups.GROUPS, "unit", group)
    monkeypatch.setattr("sys.argv", ["tools.book", "test", "unit"])
    assert __main__.main() == 0
    monkeypatch.setattr("shutil.which", lambda command: None)
    assert __main__.main() == 1


def test_an_unknown_group_is_named(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["tools.book", "test", "units"])
    with pytest.raises(SystemExit):
        __main__.main()
    assert "no group units: choose from lint, unit, notebooks, browser" in capsys.readouterr().err
