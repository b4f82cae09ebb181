import pytest

from classifier.config import ConfigInvalid, EncoderConfig, StackOn, TrainConfig
from classifier.types import Member


def test_a_configuration_survives_json():
    config = TrainConfig(
        seed=7,
        members=(Member.BERT, Member.CNN),
        text=EncoderConfig("folder/of/mine", "fp32", 64, is_bundled=True),
        stack_on=StackOn.CALIBRATION,
    )

    assert TrainConfig.from_json(config.to_json()) == config


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"sead": 1}, "unknown sead"),
        ({"members": []}, "at least one"),
        ({"members": ["fusion"]}, "at least one"),
        ({"members": ["cnn", "cnn"]}, "not repeat"),
        ({"members": ["vgg"]}, "vgg"),
        ({"test_share": 0.9}, "leave a training part"),
        ({"calibration_share": 0.0}, "above 0"),
        ({"folds": 1}, "folds"),
        ({"threshold": 1.5}, "threshold"),
        ({"bootstrap_samples": 3}, "bootstrap_samples"),
        ({"stack_on": "luck"}, "luck"),
        ({"text": {"name": "x"}}, "name"),
        ({"folds": "five"}, "not supported"),
    ],
)
def test_an_impossible_configuration_is_refused_by_name(values, said):
    with pytest.raises(ConfigInvalid, match=said):
        TrainConfig.from_json(values)
