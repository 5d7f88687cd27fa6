"""A classifier of one's own: an ONNX model and its tokenizer, read from two files. Nothing is fetched from anywhere.

It takes longer than a step on the loop may, so that it works in threads of its own: so many at a time, so many waiting.
The packages are an extra (`gatepost-gateway[onnx]`) and are loaded with the first model.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from itertools import chain, islice
from math import exp, isfinite
from pathlib import Path
from threading import Lock, Semaphore
from time import monotonic
from typing import Any
from weakref import WeakValueDictionary

from msgspec import Struct

from gatepost_gateway.domain.findings import Failed, Finding, Waiting, find_whole

PACKAGES = ("onnxruntime", "tokenizers")
MOST_WAITING = 32
"""Requests that may wait for a thread; one more fails at once."""
BATCH = 8
"""Windows of texts that the model sees together."""
PIECE, OVERLAP = 8192, 512
"""Characters that are cut into tokens at a time: between them a call that nobody waits for ends."""
_INPUTS = frozenset({"input_ids", "attention_mask", "token_type_ids"})


class ModelError(ValueError):
    """A model that cannot be used, and why. `about`: the setting that is to blame."""

    def __init__(self, about: str, why: str) -> None:
        super().__init__(why)
        self.about = about


class Model(Struct, frozen=True):
    """`labels` name the model's outputs in order; those of `flag` are findings. A text of more than `max_tokens` is
    read in windows that overlap.
    """

    model: str
    tokenizer: str
    labels: tuple[str, ...]
    flag: tuple[str, ...]
    max_tokens: int = 512
    workers: int = 1


class Stop:
    """Ends a run of the model, and all that were to come after it."""

    __slots__ = ("options", "stopped")

    def __init__(self) -> None:
        self.stopped = False
        self.options: Any = None

    def __call__(self) -> None:
        self.stopped = True
        if self.options is not None:
            self.options.terminate = True


class Classifier:
    """One model, open. It lives as long as anybody holds it; its threads end with it."""

    def __init__(self, model: Model) -> None:
        """Raises ModelError."""
        for name in PACKAGES:
            if find_spec(name) is None:
                raise ModelError("kind", f"`{name}` is not installed: pip install 'gatepost-gateway[onnx]'")
        for about, path in (("model", model.model), ("tokenizer", model.tokenizer)):
            if not Path(path).is_file():
                raise ModelError(about, "there is no such file, or it may not be read")
        self.model = model
        self._flagged = [(place, label) for place, label in enumerate(model.labels) if label in model.flag]
        self._tokenizer = _tokenizer(model)
        self._runtime: Any = import_module("onnxruntime")
        self._numpy: Any = import_module("numpy")
        self._session = self._open()
        self._inputs = self._check()
        self._pool = ThreadPoolExecutor(model.workers, "onnx")
        self._slots = Semaphore(MOST_WAITING + model.workers)

    def _open(self) -> Any:
        options = self._runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 4
        try:
            return self._runtime.InferenceSession(self.model.model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # noqa: BLE001 - the runtime has an exception for each sort of trouble
            raise ModelError("model", f"it is no model that can be run ({type(error).__name__})") from None

    def _check(self) -> tuple[str, ...]:
        """The names of its inputs. Raises ModelError for a model of another shape."""
        names = tuple(one.name for one in self._session.get_inputs())
        if "input_ids" not in names or not _INPUTS.issuperset(names):
            asked = ", ".join(names)[:200]
            raise ModelError("model", f"it asks for {asked}; a classifier of texts for {', '.join(sorted(_INPUTS))}")
        width = (self._session.get_outputs()[0].shape or [None])[-1]
        if isinstance(width, int) and width != len(self.model.labels):
            raise ModelError("labels", f"the model has {width} outputs, and {len(self.model.labels)} labels name them")
        return names

    def ask(self, texts: Sequence[str], seconds: float) -> Waiting:
        """What it finds in each of `texts`, in time or not at all. Never waits."""
        found: Future[Sequence[Sequence[Finding]] | Failed] = Future()
        stop = Stop()
        if self._slots.acquire(blocking=False):
            job = self._pool.submit(_work, partial(self.classify, texts, stop), found)
            job.add_done_callback(lambda _: self._slots.release())
        else:
            found.set_result(Failed("too many wait for the classifier"))
        return Waiting(found, monotonic() + seconds, stop)

    def classify(self, texts: Sequence[str], stop: Stop) -> list[Sequence[Finding]]:
        """A finding at most for each text: all of it, by its likeliest flagged label."""
        best: list[dict[str, float]] = [{} for _ in texts]
        windows = chain.from_iterable(
            ((number, one) for one in self._windows(text)) for number, text in enumerate(texts) if text.strip()
        )
        while not stop.stopped and (batch := list(islice(windows, BATCH))):
            for (number, _), scores in zip(batch, self._scores([one for _, one in batch], stop), strict=True):
                for place, label in self._flagged:
                    best[number][label] = max(best[number].get(label, 0.0), scores[place])
        return [_finding(text, scores) for text, scores in zip(texts, best, strict=True)]

    def _windows(self, text: str) -> Iterator[Any]:
        for start in range(0, len(text), PIECE):
            encoded = self._tokenizer.encode(text[max(0, start - OVERLAP) : start + PIECE])
            yield encoded
            yield from encoded.overflowing

    def _scores(self, windows: Sequence[Any], stop: Stop) -> list[list[float]]:
        """A probability for each label: of one label alone, or of all together."""
        length = max(len(one.ids) for one in windows)
        rows = {
            "input_ids": [[*one.ids, *[0] * (length - len(one.ids))] for one in windows],
            "attention_mask": [[*one.attention_mask, *[0] * (length - len(one.ids))] for one in windows],
            "token_type_ids": [[*one.type_ids, *[0] * (length - len(one.ids))] for one in windows],
        }
        options = stop.options = self._runtime.RunOptions()
        feed = {name: self._numpy.array(rows[name], dtype="int64") for name in self._inputs}
        outputs: list[list[float]] = self._session.run(None, feed, options)[0].tolist()
        if not all(map(isfinite, chain.from_iterable(outputs))):
            raise ArithmeticError
        if len(self.model.labels) == 1:
            return [[1 / (1 + exp(-max(-60.0, min(60.0, row[0]))))] for row in outputs]
        return [_softmax(row) for row in outputs]


def _work(classify: partial[list[Sequence[Finding]]], found: "Future[Sequence[Sequence[Finding]] | Failed]") -> None:
    """In a thread of the pool. What went wrong is an answer: who asked may have gone."""
    if not found.set_running_or_notify_cancel():
        return
    try:
        found.set_result(classify())
    except Exception as error:  # noqa: BLE001 - the runtime has an exception for each sort of trouble
        found.set_result(Failed(f"the classifier failed ({type(error).__name__})"))


def _finding(text: str, scores: dict[str, float]) -> Sequence[Finding]:
    if not scores:
        return ()
    label = max(scores, key=lambda one: (scores[one], one))
    return (Finding(0, len(text), label, OnnxDetector.name, round(scores[label], 4)),)


def _softmax(row: Sequence[float]) -> list[float]:
    highest = max(row)
    raised = [exp(value - highest) for value in row]
    return [value / sum(raised) for value in raised]


def _tokenizer(model: Model) -> Any:
    tokenizers: Any = import_module("tokenizers")
    try:
        made = tokenizers.Tokenizer.from_file(model.tokenizer)
    except Exception as error:  # noqa: BLE001 - the package raises Exception itself
        raise ModelError("tokenizer", f"it is no tokenizer.json ({type(error).__name__})") from None
    made.no_padding()
    made.enable_truncation(model.max_tokens, stride=model.max_tokens // 8)
    return made


_Place = tuple[Model, tuple[int, ...]]
_opening = Lock()
_open: WeakValueDictionary[_Place, Classifier] = WeakValueDictionary()


def opened(model: Model) -> Classifier:
    """The one open copy of a model, for every configuration that names it as it is on the disk. Raises ModelError."""
    try:
        stamps = tuple(Path(path).stat().st_mtime_ns for path in (model.model, model.tokenizer))
    except OSError:
        stamps = ()
    with _opening:
        known = _open.get((model, stamps))
        if known is None:
            known = _open[model, stamps] = Classifier(model)
        return known


class OnnxDetector:
    """Implements `domain.findings.SlowDetector`: findings of a classifier, within `seconds` for all texts of a call."""

    name = "onnx"
    span = None

    def __init__(self, classifier: Classifier, seconds: float, *, fails_open: bool = False) -> None:
        self.fails_open = fails_open
        self._classifier = classifier
        self._seconds = seconds

    def ask(self, texts: Sequence[str]) -> Waiting:
        return self._classifier.ask(texts, self._seconds)

    def begin(self) -> "_WholeScan":
        return _WholeScan(self)


class _WholeScan:
    """Where there is time to wait: a text when it is whole."""

    def __init__(self, detector: OnnxDetector) -> None:
        self.settled = 0
        self._detector = detector

    def feed(self, text: str, base: int, ended: bool) -> Sequence[Finding]:
        """Raises Failed."""
        if not ended:
            return ()
        self.settled = base + len(text)
        return find_whole(self._detector, [text])[0]
