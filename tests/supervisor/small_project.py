"""A project small enough to start in two seconds: the real supervisor, granian, Celery,
PostgreSQL and Redis around a dozen lines of application."""

import shutil
from pathlib import Path

from reviewapp.supervisor.paths import PROJECT

_FILES = {
    "reviewapp/__init__.py": "",
    "reviewapp/wsgi.py": """
import os
import psycopg2


def application(environ, start_response):
    with psycopg2.connect(os.environ["DATABASE_URL"]) as connection:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM visits")
            body = str(cursor.fetchone()[0]).encode()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [body]
""",
    "worker/__init__.py": "",
    "worker/app.py": """
import os
from celery import Celery

app = Celery(broker=os.environ["REDIS_URL"].replace("unix://", "redis+socket://"), fixups=[])
app.conf.beat_schedule = {"tick": {"task": "visit", "schedule": 0.2}}
app.conf.broker_connection_retry_on_startup = True


@app.task(name="visit", ignore_result=True)
def visit():
    import psycopg2

    with psycopg2.connect(os.environ["DATABASE_URL"]) as connection:
        connection.cursor().execute("INSERT INTO visits DEFAULT VALUES")


app.conf.task_default_queue = "default"
""",
    "manage.py": """
import os
import sys
import psycopg2

command = sys.argv[1]
with psycopg2.connect(os.environ["DATABASE_URL"]) as connection:
    cursor = connection.cursor()
    if command == "migrate":
        cursor.execute("CREATE TABLE IF NOT EXISTS visits (id serial)")
        cursor.execute("CREATE TABLE IF NOT EXISTS reviewapp_prediction (id serial)")
    elif command == "seed_demo":
        if "--history" in sys.argv:
            print("history is written")
        print("account buyer buyer@example.org a-password")
        cursor.execute("INSERT INTO visits DEFAULT VALUES")
    elif command == "train_demo_model":
        print("\\rTraining 1/2", end="")
        print("\\rTraining 2/2", end="")
        cursor.execute("INSERT INTO reviewapp_prediction DEFAULT VALUES")
""",
}


def create(folder: Path) -> Path:
    """Write the project and return its folder."""
    for name, text in _FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    shutil.copytree(
        PROJECT / "reviewapp" / "supervisor",
        folder / "reviewapp" / "supervisor",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    return folder
