import keras
import numpy as np
import pytest

from core.errors import ExportMismatchError
from core.training.export import build_serving_network, check_agreement, convert_to_litert, run_model
from core.training.network import build_base, build_network, build_tail


@pytest.fixture
def network(tiny: str) -> keras.Model:
    keras.utils.set_random_seed(1)
    return build_network(build_base(tiny, None, (32, 32)))


@pytest.fixture
def pictures() -> list[np.ndarray]:
    return list(np.random.default_rng(0).integers(0, 256, (12, 32, 32, 3), np.uint8))


def test_heads_are_linear_on_the_pooled_features(network: keras.Model) -> None:
    pool = network.get_layer("pool")
    for head in ("style", "outfit"):
        layer = network.get_layer(head)
        assert isinstance(layer, keras.layers.Dense)
        assert layer.input is pool.output


def test_mean_evidence_plus_bias_is_the_logit(network: keras.Model, pictures: list[np.ndarray]) -> None:
    answers = run_model(build_serving_network(network), pictures)
    _, bias = network.get_layer("style").get_weights()
    assert answers["evidence"].shape == (12, 8, 8, 8)
    assert np.allclose(answers["evidence"].mean(axis=(1, 2)) + bias, answers["style_logits"], atol=1e-4)


def test_serving_network_equals_the_trained_network(network: keras.Model, pictures: list[np.ndarray]) -> None:
    style, outfit = network(np.stack(pictures).astype(np.float32))
    answers = run_model(build_serving_network(network), pictures)
    assert np.allclose(answers["style_logits"], style.numpy(), atol=1e-4)
    assert np.allclose(answers["outfit_logit"], outfit.numpy(), atol=1e-4)


def test_exported_model_agrees(
    network: keras.Model, pictures: list[np.ndarray], capsys: pytest.CaptureFixture[str]
) -> None:
    serving = build_serving_network(network)
    blob = convert_to_litert(serving)
    assert capsys.readouterr().out == "", "commands say what they do, Keras does not"
    agreement = check_agreement(run_model(serving, pictures), run_model(blob, pictures))
    assert agreement.keys() == {"style_logits", "outfit_logit", "evidence", "top1"}
    assert min(agreement.values()) >= 0.98


def test_export_of_another_network_is_rejected(network: keras.Model, pictures: list[np.ndarray], tiny: str) -> None:
    keras.utils.set_random_seed(99)
    unrelated = build_network(build_base(tiny, None, (32, 32)))
    blob = convert_to_litert(build_serving_network(unrelated))
    with pytest.raises(ExportMismatchError, match="style_logits"):
        check_agreement(run_model(build_serving_network(network), pictures), run_model(blob, pictures))


def test_tail_equals_the_whole_network(network: keras.Model, pictures: list[np.ndarray]) -> None:
    batch = np.stack(pictures).astype(np.float32)
    base = keras.Model(network.input, network.get_layer("block4_pool").output)
    style, _ = build_tail(network, "block4_pool")(base(batch))
    assert np.allclose(style.numpy(), network(batch)[0].numpy(), atol=1e-5)


def test_preprocessing_equals_keras_vgg(tiny: str) -> None:
    """RGB in, first kernel fed with BGR minus ImageNet's mean."""
    keras.utils.set_random_seed(4)
    base = build_base(tiny, None, (32, 32))
    kernel, bias = base.get_layer("block3_conv1").get_weights()
    pixels = np.random.default_rng(1).integers(0, 256, (1, 32, 32, 3)).astype(np.float32)
    bgr = pixels[..., ::-1] - np.array([103.939, 116.779, 123.68], np.float32)
    published = keras.ops.conv(bgr, kernel[:, :, ::-1, :], padding="same") + bias
    ours = keras.Model(base.input, base.get_layer("block3_conv1").output)(pixels)
    assert np.allclose(ours.numpy(), np.maximum(np.asarray(published), 0), atol=1e-2)
