"""URLs that lead nowhere good, however they are spelled, and names that change their mind."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outlast.errors import SettingsError, SourceUnavailableError
from outlast.sources import guard as guard_module
from outlast.sources.failures import RefusedURLError
from outlast.sources.guard import Guard

PUBLIC = "93.184.216.34"


class Names:
    """A resolver that says what it was told to, one answer after the other."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


SPELLINGS = [
    # addresses
    "http://127.0.0.1/",
    "http://127.0.0.1./",
    "http://127.1/",
    "http://127.0.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.0.0.1/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://127.0.0.1.0x1/",
    "http://0/",
    "http://0.0.0.0/",
    "http://10.0.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://169.254.169.254./",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::127.0.0.1]/",
    "http://[fe80::1%25eth0]/",
    "http://[fd00:ec2::254]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://192.88.99.1/",
    "http://１２７.０.０.１/",
    "http://①②⑦.⓪.⓪.①/",
    "http://127。0。0。1/",
    # ports
    "http://93.184.216.34:22/",
    "https://93.184.216.34:6443/",
    "http://example.org:8080/",
    "http://example.org:0/",
    "http://example.org:99999/",
    "http://example.org:port/",
    # schemes
    "file:///etc/passwd",
    "ftp://example.org/",
    "gopher://example.org/",
    "javascript:alert(1)",
    "data:text/html,x",
    "unix:///run/docker.sock",
    "//example.org/",
    "example.org",
    "",
    # ways to be read twice
    "http://user@example.org/",
    "http://example.org@127.0.0.1/",
    "http://example.org:80@127.0.0.1/",
    "http://example.org\\@127.0.0.1/",
    "http://example.org\t/",
    "http://exa mple.org/",
    "http://example.org/\r\nHost: other",
    "http://exa\x00mple.org/",
    "http:///path",
    "http://",
    "http://[::1/",
    "http://]/",
    "http://-example.org/",
    "http://exa%6dple.org/",
    "http://example..org/",
    "http://" + "a" * 300 + ".org/",
    "http://example.org/" + "a" * 5000,
]


@pytest.mark.parametrize("url", SPELLINGS)
async def test_refused(url: str) -> None:
    guard = Guard(resolve=Names([PUBLIC]))
    with pytest.raises(RefusedURLError, match="refused"):
        await guard.check(url)
    with pytest.raises(RefusedURLError, match="refused"):
        guard.read(url)


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("http://example.org", "http://example.org/"),
        ("HTTPS://Example.ORG.:443/a?b=c#d", "https://example.org/a?b=c"),
        ("http://example.org:443/", "http://example.org:443/"),
        ("https://93.184.216.34/x", "https://93.184.216.34/x"),
        ("https://[2606:4700:4700::1111]/", "https://[2606:4700:4700::1111]/"),
        ("https://bücher.example/ü?ü", "https://xn--bcher-kva.example/%C3%BC?%C3%BC"),
        ("http://my_host.example.org/%2e%2e/", "http://my_host.example.org/%2e%2e/"),
    ],
)
async def test_allowed_and_written_anew(url: str, canonical: str) -> None:
    assert (await Guard(resolve=Names([PUBLIC])).check(url)).url == canonical


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["10.1.2.3"], [PUBLIC, "192.168.0.1"], ["::1", PUBLIC], ["::ffff:10.0.0.1"], ["169.254.169.254"]],
)
async def test_a_name_that_leads_inside_is_refused(addresses: list[str]) -> None:
    with pytest.raises(RefusedURLError, match=r"'http://inside\.example/' is refused: its address"):
        await Guard(resolve=Names(addresses)).check("http://inside.example/")


async def test_a_name_is_resolved_once_and_its_address_kept() -> None:
    names = Names([PUBLIC], ["127.0.0.1"])
    target = await Guard(resolve=names).check("http://rebinding.example/")
    assert target.addresses == (PUBLIC,)
    assert names.asked == ["rebinding.example"]


async def test_a_name_that_changed_its_mind_is_refused_the_next_time() -> None:
    guard = Guard(resolve=Names([PUBLIC], ["127.0.0.1"]))
    await guard.check("http://rebinding.example/")
    with pytest.raises(RefusedURLError):
        await guard.check("http://rebinding.example/")


async def test_an_allow_listed_host_may_be_inside_and_on_any_port() -> None:
    guard = Guard(["Wiki.Internal.", "10.0.0.7", "::1"], resolve=Names(["10.0.0.5"]))
    assert (await guard.check("http://wiki.internal:8080/")).addresses == ("10.0.0.5",)
    assert (await guard.check("http://10.0.0.7:9000/")).port == 9000
    assert (await guard.check("http://[::1]:9000/")).url == "http://[::1]:9000/"
    with pytest.raises(RefusedURLError):
        await guard.check("http://other.internal/")
    with pytest.raises(RefusedURLError):
        await guard.check("http://10.0.0.8/")


@pytest.mark.parametrize("host", ["10.0.0.0/8", "http://a.example", "a.example:80", "", "127.1", "a b", "ü" * 300])
def test_an_allow_list_holds_hosts(host: str) -> None:
    with pytest.raises(SettingsError, match="OUTLAST_PRIVATE_HOSTS"):
        Guard([host])


async def test_an_allow_listed_host_may_not_be_the_metadata_service() -> None:
    guard = Guard(["wiki.internal", "169.254.169.254"], resolve=Names(["169.254.169.254"]))
    for url in ("http://wiki.internal/", "http://169.254.169.254/"):
        with pytest.raises(RefusedURLError, match="metadata"):
            await guard.check(url)


async def test_a_name_without_an_address_may_get_one() -> None:
    async def fails(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    for resolve in (fails, Names([])):
        with pytest.raises(SourceUnavailableError, match=r"gone\.example"):
            await Guard(resolve=resolve).check("http://gone.example/")


async def test_a_name_server_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hangs(host: str, port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    monkeypatch.setattr(guard_module, "RESOLVE_SECONDS", 0.01)
    with pytest.raises(SourceUnavailableError, match="was not found within"):
        await Guard(resolve=hangs).check("http://slow.example/")


async def test_the_system_s_own_names_are_refused() -> None:
    with pytest.raises(RefusedURLError, match="loopback"):
        await Guard().check("http://localhost/")


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_is_refused_or_read(text: str) -> None:
    for url in (text, f"http://{text}", f"http://{text}/", f"http://example.org{text}"):
        try:
            target = Guard().read(url)
        except RefusedURLError:
            continue
        assert target.url.isascii()
        assert target.port in (80, 443)
        assert Guard().read(target.url) == target
