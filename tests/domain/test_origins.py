import pytest

from reviewapp.domain.origins import OriginRefused, parse_origin


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://shop.example", "https://shop.example"),
        (" HTTPS://Shop.Example:443/fr/page?x=1#top ", "https://shop.example"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("http://[::1]:81", "http://[::1]:81"),
    ],
)
def test_an_address_gives_the_origin_that_browsers_send(address, origin):
    assert parse_origin(address) == origin


@pytest.mark.parametrize(
    "address",
    [
        "",
        "shop.example",
        "ftp://shop.example",
        "https://",
        "https://a:b@shop.example",
        "null",
        "https://shop.example:99999",
        "javascript:alert(1)",
        "https://" + "a" * 300,
        "http://[::1",
    ],
)
def test_what_is_no_site_is_refused_with_words(address):
    with pytest.raises(OriginRefused) as refused:
        parse_origin(address)

    assert "https://shop.example" in refused.value.message
