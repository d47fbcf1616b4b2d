"""No file names a package registry or a folder of somebody's machine."""

import pytest

from tools.wording import check_text


@pytest.mark.parametrize(
    "text",
    [
        "pip install --index-url https://" + "pypi" + ".org/simple",
        "files." + "pythonhosted" + ".org",
        "registry." + "npmjs" + ".org",
        "see /" + "home/ada/tessera",
        "cd /" + "work/main",
        "../" + "shared/" + "data/periods.json",
    ],
)
def test_a_forbidden_mention_is_found_in_its_line(text: str) -> None:
    assert [finding.line for finding in check_text("README.md", f"fine\n{text}")] == [2]


@pytest.mark.parametrize(
    "text",
    [
        "https://members.example.org/home/page",
        "/api/v1/work",
        "apt-get install postgresql",
        "the PyPI wheel",
        "{root}/home/x",
    ],
)
def test_everything_else_is_left_alone(text: str) -> None:
    assert list(check_text("README.md", text)) == []
