"""Templates hold nothing that the content security policy would drop, and partials say what they need."""

import pytest

from tools.templates import check_template

PAGE = "src/tessera/console/templates/console/plan.html"
PARTIAL = "src/tessera/console/templates/console/_plan.html"


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '<script type="module">x</script>',
        "<style>p { color: red }</style>",
        '<p style="color: red">',
        '<button hx-on:click="x()">',
        '<button onclick="x()">',
        "<p hx-vals='js:{a: 1}'>",
        '<a href="javascript:x()">',
        "<input hx-trigger=\"keyup[key=='a']\">",
        "<c-badge />",
        "{{ name|safe }}",
    ],
)
def test_what_the_policy_forbids_is_found_in_its_line(text: str) -> None:
    assert [finding.line for finding in check_template(PAGE, f"<p>fine</p>\n{text}\n<p>fine</p>")] == [2]


@pytest.mark.parametrize(
    "text",
    [
        '<script src="{% static "console/menu.js" %}" type="module"></script>',
        '<script type="application/json">{"a": 1}</script>',
        '<link rel="stylesheet" href="a.css">',
        '<input hx-trigger="input changed delay:300ms">',
        "{# <script>old</script> #}",
        "<caption>Plans</caption>",
    ],
)
def test_what_the_policy_allows_is_left_alone(text: str) -> None:
    assert list(check_template(PAGE, text)) == []


def test_a_partial_says_in_its_first_line_what_it_needs() -> None:
    good = "{# console/_plan.html  Needs: plan (PlanRow). #}\n<p>{{ plan.name }}</p>"
    assert list(check_template(PARTIAL, good)) == []
    assert [finding.line for finding in check_template(PARTIAL, "<p>{{ plan.name }}</p>")] == [1]
