"""Stylesheets that import others: one text, in the order of the imports, with addresses that still lead there."""

import pytest

from tessera.cli.stylesheets import NotJoinable, joined

SHEETS = {
    "club/all.css": (
        '/* All. */\n@layer base, parts;\n@import "css/base.css";\n@import "css/parts.css";\np { top: 3px; }\n'
    ),
    "club/css/base.css": '@font-face { src: url("../fonts/a.woff2") format("woff2"); }\n',
    "club/css/parts.css": (
        ".a { background: url(../img/a.svg), url(\"data:image/svg+xml,a\"), url('#b'), url(/c.svg); }\n"
    ),
    "member/own.css": '@import "../club/all.css";\nq { top: 4px; }\n',
}


def test_imports_are_replaced_by_what_they_import() -> None:
    assert joined("club/all.css", SHEETS.__getitem__) == (
        "/* All. */\n@layer base, parts;\n"
        '@font-face { src: url("fonts/a.woff2") format("woff2"); }\n'
        '.a { background: url("img/a.svg"), url("data:image/svg+xml,a"), url(\'#b\'), url(/c.svg); }\n'
        "p { top: 3px; }\n"
    )


def test_imports_of_imports_are_too() -> None:
    text = joined("member/own.css", SHEETS.__getitem__)
    assert 'url("../club/fonts/a.woff2")' in text
    assert 'url("../club/img/a.svg")' in text
    assert text.endswith("p { top: 3px; }\nq { top: 4px; }\n")


@pytest.mark.parametrize(
    "line", ['@import "css/base.css" print;', '@import url("css/base.css");', '@import "https://cdn.example/a.css";']
)
def test_another_kind_of_import_is_said(line: str) -> None:
    with pytest.raises(NotJoinable, match=r"club/odd\.css"):
        joined("club/odd.css", {"club/odd.css": f"{line}\n", **SHEETS}.__getitem__)
