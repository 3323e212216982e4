# ruff: noqa: RUF001 - the apostrophe is the one of print, as on the pages
from tests.issuer import hidden


async def sign_in_page(issuer, **headers):
    return await issuer.http.get("/login", headers={name.replace("_", "-"): value for name, value in headers.items()})


async def test_a_page_is_in_the_language_of_the_browser(issuer):
    german = await sign_in_page(issuer, accept_language="nl, de-AT;q=0.9, en;q=0.8")
    arabic = await sign_in_page(issuer, accept_language="ar")

    assert "de" == german.headers["content-language"]
    assert "Willkommen zurück" in german.text
    assert '<html lang="ar" dir="rtl">' in arabic.text


async def test_nonsense_and_unknown_languages_are_answered_in_english(issuer):
    for header in ("", "tlh", ";;;", "q=1", "de;q=0", "*", "x" * 5000):
        page = await sign_in_page(issuer, accept_language=header)

        assert "en" == page.headers["content-language"], header


async def test_an_error_page_is_in_the_language_of_the_browser_and_its_code_is_not(issuer):
    page = await issuer.http.get("/authorize", params={"client_id": "nobody"}, headers={"accept-language": "fr"})

    assert '<p id="error">invalid_client</p>' in page.text
    assert "n’est pas connue" in page.text


async def test_words_for_the_maker_of_an_app_stay_english_and_say_so(issuer):
    page = await issuer.http.get("/authorize", headers={"accept-language": "ar"})

    assert '<p id="error-description" lang="en" dir="ltr">client_id is missing</p>' in page.text


async def test_the_wire_speaks_english(issuer):
    answer = await issuer.http.post("/token", data={"grant_type": "x"}, headers={"accept-language": "de"})

    assert answer.json()["error_description"].isascii()
    assert "content-language" not in answer.headers


async def test_metadata_names_the_languages(issuer):
    document = (await issuer.http.get("/.well-known/openid-configuration")).json()

    assert ["en", "de", "fr", "es", "ja", "ar"] == document["ui_locales_supported"]


async def test_what_a_request_asks_for_counts_before_what_the_browser_does(sqlite_issuer):
    issuer = sqlite_issuer
    question = issuer.request(ui_locales="tlh ja-JP fr", scope="openid", response_mode="form_post")
    german = {"accept-language": "de"}
    page = await issuer.http.get("/authorize", params=question, headers=german)
    while page.is_redirect:
        page = await issuer.http.get(page.headers["location"], headers=german)

    assert "ja" == page.headers["content-language"]
    assert "おかえりなさい" in page.text


async def test_the_sign_out_page_is_in_the_language_that_the_client_asks_for(issuer):
    page = await issuer.http.get("/end_session", params={"ui_locales": "es"})
    gone = await issuer.http.post("/logout", data=hidden(page.text))

    assert "¿Cerrar sesión?" in page.text
    assert "Has cerrado la sesión" in gone.text
