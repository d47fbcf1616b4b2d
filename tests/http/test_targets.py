"""What can be said of a typed address before anybody is asked."""

import pytest
from pytest_django.fixtures import Settings

from tessera.http import networks, outbound, targets
from tessera.http.outbound import OutboundRefused, OutboundUrlInvalid


@pytest.mark.parametrize(
    ("url", "authority", "path"),
    [
        ("https://hooks.example.org", "hooks.example.org", b"/"),
        ("https://hooks.example.org/a%20b/c?d=e&f#part", "hooks.example.org", b"/a%20b/c?d=e&f"),
        ("HTTPS://Hooks.Example.ORG:443/x", "hooks.example.org", b"/x"),
        ("https://hooks.example.org?x", "hooks.example.org", b"/?x"),
        ("https://hooks.example.org/ü/é?ß", "hooks.example.org", b"/%C3%BC/%C3%A9?%C3%9F"),
        ("https://bücher.example/", "xn--bcher-kva.example", b"/"),
        ("https://a_b.example/", "a_b.example", b"/"),
        ("https://receiver/", "receiver", b"/"),
        ("https://1.1.1.1/", "1.1.1.1", b"/"),
        ("https://[2606:4700::1111]/", "[2606:4700::1111]", b"/"),
        ("https://hooks.example.org/@user/a:b@c", "hooks.example.org", b"/@user/a:b@c"),
        ("https://3.example/", "3.example", b"/"),
    ],
)
def test_an_address_is_read_as_host_and_path(url: str, authority: str, path: bytes) -> None:
    outbound.check_url(url)

    target = targets.read(url)
    assert (target.authority, target.path, target.port) == (authority, path, 443)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example.org",
        "//hooks.example.org/",
        "ftp://hooks.example.org/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https:/hooks.example.org",
        "https:hooks.example.org",
        "https://",
        "https:///path",
        "https://:443/",
        "https://?x",
        "https://#x",
        "https://user@hooks.example.org/",
        "https://user:password@hooks.example.org/",
        "https://@hooks.example.org/",
        "https://1.1.1.1\\@127.0.0.1/",
        "https://hooks.example.org\\.evil.example/",
        "https://hooks.example.org:port/",
        "https://hooks.example.org:/",
        "https://hooks.example.org:+443/",
        "https://hooks.example.org:\uff14\uff14\uff13/",
        "https://hooks.example.org:443:443/",
        "https://hooks example.org/",
        "https://hooks.example.org/a b",
        "https://hooks.example.org/\r\nX-Evil: 1",
        "https://hooks.example.org/\t",
        "https://hooks.example.org/\u2028",
        "https://hooks.example.org/\u200b",
        "https://hooks.example.org/\x00",
        " https://hooks.example.org/",
        "https://hooks..example.org/",
        "https://.example.org/",
        "https://hooks.example.org./",
        "https://-hooks.example.org/",
        "https://hooks-.example.org/",
        "https://hooks%2eexample.org/",
        "https://%31%32%37.0.0.1/",
        "https://hooks$.example.org/",
        f"https://{'a' * 64}.example/",
        f"https://{'a.' * 127}example/",
        f"https://hooks.example.org/{'a' * 2000}",
        "https://xn--/",
        "https://ü..example/",
        "https://127.1/",
        "https://127.0.0.01/",
        "https://0177.0.0.1/",
        "https://0x7f.0.0.1/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://017700000001/",
        "https://127.0.0.1./",
        "https://1.2.3.4.5/",
        "https://256.1.1.1/",
        "https://hooks.0x/",
        "https://hooks.1/",
        "https://[::1/",
        "https://::1/",
        "https://[1.1.1.1]/",
        "https://[fe80::1%25eth0]/",
        "https://[2606:4700::1111%25eth0]/",
        "https://[v1.x]/",
        "https://[]/",
        "https://[2606:4700::1111]evil.example/",
    ],
)
def test_what_is_no_clear_address_is_refused(url: str) -> None:
    with pytest.raises(OutboundUrlInvalid) as refused:
        outbound.check_url(url, allow_http=True)
    assert "password" not in str(refused.value).replace("user or password", "")


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/",
        "https://hooks.example.org:8443/",
        "https://hooks.example.org:80/",
        "https://hooks.example.org:0/",
        "https://hooks.example.org:99999/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::]/",
        "https://[::127.0.0.1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://0.0.0.0/",
        "https://127。0。0。1/",
        "https://①②⑦.⓪.⓪.①/",
    ],
)
def test_where_no_request_goes_is_said_at_once(url: str) -> None:
    with pytest.raises(OutboundRefused):
        outbound.check_url(url)


def test_plain_http_is_for_those_who_may_and_on_its_own_port() -> None:
    outbound.check_url("http://hooks.example.org/", allow_http=True)
    outbound.check_url("http://1.1.1.1:80/", allow_http=True)
    for url in ("http://hooks.example.org:443/", "http://hooks.example.org:8080/", "http://10.0.0.1/"):
        with pytest.raises(OutboundRefused):
            outbound.check_url(url, allow_http=True)


def test_a_refusal_does_not_repeat_what_may_be_a_secret() -> None:
    with pytest.raises(OutboundRefused) as refused:
        outbound.check_url("https://10.0.0.1/hook/hunter2?token=hunter2")
    assert "hunter2" not in str(refused.value)
    assert "hunter2" not in repr(targets.read("https://10.0.0.1/hook/hunter2"))


def test_what_the_operator_lists_may_be_typed(settings: Settings) -> None:
    settings.OUTBOUND_ALLOWED = networks.allowed("10.1.0.0/16, 192.168.7.5:8443, [fd00::1]:8443")

    for url in (
        "https://10.1.2.3/",
        "http://10.1.2.3/",
        "http://10.1.2.3:443/",
        "http://192.168.7.5:8443/",
        "https://[fd00::1]:8443/",
        "https://receiver.intranet:8443/",  # where that leads is seen when it is looked up
        "http://receiver.intranet/",
    ):
        outbound.check_url(url)
    for url in (
        "https://10.1.2.3:8443/",
        "https://10.2.0.1/",
        "https://192.168.7.5/",
        "https://192.168.7.6:8443/",
        "https://[fd00::2]:8443/",
        "https://receiver.intranet:9000/",
    ):
        with pytest.raises(OutboundRefused):
            outbound.check_url(url)
