"""Whatever is printed stays text: acceptance lines 9 and 10."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.page.browser import caught_up, kept, rows, visit
from tests.page.configs import printer
from tests.sidecar import sidecar

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</pre></div><h1>Free</h1> &lt;b&gt; &amp;",
    "<a href='javascript:alert(1)'>press</a> javascript:alert(1)",
    "\x1b]8;;javascript:alert(1)\x07link\x1b]8;;\x07 after",
    "\x1b]0;title\x07\x1b]52;c;aGk=\x07\x1b[6n\x1b[2J\x1b[1;1Hmoved",
    "\x1b[" + "9" * 1_000_000,
    "x" * 1_000_000,
    "user\u202e\u2066txt.exe\u2069 \u200f\u05d0\u05d1\u05d2 end",
    "\x00\x01\x7f\x85\u2028\u2029\ufeff controls",
    "http://example.com/a(b)?c=<d> and https://example.com/x.",
    "e" + "\u0301" * 4000,
]
SHOWN = {
    4: "link after",
    5: "moved",
    6: "",
    9: "\u2400\u2401\u2421\u2424\u2424\ufeff controls",
}
"""What remains of those that are not shown as they are."""


async def test_hostile_text_is_shown_as_letters_and_nothing_else_happens(tmp_path: Path) -> None:
    (tmp_path / "hostile.json").write_text(json.dumps(HOSTILE))
    script = """
        import json, sys, time
        for line in json.load(open("hostile.json")): print(line, flush=True)
        print("the end", flush=True)
        time.sleep(600)
    """
    config = printer(tmp_path, script).replace("title: Printer", "title: '<img src=x onerror=alert(2)>'")
    async with sidecar(tmp_path, config) as fujita, visit(fujita, "/projects/printer?q=<b>#<i>:1") as page:
        await caught_up(page, "the end")
        lines = [line for line in await kept(page) if line["stream"] == "stdout"]
        for number, printed in enumerate(HOSTILE):
            expected = SHOWN.get(number, printed)
            assert lines[number]["text"] == expected, printed[:80]
        assert await page.locator(".rows :is(script, img, h1, b, i, iframe, object, style, form)").count() == 0
        links = await page.locator(".rows a.place, .rows .text a").evaluate_all("all => all.map(a => a.href)")
        assert links == ["http://example.com/a(b)?c=", "https://example.com/x"]
        await expect(page).to_have_title("● <img src=x onerror=alert(2)>: Running")
        bidi = page.locator(".row", has_text="txt.exe").locator(".text")
        style = await bidi.evaluate("cell => [getComputedStyle(cell).unicodeBidi, getComputedStyle(cell).direction]")
        assert style == ["isolate", "ltr"]
        after = await page.locator(".row .text").last.inner_text()
        assert after == "the end"


COLOURS = r"""
    import time
    def say(text): print(text, end="", flush=True)
    for code in [*range(30, 38), *range(90, 98)]: say(f"\x1b[{code}mcolour {code}\x1b[0m\n")
    for code in range(256): say(f"\x1b[38;5;{code}mpalette {code}\x1b[0m \x1b[48;5;{code}mground {code}\x1b[0m\n")
    for red in range(0, 256, 51):
        for green in range(0, 256, 51): say(f"\x1b[38;2;{red};{green};128mtrue {red}\x1b[0m\n")
    say("\x1b[1mbold\x1b[22m \x1b[3mitalic\x1b[23m \x1b[4munder\x1b[24m ")
    say("\x1b[7minverse\x1b[27m \x1b[2mdim\x1b[0m plain\n")
    say("\x1b[31mred over"); time.sleep(.3); say(" a border"); time.sleep(.3); say("\nand a line\x1b[0m but no more\n")
    for number in range(101): say(f"\r {number:3}% of it")
    say("\n")
    say("the end\n")
    time.sleep(600)
"""
CONTRASTS = """() => {
    const parse = colour => colour.match(/[\\d.]+/g).map(Number);
    const part = value => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
    const ground = element => {
        for (let at = element; at; at = at.parentElement) {
            const found = parse(getComputedStyle(at).backgroundColor);
            if (found.length === 3 || found[3] === 1) return found;
        }
    };
    const all = [...document.querySelectorAll(".row .text, .row .text span")];
    return all.filter(one => one.textContent.trim()).map(one => {
        const [low, high] = [light(parse(getComputedStyle(one).color)), light(ground(one))].sort((a, b) => a - b);
        return [(high + 0.05) / (low + 0.05), one.textContent];
    });
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_colours_are_kept_and_can_be_read(tmp_path: Path, theme: str) -> None:
    async with (
        sidecar(tmp_path, printer(tmp_path, COLOURS)) as fujita,
        visit(fujita, "/projects/printer", color_scheme=theme, viewport={"width": 1280, "height": 7000}) as page,
    ):
        await caught_up(page, "the end")
        contrasts = await page.evaluate(CONTRASTS)
        assert len(contrasts) > 700
        assert [one for one in contrasts if one[0] < 4.5] == []
        styled = page.locator(".row", has_text="bold italic").locator(".text span")
        looks = await styled.evaluate_all(
            "all => all.map(({textContent: text, style: {fontWeight, fontStyle, textDecoration}}) =>"
            " [text, fontWeight, fontStyle, textDecoration])"
        )
        assert [look[:1] for look in looks] == [["bold"], ["italic"], ["under"], ["inverse"], ["dim"]]
        assert looks[0][1] == "700" and looks[1][2] == "italic" and looks[2][3].startswith("underline")
        red = await page.locator(".row", has_text="red over a border").locator(".text span").all_inner_texts()
        assert "".join(red) == "red over a border"
        assert await page.locator(".row", has_text="and a line").locator(".text span").all_inner_texts() == [
            "and a line"
        ]
        progress = [line for line in await rows(page) if "% of it" in line]
        assert [line.strip() for line in progress] == ["100% of it"]
        await expect(page.locator(".row .text").last).to_have_text("the end")
