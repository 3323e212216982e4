"""What counts as a command of the README, and when pasting it has failed."""

from tools import paste_readme

PAGE = """
<!-- paste -->
```sh
name=mint
```

```sh
exit 7
```

<!-- paste -->
```sh
test "$name" = mint
```
"""


def test_only_blocks_under_the_comment_are_pasted_and_share_one_shell(tmp_path):
    found = paste_readme.blocks(PAGE)

    assert ["name=mint\n", 'test "$name" = mint\n'] == found
    assert 0 == paste_readme.paste(found, tmp_path)


def test_a_command_that_fails_stops_the_run(tmp_path):
    assert 3 == paste_readme.paste(["(exit 3)\n", "touch went-on\n"], tmp_path)
    assert not (tmp_path / "went-on").exists()


def test_the_middle_of_a_pipe_may_not_fail_either(tmp_path):
    assert 0 != paste_readme.paste(["false | cat\n"], tmp_path)
