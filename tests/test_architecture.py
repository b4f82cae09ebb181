"""The house keeps its shape: sizes of files and functions, layers, what a web process imports."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LONGEST_FILE = 300
LONGEST_TEST_FILE = 400
LONGEST_FUNCTION = 50


def sources(*folders, suffix=".py"):
    return [
        path
        for folder in folders
        for path in sorted((ROOT / folder).rglob(f"*{suffix}"))
        if "migrations" not in path.parts
    ]


PYTHON = sources("reviewapp", "classifier", "worker", "scripts")


def test_there_is_something_to_check():
    assert len(PYTHON) > 50


def test_no_file_grows_past_the_limit():
    own = [*PYTHON, *sources("static", suffix=".js"), *sources("static", suffix=".css")]

    too_long = {
        str(path.relative_to(ROOT)): lines
        for limit, paths in [(LONGEST_FILE, own), (LONGEST_TEST_FILE, sources("tests"))]
        for path in paths
        if (lines := path.read_text(encoding="utf-8").count("\n")) > limit
    }

    assert too_long == {}


def test_no_function_grows_past_the_limit():
    too_long = {
        f"{path.relative_to(ROOT)}: {node.name}": lines
        for path in PYTHON
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > LONGEST_FUNCTION
    }

    assert too_long == {}


@pytest.mark.parametrize(
    "modules",
    [
        "reviewapp.wsgi",
        "reviewapp.urls",
        "worker.tasks.classify, worker.app",
        "classifier, classifier.types",
    ],
)
def test_only_a_worker_loads_torch(modules):
    program = (
        "import django, sys; django.setup()\n"
        f"import {modules}\n"
        "heavy = {'torch', 'transformers', 'torchvision', 'sklearn'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or 0)"
    )

    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_no_pickle_anywhere():
    picklers = {"pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}
    # To catch the refusal of a restricted reader is not to read a pickle.
    harmless = {"pickle.UnpicklingError"}

    users = {
        str(path.relative_to(ROOT)): name
        for path in PYTHON
        for name in imported(path)
        if name.split(".")[0] in picklers and name not in harmless
    }

    assert users == {}


def test_templates_and_scripts_load_nothing_from_elsewhere():
    remote = [
        f"{path.relative_to(ROOT)}: {line.strip()[:80]}"
        for path in [*sources("templates", suffix=".html"), *sources("static", suffix=".js")]
        for line in path.read_text(encoding="utf-8").splitlines()
        if any(f'{attribute}="http' in line for attribute in ("src", "action", "data"))
        or ("<link" in line and "http" in line)
        or ("import " in line and "http" in line)
    ]

    assert remote == []


def test_templates_keep_to_the_content_security_policy():
    inline = [
        f"{path.relative_to(ROOT)}: {line.strip()[:80]}"
        for path in sources("templates", suffix=".html")
        for line in path.read_text(encoding="utf-8").splitlines()
        if " style=" in line or " onclick=" in line or "<script>" in line or "javascript:" in line
    ]

    assert inline == []


def test_python_may_set_a_traceback_on_every_exception_of_ours():
    frozen = [
        f"{path.relative_to(ROOT)}: {node.name}"
        for path in PYTHON
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
        and any(getattr(base, "id", "").endswith(("Exception", "Error")) for base in node.bases)
        and any("frozen=True" in ast.unparse(decorator) for decorator in node.decorator_list)
    ]

    assert frozen == []
