"""Ctrl-C and its kin wait for the end of a step, and are not lost."""

from __future__ import annotations

import signal
import threading

import pytest

from pellucid.engines.signals import Held


@pytest.fixture(autouse=True)
def _usual() -> object:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_what_comes_is_kept_and_delivered() -> None:
    held = Held()
    with held:
        signal.raise_signal(signal.SIGINT)
        assert held.pending == [signal.SIGINT]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with pytest.raises(KeyboardInterrupt):
        held.deliver()
    held.deliver()  # once


def test_a_second_one_is_not_kept_waiting() -> None:
    def twice() -> None:
        with Held():
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        twice()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_only_what_a_python_function_handles_is_held() -> None:
    heard = []
    before = signal.getsignal(signal.SIGTERM)
    assert before is signal.SIG_DFL  # a program without a handler of its own is ended at once
    with Held():
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
    try:
        held = Held()
        with held:
            signal.raise_signal(signal.SIGTERM)
            assert heard == []
        held.deliver()
        assert heard == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with held:
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN, "the handler of an earlier block is not put back"


def test_other_threads_leave_signals_alone() -> None:
    seen = []

    def work() -> None:
        with Held() as held:
            seen.append((signal.getsignal(signal.SIGINT), held.pending))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(signal.default_int_handler, [])]
