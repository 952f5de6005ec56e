"""The probe's models are told apart."""

from tasks.probe.models import MODELS
from tasks.report.probe.style import scale_styles, sort_models, style_model


def test_no_two_models_look_the_same() -> None:
    looks = {style_model(name)[1:] for name in MODELS}
    assert len(looks) == len(MODELS)


def test_within_a_family_dash_and_shape_differ() -> None:
    lstms = [style_model(name) for name in ("lstm", "bilstm", "chrono-lstm", "lstm-at-place", "bilstm-at-place")]
    assert len({style.color for style in lstms}) == 1
    assert len({style.dash for style in lstms}) == len({style.shape for style in lstms}) == 5


def test_every_model_of_the_probe_has_a_family() -> None:
    stranger = style_model("<b>stranger</b>")
    assert all(style_model(name).color != stranger.color for name in MODELS)


def test_families_stand_together_and_strangers_last() -> None:
    names = ["stranger", "lstm", "simple-rnn", "gru", "random-rnn", "lstm"]
    assert sort_models(names) == ["simple-rnn", "random-rnn", "gru", "lstm", "stranger"]


def test_scales_give_each_model_its_own() -> None:
    scales = scale_styles(["gru", "bigru"])
    assert scales["dash"] == {"domain": ["gru", "bigru"], "range": [(1, 0), (7, 4)]}
