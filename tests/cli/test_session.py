import subprocess
import sys

ANSWER_AND_DIE = """
import os, signal
from app.cli.session import answer
answer("a sign-in")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_an_answer_is_out_at_once_also_in_a_pipe():
    said = subprocess.run([sys.executable, "-c", ANSWER_AND_DIE], capture_output=True, text=True, check=False)

    assert said.stdout == "a sign-in\n"
