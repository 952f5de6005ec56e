"""The encoding is chosen by what the texts are like, and the choice is said with its reason."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tasks.encode.choice import choose_encoding, describe_choice
from tasks.encode.encodings import Kind
from tasks.encode.facts import EncodingChoice
from tasks.encode.texts import read_sample

Choose = Callable[..., EncodingChoice]
ENGLISH = [f"A {word} film, and the plot is {word} too." for word in ("good", "dull", "long", "warm")] * 5
CHINESE = ["房间很好\uff0c服务也不错", "早餐太差了\uff0c再也不来", "位置方便\uff0c很满意", "又脏又吵\uff0c不推荐"] * 5
JAPANESE = ["部屋がきれいで、スタッフも親切でした", "朝食がひどくて残念です"] * 10
THAI = ["ห้องพักสะอาดมาก บริการดี", "อาหารแย่มาก ไม่แนะนำ"] * 10
RUSSIAN = ["Хороший фильм, и сюжет хороший.", "Скучный фильм и скучный сюжет."] * 10
EMOJI = [
    "great game\U0001f600\U0001f600 today",
    "lost again\U0001f621 today\U0001f62d",
    "\u201cgreat\u201d game\U0001f600",
] * 7


@pytest.fixture
def choose(save_texts: Callable[..., Path]) -> Choose:
    """Choose for texts: choose(train, validation)."""

    def run(train: Sequence[str], validation: Sequence[str] | None = None, *, wanted: str = "auto") -> EncodingChoice:
        folder = save_texts(train, split="train").parent
        save_texts(train if validation is None else validation, split="validation")
        return choose_encoding(wanted, folder, vocab_size=10_000)  # type: ignore[arg-type]  # a name from a table

    return run


@pytest.mark.parametrize(
    ("train", "kind", "script"),
    [
        (ENGLISH, None, "Latin"),
        (RUSSIAN, None, "Cyrillic"),
        (CHINESE, "unicode-words", "Chinese"),
        (JAPANESE, "unicode-words", "Hiragana"),
        (THAI, "subwords", "Thai"),
        ([*ENGLISH, *CHINESE], "unicode-words", "Latin"),
    ],
    ids=["English", "Russian", "Chinese", "Japanese", "Thai", "mixed"],
)
def test_scripts_without_spaces_ask_for_another_encoding(
    choose: Choose, train: list[str], kind: Kind, script: str
) -> None:
    choice = choose(train)

    assert choice.kind == kind
    assert choice.on_characters is (kind is not None)
    assert next(iter(choice.texts.scripts)) == script


def test_a_few_letters_without_spaces_change_nothing(choose: Choose) -> None:
    assert choose([*ENGLISH, "房间"]).kind is None


def test_emoji_that_stick_to_words_ask_for_unicode_words(choose: Choose) -> None:
    choice = choose(EMOJI, ["game\U0001f600", "\u201clost\u201d today\U0001f621", "again great"])

    assert (choice.kind, choice.on_characters) == ("unicode-words", True)
    assert choice.texts.unknown_unicode_words == 0


def test_many_unknown_words_ask_for_punctuation_and_emoji(choose: Choose) -> None:
    choice = choose(ENGLISH, ["A good film", "ein guter Film"])

    assert choice.kind == "unicode-words"
    assert choice.texts.unknown_words == choice.texts.unknown_unicode_words == pytest.approx(2 / 6)
    assert "33% of the words" in choice.reason


def test_some_unknown_words_ask_only_for_baselines_on_characters(choose: Choose) -> None:
    choice = choose(ENGLISH, ["A good film, and the plot is dull, unheard"])

    assert (choice.kind, choice.on_characters) == (None, True)


@pytest.mark.parametrize(("wanted", "kind"), [("own", None), ("words", "words"), ("characters", "characters")])
def test_what_was_asked_for_is_chosen(choose: Choose, wanted: str, kind: Kind | None) -> None:
    choice = choose(CHINESE, wanted=wanted)

    assert (choice.wanted, choice.kind, choice.reason) == (wanted, kind, "it was asked for")
    assert choice.on_characters


def test_choice_is_said_with_its_reason(choose: Choose) -> None:
    said = describe_choice(choose(CHINESE))

    assert said == (
        "Neural models read Unicode words instead of words: 100% of the letters are of scripts without spaces between "
        "words (Chinese). Baselines on n-grams of characters take part."
    )


def test_baselines_on_characters_are_left_out_of_large_corpora(choose: Choose, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.encode.choice.MOST_CHARACTERS", 100)
    choice = choose(CHINESE)

    assert (choice.kind, choice.on_characters) == ("unicode-words", False)
    assert "--baselines all includes them" in describe_choice(choice)
    assert "characters" not in describe_choice(choose(ENGLISH))


def test_number_of_characters_is_estimated_from_the_sample(choose: Choose, monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose(["ab", "abcd"] * 10).texts.num_characters == pytest.approx(3 * 20, rel=0.5)
    monkeypatch.setattr("tasks.encode.texts.NUM_TEXTS", 5)
    assert choose(["abc"] * 20).texts.num_characters == pytest.approx(3 * 20, rel=0.5)


def test_texts_without_letters_are_no_error(choose: Choose) -> None:
    choice = choose(["", "?!"], ["..."])

    assert (choice.kind, choice.texts.scripts, choice.texts.unknown_words) == (None, {}, 0)


def test_large_corpora_are_sampled_evenly(save_texts: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.encode.texts.NUM_TEXTS", 10)
    path = save_texts([str(number) for number in range(95)])

    sample = [text for batch in read_sample(path) for text in batch.to_pylist()]
    assert sample == [str(number) for number in range(0, 95, 10)]
