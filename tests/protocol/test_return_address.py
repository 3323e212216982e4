import ast
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol import return_address
from mintmark.protocol.errors import UntrustedRequest
from mintmark.protocol.return_address import LONGEST, ReturnAddress, refused_at_registration

HOUSE = Path(return_address.__file__).parents[1]
REGISTERED = [
    "https://shop.example/cb",
    "https://shop.example:8443/cb?tenant=1",
    "https://shop.example",
    "http://127.0.0.1/cb",
    "http://[::1]:9000/cb",
    "http://localhost/cb?x=1",
    "http://localhost",
    "com.example.app:/cb",
]
PIECES = [
    "@", "\\", "/", "//", "#", "?", ":", ".", "..", "%2e", "%2E%2e/", "%2f", "%5c", "%00", "\0", "\t", "\r\n", " ",
    ";", "*", "evil.example", ".evil.example", "user:pw@", "@evil.example", ":80", ":0", ":99999", ":80@evil.example",
    "\u3002", "\ud800", "%", "&x=2", "CB", "SHOP", "/cb/", "[", "]", "0x7f.1", "127.1", "\u2100",
]  # fmt: skip


@st.composite
def twisted(draw):
    """A registered address, with pieces put in and taken out."""
    text = draw(st.sampled_from(REGISTERED))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 3)))
        text = text[:start] + draw(st.sampled_from([*PIECES, ""])) + text[end:]
    return draw(st.sampled_from([text, text.upper(), text.swapcase(), quote(text, errors="replace"), text]))


def without_port(uri):
    parts = urlsplit(uri)
    return parts.scheme, parts.hostname, parts.path, parts.query, "?" in uri


@given(twisted() | st.text() | st.sampled_from(REGISTERED), st.lists(st.sampled_from(REGISTERED)))
def test_nothing_is_ever_returned_to_that_is_not_registered_but_for_the_port_of_a_loopback_address(sent, registered):
    try:
        address = ReturnAddress.read(sent, registered)
    except UntrustedRequest:
        assert sent not in registered
        return

    assert sent == address.uri
    if sent not in registered:
        parts = urlsplit(sent)
        assert "http" == parts.scheme
        assert parts.hostname in {"127.0.0.1", "::1", "localhost"}
        assert None is parts.username
        assert without_port(sent) in map(without_port, registered)


@given(
    st.sampled_from(REGISTERED),
    st.lists(st.tuples(st.sampled_from(["code", "state", "iss"]), st.text(st.characters(codec="utf-8")))),
)
def test_an_answer_never_changes_where_it_goes(uri, answer):
    before = urlsplit(uri)
    for located in (ReturnAddress(uri).with_query(answer), ReturnAddress(uri).with_fragment(answer)):
        after = urlsplit(located)

        assert located.isascii()
        assert not set(located) & set("\r\n\t\0 \\\"'<>")
        assert (before.scheme, before.netloc, before.path) == (after.scheme, after.netloc, after.path)
        assert after.query.startswith(before.query)


@pytest.mark.parametrize(
    "sent",
    [
        "https://shop.example/cb/",
        "https://shop.example/CB",
        "https://SHOP.example/cb",
        "HTTPS://shop.example/cb",
        "https://shop.example:443/cb",
        "https://shop.example./cb",
        "https://shop.example/cb?",
        "https://shop.example/cb?x=1",
        "https://shop.example/cb#",
        "https://shop.example/cb#x",
        "https://shop.example/cb%2F",
        "https://shop.example/%63b",
        "https://shop.example/./cb",
        "https://shop.example/x/../cb",
        "https://shop.example/x/%2e%2e/cb",
        "https://shop.example/..;/cb",
        "https://shop.example\\@evil.example/cb",
        "https://shop.example@evil.example/cb",
        "https://user@shop.example/cb",
        "https://shop.example.evil.example/cb",
        "https://evil.example/https://shop.example/cb",
        "https:/shop.example/cb",
        "https:shop.example/cb",
        "//shop.example/cb",
        "/cb",
        " https://shop.example/cb",
        "https://shop.example/cb ",
        "https://shop.example/cb\n",
        "https://shop.example/cb\0",
        "http://shop.example/cb",
        "javascript:alert(1)",
        "",
    ],
)
def test_an_address_is_compared_letter_by_letter(sent):
    with pytest.raises(UntrustedRequest):
        ReturnAddress.read(sent, ["https://shop.example/cb"])


@pytest.mark.parametrize("name", ["127.0.0.1", "[::1]", "localhost"])
@pytest.mark.parametrize("registered_port", ["", ":4567"])
@pytest.mark.parametrize("port", ["", ":1", ":8080", ":65535"])
def test_the_port_of_a_loopback_address_is_free(name, registered_port, port):
    sent = f"http://{name}{port}/cb?x=1"

    assert sent == ReturnAddress.read(sent, [f"http://{name}{registered_port}/cb?x=1"]).uri


@pytest.mark.parametrize(
    "sent",
    [
        "http://localhost:80@evil.example/cb",
        "http://localhost:@evil.example/cb",
        "http://localhost@evil.example/cb",
        "http://localhost.evil.example/cb",
        "http://localhost:80.evil.example/cb",
        "http://127.0.0.1:80/cb",
        "http://127.0.0.1/cb",
        "http://[::1]/cb",
        "http://127.1/cb",
        "http://2130706433/cb",
        "http://0.0.0.0/cb",
        "http://LOCALHOST/cb",
        "http://localhost./cb",
        "https://localhost/cb",
        "http://localhost:0/cb",
        "http://localhost:65536/cb",
        "http://localhost:123456/cb",
        "http://localhost:/cb",
        "http://localhost:+80/cb",
        "http://localhost:\u0661/cb",
        "http://localhost:80\\/cb",
        "http://localhost:80/cb/",
        "http://localhost:80/CB",
        "http://localhost:80/",
        "http://localhost:80",
        "http://localhost:80/cb?",
        "http://localhost:80/cb?x=1",
        "http://localhost:80/cb#",
        "http://localhost:80#/cb",
        "http://localhost:80//cb",
        "http://localhost:80/x/../cb",
    ],
)
def test_of_a_loopback_address_the_port_alone_is_free(sent):
    with pytest.raises(UntrustedRequest):
        ReturnAddress.read(sent, ["http://localhost/cb"])


@pytest.mark.parametrize("tail", ["", "?x=1", "?x=/y:0"])
def test_a_loopback_address_needs_no_path(tail):
    assert ReturnAddress.read(f"http://127.0.0.1:7{tail}", [f"http://127.0.0.1{tail}"]).is_loopback
    with pytest.raises(UntrustedRequest):
        ReturnAddress.read(f"http://127.0.0.1:0{tail}", [f"http://127.0.0.1{tail}"])


def test_the_port_of_any_other_address_is_not_free():
    with pytest.raises(UntrustedRequest):
        ReturnAddress.read("http://10.0.0.1:80/cb", ["http://10.0.0.1/cb"])


def test_an_address_that_was_not_sent_is_a_page():
    with pytest.raises(UntrustedRequest, match="redirect_uri is missing"):
        ReturnAddress.read(None, ["https://shop.example/cb"])


def test_a_huge_address_is_not_even_compared():
    longest = "https://shop.example/" + "a" * (LONGEST - len("https://shop.example/"))

    assert longest == ReturnAddress.read(longest, [longest]).uri
    with pytest.raises(UntrustedRequest):
        ReturnAddress.read(longest + "a", [longest + "a"])


@pytest.mark.parametrize(
    "uri", ["https://h/cb#x", "https://h/c b", "https://h\\@evil.example", "https://h/\u00e9", "https://h/\r\nX: y"]
)
def test_what_should_never_have_been_registered_is_not_returned_to(uri):
    with pytest.raises(UntrustedRequest):
        ReturnAddress.read(uri, [uri])


def test_the_registered_query_stays_as_it_is():
    answer = [("code", "a b&c=d"), ("iss", "https://id.example")]

    assert "https://h/cb?code=a%20b%26c%3Dd&iss=https%3A%2F%2Fid.example" == ReturnAddress("https://h/cb").with_query(
        answer
    )
    assert ReturnAddress("https://h/cb?x=%7e").with_query(answer).startswith("https://h/cb?x=%7e&code=")
    assert answer == parse_qsl(urlsplit(ReturnAddress("https://h/cb?x=1").with_fragment(answer)).fragment)


@pytest.mark.parametrize(
    ("uri", "native", "host", "form_action"),
    [
        ("https://shop.example/cb", False, "shop.example", "https://shop.example"),
        ("https://shop.example:8443/cb", False, "shop.example", "https://shop.example:8443"),
        ("http://localhost:3000/cb", True, "localhost", "http://localhost:3000"),
        ("http://127.0.0.1/cb", True, "127.0.0.1", "http://127.0.0.1"),
        ("http://[::1]:3000/cb", True, "::1", "http:"),
        ("com.example.app:/cb", True, "com.example.app:", "com.example.app:"),
        ("com.example.app://bank.example/cb", True, "com.example.app:", "com.example.app:"),
    ],
)
def test_what_a_person_and_a_browser_are_told_of_an_address(uri, native, host, form_action):
    address = ReturnAddress.read(uri, [uri])

    assert native == address.is_native
    assert host == address.host
    assert form_action == address.form_action


@pytest.mark.parametrize("uri", ["https://h;script-src", "https://h'", "https://h,x", "https://a%2eb"])
def test_an_odd_host_adds_nothing_to_the_policy_for_browsers(uri):
    assert "https:" == ReturnAddress(uri).form_action


# ---- what may be registered


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize(
    "uri",
    [
        "https://shop.example/cb",
        "https://shop.example",
        "https://shop.example:8443/cb?x=1&y=%20",
        "https://my_host/cb",
        "https://[2001:db8::1]/cb",
        "https://shop.example/..x/.well-known/cb",
        "http://127.0.0.1/",
        "http://127.0.0.1:33418/",
        "http://[::1]/cb",
        "http://localhost/callback",
    ],
)
def test_https_and_loopback_addresses_may_be_registered(uri, native):
    assert None is refused_at_registration(uri, native=native)
    assert uri == ReturnAddress.read(uri, [uri]).uri


def test_an_app_may_register_its_own_scheme_if_that_has_a_dot():
    assert None is refused_at_registration("com.example.app:/cb", native=True)
    assert None is refused_at_registration("com.example.app://cb", native=True)
    for uri, native in [("com.example.app:/cb", False), ("myapp:/cb", True)]:
        assert "a dot in it" in (refused_at_registration(uri, native=native) or "")


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "cb",
        "/cb",
        "//h/cb",
        "https:",
        "https:///cb",
        "https:h/cb",
        "https://:443/cb",
        "https://h:0/cb",
        "https://h:65536/cb",
        "https://h:x/cb",
        "https://[::1/cb",
        "https://[zz]/cb",
        "https://user@h/cb",
        "https://user:pw@h/cb",
        "https://@h/cb",
        "https://a@b@h/cb",
        "https://h/cb#",
        "https://h/cb#x",
        "https://*.h/cb",
        "https://h/*",
        "https://h/x/../cb",
        "https://h/.",
        "https://h/..",
        "https://h/x/%2e%2E/cb",
        "https://h/.%2e/cb",
        "https://h\\@evil/cb",
        "https://h /cb",
        "https://h/cb\n",
        "https://h/\0",
        "https://h/\u00e9",
        "https://h\u3002x/cb",
        "https://h/\ud800",
        'https://h/"',
        "https://h/<x>",
        "https://h;x/cb",
        "https://h%2eevil/cb",
        "https://h/" + "a" * LONGEST,
        "http://h/cb",
        "http://127.0.0.2/cb",
        "http://localhost.evil/cb",
        "http://localhost:80@evil/cb",
        "HTTP://localhost/cb",
        "javascript:alert(1)",
        "JavaScript://h/%0aalert(1)",
        "data:text/html,x",
        "vbscript:x",
        "blob:https://h/x",
        "file:///etc/passwd",
        "about:blank",
        "1.2:/cb",
    ],
)
@pytest.mark.parametrize("native", [True, False])
def test_whatever_could_be_read_in_two_ways_may_not_be_registered(uri, native):
    assert refused_at_registration(uri, native=native)


@given(twisted() | st.text(), st.booleans())
def test_whatever_may_be_registered_is_returned_to_and_can_be_shown(uri, native):
    if refused_at_registration(uri, native=native) is not None:
        return
    address = ReturnAddress.read(uri, [uri])

    assert address.host
    assert set(";, '\"") & set(address.form_action) == set()
    assert "@" not in urlsplit(address.uri).netloc


def test_nobody_makes_an_address_to_return_to_but_by_reading_it():
    made = [
        f"{path.relative_to(HOUSE)}:{node.lineno}"
        for path in HOUSE.rglob("*.py")
        if path.name != "return_address.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "ReturnAddress"
    ]

    assert [] == made
