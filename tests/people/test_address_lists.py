"""Reading what people paste: addresses, with names or without, and what is none."""

import pytest

from tessera.people.address_lists import Entry, parsed


def told(text: str) -> list[tuple[str, str, str]]:
    return [(each.address, each.first_name, each.last_name) for each in parsed(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ada@acme.example", [("ada@acme.example", "", "")]),
        ("Ada Lovelace <ada@acme.example>", [("ada@acme.example", "Ada", "Lovelace")]),
        ('"Lovelace, Ada" <ada@acme.example>', [("ada@acme.example", "Ada", "Lovelace")]),
        ("ada@acme.example\tAda\tLovelace", [("ada@acme.example", "Ada", "Lovelace")]),
        ("Ada\tLovelace\tada@acme.example", [("ada@acme.example", "Ada", "Lovelace")]),
        ("Ada ada@acme.example", [("ada@acme.example", "Ada", "")]),
        ("mailto:ada@acme.example", [("ada@acme.example", "", "")]),
        (
            "a@x.example, b@x.example; C D <c@x.example>",
            [("a@x.example", "", ""), ("b@x.example", "", ""), ("c@x.example", "C", "D")],
        ),
        ("", []),
        (" \n\n\t", []),
        ("Ludwig van Beethoven <l@x.example>", [("l@x.example", "Ludwig van", "Beethoven")]),
    ],
)
def test_addresses_are_read_with_the_names_beside_them(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert told(text) == expected


def test_what_is_no_address_is_kept_with_what_is_wrong() -> None:
    assert parsed("Ada Lovelace")[0] == Entry("Ada Lovelace", problem="there is no e-mail address in it")
    (broken,) = parsed("ada@nowhere")
    assert (broken.key, broken.address) == ("", "")
    assert "is not an e-mail address" in broken.problem


def test_addresses_are_compared_without_case() -> None:
    assert {each.key for each in parsed("Ada@Acme.example\nADA@acme.EXAMPLE")} == {"ada@acme.example"}
