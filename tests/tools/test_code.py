"""Code on the site: only words that do not look like the code around them have an element."""

from tools.site import code


def test_code_keeps_its_words_and_the_elements_that_colour_them():
    page = '<p class="n">one</p><pre><span class="k">def</span><span class="w"> </span>'
    page += '<span class="nf">f</span><span class="p">(</span><span class="n">x</span></pre>'
    light = '<p class="n">one</p><pre><span class="k">def</span> <span class="nf">f</span>(x</pre>'
    assert code.plain(page) == light
    assert code.plain(light) == light


def test_pages_are_written_again_only_where_they_change(tmp_path):
    one, two = tmp_path / "one.html", tmp_path / "two.html"
    one.write_text('<span class="n">x</span>')
    two.write_text("x")
    time = two.stat().st_mtime_ns
    code.plain_in([one, two])
    assert one.read_text() == two.read_text() == "x"
    assert two.stat().st_mtime_ns == time
