"""`python -m mintmark`, and the command that the wheel installs."""

from mintmark import cli


def main() -> None:
    cli.main()


if __name__ == "__main__":  # the workers of `serve` import this file under another name
    main()
