"""What an ONNX file says about itself, read from its bytes without running or loading it.

The format is a protocol buffer (onnx.proto3 of the ONNX project; only the fields below are followed). Every length
is checked against the bytes there are, nesting and the number of nodes are bounded, and nothing is allocated for
what a file only claims.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from viewer.domain.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator

ALLOWED_DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft"})

_DEEPEST = 24
_MOST_NODES = 200_000
_ELEMENTS = {
    1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 8: "text", 9: "bool",
    10: "float16", 11: "float64", 12: "uint32", 13: "uint64", 16: "bfloat16",
}  # fmt: skip


# What only moves, names or rounds values.
_MOVING = frozenset({"Identity", "Cast", "Reshape", "Squeeze", "Unsqueeze", "Transpose", "Flatten", "Slice", "Concat"})


@frozen
class TensorFacts:
    """A tensor at the model's door: element type, and its axes as numbers, names, or "?" where they are open."""

    name: str
    element: str
    shape: tuple[int | str, ...]

    @property
    def words(self) -> str:
        """Such as `image: float32 [batch, 1, 256, 256]`."""
        return f"{self.name}: {self.element} [{', '.join(str(n) for n in self.shape)}]"


@frozen
class OnnxFacts:
    """Inputs (without constants), outputs, opset by domain, domains of operators and of the model's own functions.

    `made_by` names for each output the operator that gives its values, whatever only moves them after that.
    """

    inputs: tuple[TensorFacts, ...]
    outputs: tuple[TensorFacts, ...]
    opsets: dict[str, int]
    domains: frozenset[str]
    own_domains: frozenset[str]
    operators: tuple[str, ...]
    nodes: int
    producer: str
    external: bool
    made_by: Mapping[str, str]


@define
class _Seen:
    """What is collected on the way through the graph."""

    domains: set[str] = field(factory=set)
    own_domains: set[str] = field(factory=set)
    operators: set[str] = field(factory=set)
    nodes: int = 0
    external: bool = False
    made: dict[str, tuple[str, str]] = field(factory=dict)


def onnx_facts(content: bytes) -> OnnxFacts:
    """Return what the bytes of an ONNX file say.

    Raises
    ------
    ModelError
        When they are not a whole ONNX model.
    """
    try:
        facts = _model(memoryview(content))
    except (ValueError, IndexError, UnicodeDecodeError, RecursionError) as error:
        raise ModelError(
            "The file is not a readable ONNX model.", "It may be damaged or cut short.", str(error)
        ) from error
    if not facts.nodes or not facts.outputs:
        raise ModelError("The file is not an ONNX model: it holds no graph with an output.")
    return facts


def check_safe(facts: OnnxFacts) -> None:
    """Refuse a model that needs more than its own bytes and the runtime's own operators.

    Raises
    ------
    ModelError
        With the reason.
    """
    if facts.external:
        raise ModelError(
            "The model keeps weights in other files, which is not allowed here.",
            "Put them into one file: casestage models propose FILE --out FOLDER does.",
        )
    foreign = sorted(facts.domains - facts.own_domains - ALLOWED_DOMAINS)
    if foreign:
        raise ModelError(
            f"The model needs operators from {', '.join(foreign[:5])}, which are not allowed here.",
            "Export the model with standard ONNX operators.",
        )


def _varint(view: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = view[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError(f"a number at byte {at} does not end")


def fields_of(view: memoryview) -> Iterator[tuple[int, int | memoryview | None, int, int]]:
    """Yield field number, number or bytes (None for a fixed-width number), and first and end byte of each field."""
    at, end = 0, len(view)
    while at < end:
        start = at
        key, at = _varint(view, at)
        kind = key & 7
        if kind == 0:
            number, at = _varint(view, at)
            yield key >> 3, number, start, at
            continue
        if kind == 2:
            length, at = _varint(view, at)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            raise ValueError(f"a field of unknown kind {kind} at byte {at}")
        if length > end - at:
            raise ValueError(f"a field at byte {at} claims {length} bytes of {end - at}")
        yield key >> 3, view[at : at + length] if kind == 2 else None, start, at + length
        at += length


def _fields(view: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield (field number, number or bytes) of one message."""
    for number, content, _, _ in fields_of(view):
        if content is not None:
            yield number, content


def text_of(value: int | memoryview | None) -> str:
    """Return a text of at most 4096 bytes."""
    if not isinstance(value, memoryview):
        raise ValueError("a number stands where a text should")
    return bytes(value[:4096]).decode("utf-8")


def _message(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise ValueError("a number stands where a message should")
    return value


def _model(view: memoryview) -> OnnxFacts:
    seen = _Seen()
    opsets: dict[str, int] = {}
    inputs: list[TensorFacts] = []
    outputs: list[TensorFacts] = []
    constants: set[str] = set()
    producer = ""
    for number, value in _fields(view):
        if number == 2:
            producer = text_of(value)
        elif number == 8:
            domain, version = _opset(_message(value))
            opsets[domain] = version
        elif number == 7:
            inner_in, inner_out, inner_constants = _graph(_message(value), seen, 0)
            inputs += inner_in
            outputs += inner_out
            constants |= inner_constants
        elif number == 25:
            _function(_message(value), seen)
    return OnnxFacts(
        inputs=tuple(t for t in inputs if t.name not in constants),
        outputs=tuple(outputs),
        opsets=opsets,
        domains=frozenset(seen.domains),
        own_domains=frozenset(seen.own_domains),
        operators=tuple(sorted(seen.operators)),
        nodes=seen.nodes,
        producer=producer,
        external=seen.external,
        made_by={tensor.name: _maker(tensor.name, seen.made) for tensor in outputs},
    )


def _maker(name: str, made: Mapping[str, tuple[str, str]]) -> str:
    """Return the operator that gives a tensor its values; "" where a model hands an input through."""
    for _ in range(len(made) + 1):
        operator, taken = made.get(name, ("", ""))
        if operator not in _MOVING:
            return operator
        name = taken
    return ""


def _opset(view: memoryview) -> tuple[str, int]:
    domain, version = "", 0
    for number, value in _fields(view):
        if number == 1:
            domain = text_of(value)
        elif number == 2 and isinstance(value, int):
            version = value
    return domain, version


def _graph(view: memoryview, seen: _Seen, depth: int) -> tuple[list[TensorFacts], list[TensorFacts], set[str]]:
    if depth > _DEEPEST:
        raise ValueError("graphs are nested too deeply")
    inputs, outputs, constants = [], [], set()
    for number, value in _fields(view):
        if number == 1:
            _node(_message(value), seen, depth)
        elif number == 5:
            constants.add(_tensor(_message(value), seen))
        elif number == 15:
            for inner, part in _fields(_message(value)):
                if inner in (1, 2):
                    _tensor(_message(part), seen)
        elif number == 11:
            inputs.append(_value(_message(value)))
        elif number == 12:
            outputs.append(_value(_message(value)))
    return inputs, outputs, constants


def _node(view: memoryview, seen: _Seen, depth: int) -> None:
    seen.nodes += 1
    if seen.nodes > _MOST_NODES:
        raise ValueError("the graph has too many nodes")
    domain = operator = ""
    taken, given = list[str](), list[str]()
    for number, value in _fields(view):
        if number == 1:
            taken.append(text_of(value))
        elif number == 2:
            given.append(text_of(value))
        elif number == 4:
            operator = text_of(value)
            seen.operators.add(operator)
        elif number == 7:
            domain = text_of(value)
        elif number == 5:
            for inner, part in _fields(_message(value)):
                if inner in (5, 10):
                    _tensor(_message(part), seen)
                elif inner in (22, 23):
                    for n, sparse in _fields(_message(part)):
                        if n in (1, 2):
                            _tensor(_message(sparse), seen)
                elif inner in (6, 11):
                    _graph(_message(part), seen, depth + 1)
    seen.domains.add(domain)
    if depth == 0:
        seen.made.update((name, (operator, taken[0] if taken else "")) for name in given)


def _function(view: memoryview, seen: _Seen) -> None:
    for number, value in _fields(view):
        if number == 7:
            _node(_message(value), seen, 1)
        elif number == 10:
            seen.own_domains.add(text_of(value))


def _tensor(view: memoryview, seen: _Seen) -> str:
    name = ""
    for number, value in _fields(view):
        if number == 8:
            name = text_of(value)
        elif number == 13 or (number == 14 and value == 1):
            seen.external = True
    return name


def _value(view: memoryview) -> TensorFacts:
    name, element, shape = "", "?", []
    for number, value in _fields(view):
        if number == 1:
            name = text_of(value)
        elif number == 2:
            for kind, tensor in _fields(_message(value)):
                if kind != 1:
                    element = "not a tensor"
                    continue
                for part, content in _fields(_message(tensor)):
                    if part == 1 and isinstance(content, int):
                        element = _ELEMENTS.get(content, "other")
                    elif part == 2:
                        shape = [_axis(_message(axis)) for n, axis in _fields(_message(content)) if n == 1]
    return TensorFacts(name, element, tuple(shape))


def _axis(view: memoryview) -> int | str:
    for number, value in _fields(view):
        if number == 1 and isinstance(value, int):
            return value
        if number == 2:
            return text_of(value) or "?"
    return "?"
