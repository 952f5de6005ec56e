"""The models of a bundle in ONNX: one for a network or a baseline, one for each member of an ensemble."""

from pathlib import Path

from tasks.evaluate.bundle import Bundle
from tasks.evaluate.classifier import BaselineClassifier, Classifier, NeuralClassifier
from tasks.evaluate.ensemble import EnsembleClassifier, EnsembleFile
from tasks.evaluate.facts import EncodingOfModel
from tasks.evaluate.fast import ONNX_MODEL, UNITS_FILE, Part
from tasks.evaluate.model_files import ENSEMBLE_FILE


def convert_bundle(bundle: Bundle, folder: Path) -> tuple[Part, ...]:
    """Write the models of a loaded bundle as ONNX under `folder`, and the words of baselines; return what they are."""
    if not isinstance(bundle.classifier, EnsembleClassifier):
        part = describe_part(bundle.classifier, bundle.facts.encoding)
        convert_part(bundle.classifier, part, folder)
        return (part,)
    members = EnsembleFile.read(bundle.folder / ENSEMBLE_FILE).members
    parts = []
    for member, classifier in zip(members, bundle.classifier.members, strict=True):
        part = describe_part(classifier, member.encoding)
        parts.append(part.model_copy(update={"member": member.variant, "weight": member.weight}))
        convert_part(classifier, parts[-1], folder)
    return tuple(parts)


def describe_part(classifier: Classifier, encoding: EncodingOfModel | None) -> Part:
    """Describe a model of its own."""
    if isinstance(classifier, BaselineClassifier):
        return Part(unit=classifier.model.vocabulary.unit)
    return Part(encoding=encoding)


def convert_part(classifier: Classifier, part: Part, folder: Path) -> None:
    """Write a model as ONNX, and the words or characters of a baseline."""
    path = folder / part.name(ONNX_MODEL)
    if isinstance(classifier, BaselineClassifier):
        import onnx

        from tasks.export.ngram_graph import make_baseline_graph
        from tasks.export.tokenizers import make_unit_tokenizer

        vocabulary = classifier.model.vocabulary
        onnx.save(make_baseline_graph(classifier.model), path)
        make_unit_tokenizer(vocabulary, vocabulary.unit).save(str(folder / part.name(UNITS_FILE)), pretty=False)
    elif isinstance(classifier, NeuralClassifier):
        from tasks.export.networks import load_network, write_onnx

        write_onnx(load_network(classifier.path), path)
    else:
        raise TypeError(f"{type(classifier).__name__} is neither a network nor a baseline")
