"""The unit tests compile quickly, and whatever they start compiles as it does for a reader."""

import os

import pytest

from tests import quick_compiler


@pytest.mark.parametrize("mine", [None, "--xla_force_host_platform_device_count=2"])
def test_the_flag_comes_and_goes(mine, monkeypatch):
    monkeypatch.delenv("XLA_FLAGS", raising=False)
    if mine:
        monkeypatch.setenv("XLA_FLAGS", mine)
    monkeypatch.setattr(quick_compiler.jax, "__version_info__", (*quick_compiler.TRIED, 9))
    quick_compiler.set_flag()
    assert os.environ["XLA_FLAGS"].split() == [*([mine] if mine else []), quick_compiler.FLAG]
    quick_compiler.unset_flag()
    assert os.environ.get("XLA_FLAGS") == mine


@pytest.mark.parametrize("version", [(0, 7, 2), (0, 11, 0), (1, 10, 0)])
def test_another_jax_is_asked_for_nothing(version, monkeypatch):
    monkeypatch.delenv("XLA_FLAGS", raising=False)
    monkeypatch.setattr(quick_compiler.jax, "__version_info__", version)
    quick_compiler.set_flag()
    assert "XLA_FLAGS" not in os.environ


def test_no_flag_is_left_for_the_tests():
    assert quick_compiler.FLAG not in os.environ.get("XLA_FLAGS", "")
