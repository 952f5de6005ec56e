"""Which columns hold text, label, split and id, and how their values become strings."""

# ruff: noqa: SIM905  # names are easier to read as running text

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.errors import UserError, did_you_mean
from tasks.formatting.commands import name_result, spell_path, spell_python
from tasks.ingest.files.compression import find_compression
from tasks.ingest.files.rows import NESTED, Rows

TEXT_NAMES: Final = frozenset(
    (
        "text texts sentence review content headline question message sms body comment tweet document utterance "
        "texte commentaire texto comentario comentário satz bewertung kommentar testo tekst opinia metin yorum "
        "текст отзыв комментарий 内容 文本 评论 正文 文章 本文 テキスト レビュー 텍스트 리뷰 النص نص טקסט"
    ).split()
)
LABEL_NAMES: Final = frozenset(
    (
        "label labels class category target sentiment intent "
        "étiquette classe catégorie etiqueta clase categoría categoria klasse kategorie etichetta etykieta etiket "
        "метка класс категория 标签 类别 分类 情感 ラベル カテゴリ 레이블 라벨 תווית"
    ).split()
)
# is_sarcastic, is_spam, ...
LABEL_BEGINNING: Final = "is_"
ID_NAMES: Final = frozenset("id guid uid".split())
SPLIT_NAMES: Final = frozenset(["split"])
SHOWN_NAMES: Final = 12
LONGEST_NAME: Final = 30
# Characters that may separate columns, and how --delimiter spells them.
DELIMITERS: Final = {";": "';'", "\t": "tab", "|": "'|'", ",": "','"}


@dataclass(frozen=True)
class Columns:
    """The names of the columns that are used; several texts are joined by a space, and slices are only kept."""

    text: tuple[str, ...]
    label: str
    split: str | None = None
    id: str | None = None
    slices: tuple[str, ...] = ()

    @property
    def wanted(self) -> set[str]:
        """The names of all of them."""
        return {*self.text, self.label, *self.slices, *filter(None, (self.split, self.id))}


def find_columns(
    names: Sequence[str],
    path: Path,
    *,
    text: tuple[str, ...],
    label: str | None,
    slices: tuple[str, ...] = (),
    hint: str = "",
) -> Columns:
    """Find the columns of a labelled file: the chosen ones, otherwise those with usual, unambiguous names.

    Raises UserError for a column that is missing, ambiguous or used twice; `hint` ends that about the label.
    """
    texts, label = find_texts(names, path, chosen=text), find_label(names, path, chosen=label, hint=hint)
    if label in texts:
        raise UserError(
            f"column {label!r} is chosen as both text and label; expected two different columns. "
            "Choose another with --label-column or --text-column."
        )
    others = [name for name in names if name not in {*texts, label}]
    return Columns(
        texts,
        label,
        split=find_known(others, SPLIT_NAMES),
        id=find_known(others, ID_NAMES),
        slices=find_slices(names, path, chosen=slices, used={*texts, label}),
    )


def find_texts(names: Sequence[str], path: Path, *, chosen: tuple[str, ...]) -> tuple[str, ...]:
    """Find the text columns. Raises UserError when one is missing or ambiguous."""
    if chosen:
        return tuple(check_column(name, names, path, "--text-column") for name in chosen)
    usual = [name for name in names if fold(name) in TEXT_NAMES]
    inner = [name for name in names if fold(name.rpartition(".")[2]) in TEXT_NAMES]
    return (choose_column(usual or inner, names, path, "text"),)


def find_label(names: Sequence[str], path: Path, *, chosen: str | None, hint: str = "") -> str:
    """Find the label column. Raises UserError when it is missing or ambiguous."""
    if chosen:
        return check_column(chosen, names, path, "--label-column")
    usual = [name for name in names if fold(name) in LABEL_NAMES or fold(name).startswith(LABEL_BEGINNING)]
    inner = [name for name in names if {fold(part) for part in name.split(".")} & LABEL_NAMES]
    return choose_column(usual or inner, names, path, "label", hint)


def find_slices(names: Sequence[str], path: Path, *, chosen: tuple[str, ...], used: set[str]) -> tuple[str, ...]:
    """Find the columns that slice the reviews. Raises UserError when one is missing, or is a text or the label."""
    for name in chosen:
        check_column(name, names, path, "--slice-column")
        if name in used:
            raise UserError(
                f"--slice-column: column {name!r} is read as text or label; expected another column. Leave it out; the "
                "report has slices by length and label anyway."
            )
    return tuple(dict.fromkeys(chosen))


def find_known(names: Sequence[str], known: frozenset[str]) -> str | None:
    """Find the one column with a usual name: find_known(["ID", "x"], ID_NAMES) -> "ID"; None when not exactly one."""
    found = [name for name in names if fold(name) in known]
    return found[0] if len(found) == 1 else None


def check_column(name: str, names: Sequence[str], path: Path, flag: str) -> str:
    """Return the name of a column. Raises UserError unless exactly one column has it."""
    if names.count(name) == 1:
        return name
    if name in names:
        raise UserError(f"{path.name} has {names.count(name)} columns named {name!r}; expected one. Rename the others.")
    raise UserError(
        f"{flag}: {path.name} has no column {name!r}; expected one of {list_names(names)}.{did_you_mean(name, names)}"
    )


def choose_column(found: Sequence[str], names: Sequence[str], path: Path, role: str, hint: str = "") -> str:
    """Return the only candidate for a role. Raises UserError, which ends with `hint`, when there is none or several."""
    if len(found) == 1:
        return found[0]
    flag = f"--{role}-column"
    if found:
        raise UserError(
            f"{path.name} has several columns that may hold the {role}: {list_names(found)}; expected one. "
            f"Choose one with {flag}.{hint}"
        )
    raise UserError(
        f"{path.name} has no column with a usual name for the {role}, only {list_names(names)}; expected one such as "
        f"{role!r}. Choose one with {flag}; if the file has no header, name its columns with --columns; if there is a "
        "title above the header, remove it."
        f"{suggest_delimiter(names)}{suggest_quoting(names)}{hint}"
    )


def suggest_delimiter(names: Sequence[str]) -> str:
    """Suggest a delimiter for columns that were read as one: ["a;b"] -> "... --delimiter ';'."."""
    found = [spelled for sign, spelled in DELIMITERS.items() if len(names) == 1 and sign in names[0]]
    return f" The columns may be separated by another character: --delimiter {found[0]}." if found else ""


def suggest_quoting(names: Sequence[str]) -> str:
    """Suggest plain quotes for a header that a quote extends over several lines."""
    spans_lines = any("\n" in name or "\r" in name for name in names)
    return " A quoted name spans lines; if quotes are plain characters, add --quoting none." if spans_lines else ""


def list_names(names: Sequence[str]) -> str:
    """List names of columns, shortened: list_names(["a", "b"]) -> "'a', 'b'"."""
    shown = [name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}..." for name in names[:SHOWN_NAMES]]
    more = f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
    return ", ".join(map(repr, shown)) + more or "columns without a name"


def fold(name: str) -> str:
    """Reduce a name for comparison, ignoring case, surrounding space and plain quotes: fold(' "Text"') -> "text"."""
    return name.strip(' \t"').casefold()


def take_texts(rows: Rows, columns: Sequence[str], path: Path) -> pa.Array:
    """Take the texts of a batch; several columns are joined by a space, skipping nulls."""
    parts = [take_strings(rows, name, path) for name in columns]
    return parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, " ", null_handling="skip")


def take_strings(rows: Rows, name: str, path: Path) -> pa.Array:
    """Take a column as strings, shape (num_rows,); a column that this batch lacks is all null, and NaN becomes null.

    Raises UserError, with the number of the line, for nested values and for bytes that are not UTF-8.
    """
    if name not in rows.columns.schema.names:
        return pa.nulls(len(rows.numbers), pa.string())
    field, column = rows.columns.schema.field(name), rows.columns.column(name)
    if field.metadata and NESTED in field.metadata:
        raise UserError(describe_nested(path, f"{rows.unit} {int(field.metadata[NESTED]):,}", name))
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_nested(column.type):
        raise UserError(describe_nested(path, f"{rows.unit} {rows.numbers[0]:,}", name))
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), None, column)
    return decode(column, rows, path, name)


def decode(column: pa.Array, rows: Rows, path: Path, name: str) -> pa.Array:
    """Turn scalars of any type into strings; strings and bytes must be UTF-8."""
    is_bytes = pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type)
    is_text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
    try:
        return (column.cast(pa.binary()) if is_bytes or is_text else column).cast(pa.string())
    except pa.ArrowNotImplementedError as error:
        raise UserError(
            f"{path.name} holds {column.type} in column {name!r}; expected text or numbers. Choose another column, or "
            "leave it out."
        ) from error
    except pa.ArrowInvalid as error:
        bad = [is_undecodable(value) for value in column.cast(pa.binary()).to_pylist()]
        number = rows.numbers[int(np.argmax(bad))]
        raise UserError(
            f"{path.name} {rows.unit} {number:,} holds bytes that are not UTF-8 in column {name!r}; expected text. "
            "Save the column as strings, or choose another column."
        ) from error


def is_undecodable(value: bytes | None) -> bool:
    """Tell whether bytes are not valid UTF-8."""
    return value is not None and value.decode(errors="replace").encode() != value


def describe_nested(path: Path, place: str, name: str) -> str:
    """Say that a value is not a scalar; for objects on lines, with the command that makes columns of their fields."""
    finding = f"{path.name} {place} holds an object or a list in column {name!r}; expected text. Choose another column"
    if not place.startswith("line") or find_compression(path):
        return f"{finding}."
    lines = f"[json.loads(it) for it in open({spell_path(path)!r}, encoding='utf-8-sig') if it.strip()]"
    write = f"to_json({name_result('.jsonl')!r}, orient='records', lines=True)"
    code = f"import json, pandas; pandas.json_normalize({lines}).{write}"
    return f"{finding}, or make columns of the fields of objects: {spell_python(code)}"
