"""The counts name one model, the one in use."""

from tasks.serve.measures import Measures


def test_model_that_was_replaced_is_named_no_longer() -> None:
    measures = Measures()
    measures.name_model(model_id="lstm/f1", bundle="lstm-f1-0")
    measures.name_model(model_id="nb-svm/f2", bundle="nb-svm-f2-0")
    named = [line for line in measures.render().decode().splitlines() if line.startswith("bakeoff_model_info{")]
    assert named == ['bakeoff_model_info{bundle="nb-svm-f2-0",model_id="nb-svm/f2"} 1.0']
