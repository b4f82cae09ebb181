"""Small commands and the list of programs."""

import socket

import pytest

from reviewapp.supervisor import processes
from reviewapp.supervisor.errors import SupervisorError


def test_the_doctor_finds_this_machine_fit(start):
    done = start("doctor")

    assert done.wait() == 0, done.said
    assert "ok   postgresql" in done.said
    assert "ok   redis" in done.said


def test_the_doctor_names_a_taken_port(start):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = start("doctor", port=port)
        assert done.wait() == 1

    assert f"FAIL port        {port} is taken: PORT={port + 1} make run" in done.said


def test_health_is_no_when_nobody_answers(start):
    assert start("health", "web").wait() == 1


def test_health_is_yes_when_the_page_answers(start):
    running = start("run").until_it_says("is ready")

    assert start("health", "web", port=running.port).wait() == 0


def test_a_setting_that_is_no_number_is_named(monkeypatch):
    monkeypatch.setenv("PORT", "eighty")

    with pytest.raises(SupervisorError, match="PORT is 'eighty'"):
        processes.programs()


def test_inference_takes_half_the_cores_unless_told(monkeypatch):
    monkeypatch.delenv("INFERENCE_PROCESSES", raising=False)
    monkeypatch.setattr(processes.os, "cpu_count", lambda: 6)
    assert processes.inference_processes() == 3

    monkeypatch.setenv("INFERENCE_PROCESSES", "7")
    assert processes.inference_processes() == 7


def test_an_inference_process_uses_one_thread_and_steps_back():
    worker = processes.find("worker-inference")

    assert worker.env["OMP_NUM_THREADS"] == "1"
    assert worker.niceness == 10


def test_programs_never_fetch_models():
    assert {p.env["HF_HUB_OFFLINE"] for p in processes.programs().values()} == {"1"}
