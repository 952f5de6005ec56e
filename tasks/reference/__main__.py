"""Write every generated page: python -m tasks.reference."""

from pathlib import Path

from tasks.reference.documents import FOLDER, SUFFIX, find_documents, render_schemas
from tasks.reference.settings import PAGE, render_settings


def render_pages() -> dict[Path, str]:
    """Render every generated file, by its path."""
    schemas = render_schemas(find_documents())
    return {PAGE: render_settings(), **{FOLDER / name: text for name, text in schemas.items()}}


def find_stale(pages: dict[Path, str]) -> list[Path]:
    """List the files that are out of date: missing, different, or the schema of a document that does not exist."""
    different = [path for path, text in pages.items() if not path.is_file() or path.read_text("utf-8") != text]
    return [*different, *(path for path in sorted(FOLDER.glob(f"*{SUFFIX}")) if path not in pages)]


def write_pages() -> None:
    """Bring every generated file up to date."""
    pages = render_pages()
    for path in find_stale(pages):
        if path in pages:
            path.parent.mkdir(exist_ok=True)
            path.write_text(pages[path], encoding="utf-8")
        else:
            path.unlink()


if __name__ == "__main__":
    write_pages()
