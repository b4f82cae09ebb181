"""The exports opened by the programs that people will open them with."""

import io
import json
import tarfile
import zipfile

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from reviewapp.choices import ExportFormat
from reviewapp.domain.label_studio import label_config
from reviewapp.models import SplitAssignment
from reviewapp.selectors.exports import export_path
from reviewapp.selectors.snapshots import frozen_rows
from tests.factories import ChampionFactory, ListedProductFactory, PredictionFactory
from tests.labels import export, label, picture, snapshot

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = 'Un "beau" livre ;\n=relié à 10 € 📚'


@pytest.fixture
def frozen(now, settings):
    """Three labels: with a picture, without one, and with one whose file is gone."""
    red = picture(settings.MEDIA_ROOT, "red", (400, 200))
    champion = ChampionFactory(name="demo-1")
    products = [
        ListedProductFactory(image=red, description=TEXT, external_id="a"),
        ListedProductFactory(external_id="b"),
        ListedProductFactory(external_id="c"),
    ]
    for product, code in zip(products, (2280, 10, 20), strict=True):
        given = label(now, code=code, product=product, model_version=champion, is_blind=code == 20)
        PredictionFactory(product=product, model_version=champion, category=given.category)
    return snapshot(now)


def test_numpy_loads_the_arrays_without_pickle(frozen, now, tmp_path):
    made = export(ExportFormat.NPY, now, frozen)

    with zipfile.ZipFile(export_path(made)) as archive:
        archive.extractall(tmp_path)  # noqa: S202  # our own file
    x = np.load(tmp_path / "X.npy", mmap_mode="r", allow_pickle=False)
    y = np.load(tmp_path / "y.npy", allow_pickle=False)
    has_image = np.load(tmp_path / "has_image.npy", allow_pickle=False)
    classes = json.loads((tmp_path / "classes.json").read_text("utf-8"))
    index = pd.read_csv(tmp_path / "index.csv", index_col=0)
    assert (x.shape, x.dtype) == ((3, 224, 224, 3), np.uint8)
    assert has_image.tolist() == [True, False, False]
    assert [classes[position]["code"] for position in y] == [2280, 10, 20]
    assert index["prdtypecode"].tolist() == [2280, 10, 20]
    assert x[0, 112, 112] == pytest.approx([254, 0, 0], abs=3)
    assert x[0, 0, 0].tolist() == [255, 255, 255]  # the wide picture is centred on white
    assert not x[1:].any()
    assert "Products without a readable picture: 2." in (tmp_path / "README.txt").read_text()


def test_pandas_reads_the_csv_and_the_json_lines(frozen, now):
    csv, lines = (export(kind, now, frozen) for kind in (ExportFormat.CSV, ExportFormat.JSONL))

    with zipfile.ZipFile(export_path(csv)) as archive:
        x, y, provenance = (
            pd.read_csv(io.BytesIO(archive.read(f"{name}.csv")), index_col=0)
            for name in ("X", "Y", "provenance")
        )
        manifest = json.loads(archive.read("manifest.json"))
        cards = [archive.read(name).decode() for name in ("CARD.md", "FICHE.md")]
    table = pd.read_json(export_path(lines), lines=True)
    assert x["description"][0] == TEXT
    assert y["prdtypecode"].tolist() == table["code"].tolist() == [2280, 10, 20]
    assert provenance["blind"].tolist() == table["is_blind"].tolist() == [False, False, True]
    assert table["description"][0] == TEXT
    assert manifest["digest"] == frozen.digest
    assert [frozen.digest in card for card in cards] == [True, True]


def test_pyarrow_reads_the_parquet_with_its_manifest(frozen, now):
    made = export(ExportFormat.PARQUET, now, frozen)

    table = pq.read_table(export_path(made))
    assert table["code"].to_pylist() == [2280, 10, 20]
    assert table["description"].to_pylist()[0] == TEXT
    assert table["agreement"].to_pylist() == [1.0, 1.0, 1.0]
    assert table["weight"].to_pylist() == [1.0, 1.0, 1.0]
    manifest = json.loads(table.schema.metadata[b"bonrayon.manifest"])
    assert manifest["rows"] == 3
    assert pd.read_parquet(export_path(made))["split"].isin(["train", "validation", "test"]).all()


@pytest.fixture
def load_folder(now, tmp_path, monkeypatch):
    """Export a snapshot, unpack it, and load the folder as a whole, as its reader does."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    datasets = pytest.importorskip("datasets")

    def load(of):
        made = export(ExportFormat.IMAGEFOLDER, now, of)
        with tarfile.open(export_path(made)) as archive:
            archive.extractall(tmp_path / "folder", filter="data")
        return datasets.load_dataset(
            "imagefolder",
            data_dir=str(tmp_path / "folder"),
            cache_dir=str(tmp_path / "cache"),
        )

    return load


def test_datasets_loads_the_image_folder_offline(frozen, load_folder, tmp_path):
    loaded = load_folder(frozen)

    rows = [{**row, "in": name} for name, part in loaded.items() for row in part]
    rows.sort(key=lambda row: row["product_id"])
    classes = json.loads((tmp_path / "folder" / "classes.json").read_text("utf-8"))
    assert [classes[row["label"]]["code"] for row in rows] == [2280, 10, 20]
    assert rows[0]["image"].size == (400, 200)
    assert [row["image"] is None for row in rows] == [False, True, True]
    assert rows[0]["description"] == TEXT
    assert [row["in"] for row in rows] == [row.split for row in frozen_rows(frozen)]


def test_datasets_loads_it_although_columns_are_empty_in_one_split(now, load_folder, settings):
    red = picture(settings.MEDIA_ROOT, "red", (40, 20))
    champion = ChampionFactory(name="demo-1")
    for split in ("train", "validation", "test"):
        is_full = split == "train"
        product = ListedProductFactory(image=red if is_full else None)
        SplitAssignment.objects.create(product=product, split=split, assigned_at=now)
        given = label(now, product=product, reasons=["audit"] if is_full else [])
        if is_full:
            PredictionFactory(product=product, model_version=champion, category=given.category)

    loaded = load_folder(snapshot(now))

    assert {name: part["confidence"] for name, part in loaded.items()} == {
        "train": [0.6],
        "validation": [None],
        "test": [None],
    }
    assert loaded["test"]["reasons"] == [[]]
    assert loaded["train"].features == loaded["test"].features


def test_datasets_loads_it_without_a_single_picture(now, load_folder):
    label(now, product=ListedProductFactory())

    [part] = load_folder(snapshot(now)).values()

    assert part["image"] == [None]


@pytest.mark.parametrize("address", ["", "https://catalogue.example.org"])
def test_label_studio_finds_the_pictures_on_this_site(frozen, now, settings, address):
    settings.PUBLIC_URL = address

    made = export(ExportFormat.LABEL_STUDIO, now, frozen)

    pictures = [task["data"]["image"] for task in json.loads(export_path(made).read_text("utf-8"))]
    assert pictures[0].startswith(f"{address}/media/images/")
    assert pictures[1] is None


def test_label_studio_tasks_have_its_documented_layout(frozen, now):
    made = export(ExportFormat.LABEL_STUDIO, now, frozen)

    tasks = json.loads(export_path(made).read_text("utf-8"))
    assert len(tasks) == 3
    first = tasks[0]
    assert {"id", "data", "annotations", "predictions"} <= set(first)
    assert first["data"]["description"] == TEXT
    assert first["data"]["image"].endswith(".jpg")
    [annotation] = first["annotations"]
    assert {"id", "result", "was_cancelled", "ground_truth", "created_at"} <= set(annotation)
    [result] = annotation["result"]
    assert (result["from_name"], result["to_name"], result["type"]) == (
        "category",
        "designation",
        "choices",
    )
    assert result["value"] == {"choices": ["2280 Catégorie 2280"]}
    [prediction] = first["predictions"]
    assert (prediction["model_version"], prediction["score"]) == ("demo-1", 0.6)
    assert "completed_by" not in annotation
    config = label_config(result["value"]["choices"])
    assert '<Choice value="2280 Catégorie 2280"/>' in config
