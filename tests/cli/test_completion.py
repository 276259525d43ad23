"""`chatdoor completion`: shells complete command lines."""

import shutil
import subprocess

import pytest

from tests.cli.program import Program


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_it_prints_a_script(program: Program, shell: str) -> None:
    """The script names the program and is one that the shell can read, where there is one."""
    ran = program("completion", shell)
    assert (ran.code, ran.err) == (0, "")
    assert "_CHATDOOR_COMPLETE" in ran.out
    if found := shutil.which(shell):
        subprocess.run([found, "-n"], input=ran.out.encode(), check=True, timeout=10)


def test_another_shell_is_refused(program: Program) -> None:
    """A shell that is not known is an error that names those that are."""
    ran = program("completion", "tcsh")
    assert ran.code == 2
    assert "bash" in ran.err


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("chatdoor a", "ask"),
        ("chatdoor sites l", "lint"),
        ("chatdoor ask --no-s", "--no-stream"),
        ("chatdoor ask --site v", "voigpt"),
        ("chatdoor practice --token m", "meta"),
    ],
)
def test_commands_options_and_values_are_offered(program: Program, typed: str, offered: str) -> None:
    """What may follow is offered as bash asks for it, whatever the config file holds."""
    program.configure("broken")
    asked = {"_CHATDOOR_COMPLETE": "bash_complete", "COMP_WORDS": typed, "COMP_CWORD": str(len(typed.split()) - 1)}
    ran = program(env=asked)
    assert ran.code == 0
    assert f"plain,{offered}" in ran.out.splitlines()
