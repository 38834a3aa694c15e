"""Ways in which people and phones write one word, for tests of keywords."""

from __future__ import annotations

from hypothesis import strategies as st

_BLANKS = ("", " ", "  ", "\n", "\t", "\r\n", "\u00a0", "\u3000", "\u200b", "\ufeff", "\u2060")
_AROUND = ("", "!", "!!!", ".", "…", "?", ",", "-", "*", ")", "🛑", "🙏🏽", "。", "\uff01", "_")
_QUOTES = (("", ""), ('"', '"'), ("'", "'"), ("“", "”"), ("„", "“"), ("«", "»"), ("(", ")"), ("[", "]"))


def _wide(word: str) -> str:
    """In full-width letters, as keyboards of East Asia have them."""
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in word)


@st.composite
def written(draw: st.DrawFn, *words: str) -> str:
    """One of the words, in one of the forms."""
    word = draw(st.sampled_from(words))
    word = "".join(draw(st.sampled_from((letter.lower(), letter.upper()))) for letter in word)
    if draw(st.booleans()):
        word = _wide(word)
    if draw(st.integers(0, 4)) == 0:
        word = word[0] + draw(st.sampled_from(("\u200d", "\u00ad", "\u0301"))) + word[1:]
    opening, closing = draw(st.sampled_from(_QUOTES))
    before, after = draw(st.sampled_from(_BLANKS)), draw(st.sampled_from(_BLANKS))
    return f"{before}{opening}{word}{draw(st.sampled_from(_AROUND))}{closing}{after}"
