import io
import json

import pytest

from classifier.artifact import verify_artifact
from classifier.cli.main import main
from classifier.cli.options import default_cache
from classifier.cli.progress import Progress
from tests.classifier import world
from tests.classifier.tiny import write_image_backbone, write_text_backbone


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The world's products in the challenge's layout."""
    folder = tmp_path_factory.mktemp("challenge")
    products = world.dataset(folder / "images" / "image_train", per_category=16)
    lines = [",designation,description,productid,imageid"]
    labels = [",prdtypecode"]
    for index, product in enumerate(products):
        title = product.input.designation.replace("livre", "livre ancien")
        lines.append(f"{index},{title},,{1000 + index},{index}")
        labels.append(f"{index},{product.code}")
        name = f"image_{index}_product_{1000 + index}.jpg"
        product.input.image.rename(folder / "images" / "image_train" / name)
    (folder / "X_train.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "Y_train.csv").write_text("\n".join(labels) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def settings_file(tmp_path_factory):
    """A configuration with backbones of a few kilobytes, in the real file formats."""
    base = tmp_path_factory.mktemp("backbones")
    text = write_text_backbone(base / "text")
    image = write_image_backbone(base / "image")
    path = base / "config.json"
    values = {
        "folds": 3,
        "bootstrap_samples": 50,
        "text": {"backbone": str(text), "precision": "fp32", "max_tokens": 32},
        "image": {"backbone": str(image), "precision": "fp32"},
    }
    path.write_text(json.dumps(values))
    return path


@pytest.fixture(scope="module")
def trained(folder, settings_file, tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")
    model = tmp_path_factory.mktemp("models") / "v1"
    arguments = ["train", "--data", str(folder), "--out", str(model), "--cache", str(cache)]
    assert main([*arguments, "--config", str(settings_file), "--quiet"]) == 0
    return model, cache


def _run(capsys, *arguments):
    code = main([str(one) for one in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_a_trained_model_predicts_from_the_command_line(trained, folder, capsys):
    model, cache = trained

    code, out, _ = _run(
        capsys, "predict", "--model", model, "--cache", cache, "--data", folder, "--batch", 10
    )

    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert len(lines) == 64
    assert {one["key"] for one in lines} == {str(index) for index in range(64)}
    for one in lines:
        assert one["answers"]["fusion"]["top"][0]["code"] in world.LABELS


def test_products_come_in_as_json_lines_too(trained, tmp_path, capsys):
    model, cache = trained
    path = tmp_path / "products.jsonl"
    path.write_text('{"key": "a", "designation": "livre"}\n\n{"key": "b", "image": "/gone.png"}\n')

    code, out, _ = _run(capsys, "predict", "--model", model, "--cache", cache, "--jsonl", path)

    first, second = (json.loads(line) for line in out.splitlines())
    assert code == 0
    assert first["answers"]["cnn"]["absence"] == "no_image"
    assert second["answers"]["cnn"]["absence"] == "unreadable_image"
    assert second["answers"]["fusion"]["absence"] == "no_input"


def test_a_line_that_is_no_product_is_refused_by_its_number(trained, tmp_path, capsys):
    model, cache = trained
    path = tmp_path / "products.jsonl"
    path.write_text('{"designation": "livre"}\n[1, 2]\n')

    code, _, error = _run(capsys, "predict", "--model", model, "--cache", cache, "--jsonl", path)

    assert code == 1
    assert "Line 2" in error


def test_evaluate_repeats_the_metrics_of_training_as_json(trained, folder, capsys):
    model, cache = trained

    code, out, _ = _run(
        capsys,
        *("evaluate", "--model", model, "--cache", cache, "--data", folder),
        *("--part", "test", "--json", "--quiet"),
    )

    metrics = json.loads((model / "metrics.json").read_text())
    assert code == 0
    assert json.loads(out)["members"]["fusion"] == metrics["members"]["fusion"]


def test_benchmark_prints_a_table_on_standard_output_and_progress_elsewhere(
    trained, folder, settings_file, capsys
):
    code, out, error = _run(
        capsys,
        *("benchmark", "--data", folder, "--cache", trained[1]),
        *("--config", settings_file, "--folds", 2),
    )

    assert code == 0
    assert out.splitlines()[2].startswith("| Model |")
    assert "folds: 2" in error


def test_calibrate_writes_another_model(trained, folder, tmp_path, capsys):
    model, cache = trained

    code, out, _ = _run(
        capsys,
        *("calibrate", "--model", model, "--cache", cache, "--data", folder),
        *("--out", tmp_path / "v2", "--json", "--quiet"),
    )

    assert code == 0
    digest = json.loads(out)["manifest_sha256"]
    assert digest == verify_artifact(tmp_path / "v2") != verify_artifact(model)


def test_a_changed_backbone_is_refused(trained, folder, settings_file, tmp_path, capsys):
    model, cache = trained
    other = write_text_backbone(tmp_path / "text", seed=9)
    config = json.loads(settings_file.read_text())
    original = config["text"]["backbone"]
    preprocessing = json.loads((model / "preprocessing.json").read_text())
    assert preprocessing["encoders"]["text"]["backbone"] == original

    from classifier.artifact import load_artifact
    from classifier.encoders import TextEncoder
    from classifier.encoding import Encoders
    from classifier.errors import ArtifactInvalid
    from classifier.loading import check_digests, encoders_of

    loaded = load_artifact(model)
    right = encoders_of(loaded, cache)
    wrong = Encoders(TextEncoder.load(other, max_tokens=32), right.image)
    with pytest.raises(ArtifactInvalid, match="text encoder"):
        check_digests(loaded, wrong)


def test_a_bundled_backbone_is_used_from_inside_the_model(folder, settings_file, tmp_path, capsys):
    own = write_text_backbone(tmp_path / "tuned", seed=4)
    config = json.loads(settings_file.read_text())
    config["text"] |= {"backbone": str(own), "is_bundled": True}
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config))
    common = ("--cache", tmp_path / "cache", "--quiet")
    code, _, error = _run(
        capsys, "train", "--data", folder, "--out", tmp_path / "v1", "--config", path, *common
    )
    assert code == 0, error
    own.rename(tmp_path / "gone")

    code, out, _ = _run(
        capsys, "predict", "--model", tmp_path / "v1", "--designation", "livre", *common
    )

    assert code == 0
    assert json.loads(out)["answers"]["bert"]["confidence"] is not None


def test_a_fine_tuned_backbone_goes_into_a_model(folder, settings_file, tmp_path, capsys):
    common = ("--data", folder, "--cache", tmp_path / "cache", "--quiet", "--json")
    code, out, error = _run(
        capsys,
        *("finetune", "text", "--out", tmp_path / "tuned", "--epochs", 1, "--batch-size", 16),
        *("--config", settings_file, "--device", "cpu", *common),
    )
    assert code == 0, error
    path = tmp_path / "config.json"
    path.write_text(json.dumps(json.loads(out)["config"]))

    code, out, error = _run(capsys, "train", "--out", tmp_path / "v1", "--config", path, *common)

    assert code == 0, error
    config = json.loads((tmp_path / "v1" / "config.json").read_text())["training"]
    assert config["stack_on"] == "calibration"
    assert (tmp_path / "v1" / "backbones" / "text" / "MANIFEST.json").is_file()
    original = json.loads((tmp_path / "v1" / "MANIFEST.json").read_text())
    assert "backbones/text/model.safetensors" in original["files"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["evaluate", "--model", "nowhere", "--data", "nowhere"], "MANIFEST.json"),
        (["train", "--data", "nowhere", "--out", "model"], "no data set here"),
        (["benchmark", "--data", "nowhere", "--config", "absent.json"], "absent.json"),
    ],
)
def test_a_refusal_says_why_and_ends_with_one(arguments, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    code, out, error = _run(capsys, *arguments)

    assert (code, out) == (1, "")
    assert said in error


@pytest.mark.parametrize(
    "arguments",
    [[], ["fly"], ["benchmark", "--data", "x", "--folds", "1"], ["predict", "--model", "x"]],
)
def test_wrong_usage_ends_with_two(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == 2


def test_an_interruption_says_how_to_go_on(monkeypatch, capsys):
    def interrupted(*_, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("classifier.data.read_dataset", interrupted)

    code, _, error = _run(capsys, "train", "--data", "x", "--out", "y")

    assert code == 130
    assert "resume" in error


def test_the_cache_folder_can_be_set(monkeypatch, tmp_path):
    monkeypatch.setenv("CLASSIFIER_CACHE", str(tmp_path))
    assert default_cache() == tmp_path

    monkeypatch.delenv("CLASSIFIER_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert default_cache() == tmp_path / "xdg" / "bonrayon"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_bar_of_a_terminal_moves_on_one_line_and_ends_it():
    stream = Terminal()
    progress = Progress(stream)

    progress("texts", 0, 10)
    progress("texts", 10, 10)

    drawn = stream.getvalue()
    assert drawn.count("\r") == 2
    assert drawn.endswith("\n")
    assert "10/10" in drawn


def test_elsewhere_each_stage_is_one_line_and_quiet_is_silent():
    log, silent = io.StringIO(), io.StringIO()

    for done in range(5):
        Progress(silent, is_quiet=True)("texts", done, 4)
    progress = Progress(log)
    for done in range(5):
        progress("texts", done, 4)

    assert silent.getvalue() == ""
    assert log.getvalue().count("\n") == 1
