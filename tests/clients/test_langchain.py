"""LangChain's standard tests of a chat model, on ChatOpenAI before a gateway."""

from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.clients.apart import CLIENTS, python, run
from tests.clients.examples import example
from tests.gateway.door import practice_door

PASSING = {
    "test_invoke": 1,
    "test_ainvoke": 1,
    "test_stream": 2,
    "test_astream": 2,
    "test_stream_events_v3": 1,
    "test_astream_events_v3": 1,
    "test_invoke_with_model_override": 1,
    "test_ainvoke_with_model_override": 1,
    "test_stream_with_model_override": 1,
    "test_astream_with_model_override": 1,
    "test_batch": 1,
    "test_abatch": 1,
    "test_conversation": 1,
    "test_double_messages_conversation": 1,
    "test_usage_metadata": 1,
    "test_usage_metadata_streaming": 1,
    "test_stop_sequence": 1,
    "test_message_with_name": 1,
    "test_no_overrides_DO_NOT_OVERRIDE": 1,
}
"""Each test that is about text -> how often it passes."""

LEFT_OUT = {
    "Test requires tool calling.": 11,
    "Test requires tool choice.": 1,
    "Test requires tool calling support.": 1,
    "Test requires structured output.": 8,
    "Test requires json mode support.": 1,
    "Model does not support image message.": 1,
    "Model does not support image tool message.": 1,
    "Model does not support PDF inputs.": 1,
    "Model does not support PDF tool message.": 1,
    "Model does not support audio inputs.": 1,
    "Model does not explicitly support Anthropic inputs.": 1,
    "VCR not set up.": 1,
}
"""Why the others do not run -> how many: a web chatbot has no tools and takes text alone. The last is of recordings."""


def test_the_standard_tests(tmp_path: Path) -> None:
    """Those for what a web chatbot can do pass, all of them; what is left out is known by its reason."""
    report = tmp_path / "report.xml"
    command = [
        *(python("langchain"), "-m", "pytest", "--quiet", "--noconftest", "-p", "no:cacheprovider"),
        *("-c", "/dev/null", "--rootdir", str(tmp_path), f"--junit-xml={report}", "-o", "asyncio_mode=auto"),
        # ChatOpenAI keeps its connections from one test to the next
        *("-o", "asyncio_default_test_loop_scope=session", str(CLIENTS / "langchain" / "standard.py")),
    ]
    with practice_door(reply="sse-delta", history="session") as (door, _):
        run(command, door, tmp_path)
    cases = list(ET.parse(report).iter("testcase"))
    skipped = [case.find("skipped") for case in cases]
    passed = [case.attrib["name"].partition("[")[0] for case, skip in zip(cases, skipped, strict=True) if skip is None]
    reasons = [skip.attrib["message"] for skip in skipped if skip is not None]
    assert Counter(reasons) == LEFT_OUT
    assert Counter(passed) == PASSING


def test_the_example_of_the_how_to(tmp_path: Path) -> None:
    """It runs as it is written."""
    with practice_door(reply="sse-delta", history="session") as (door, _):
        printed = run([python("langchain"), "-c", example("use-with-langchain.md", "python", door)], door, tmp_path)
    assert printed == "it works\nword by word"
