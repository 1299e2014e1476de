"""The surroundings the documentation's tests take for granted."""

import builtins
import json
import os
import sys
from pathlib import Path
from unittest.mock import Mock

import flowforge
import pytest

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[3] / "examples" / "order-fulfillment"

sys.path.insert(0, str(HERE))

# It talks to http://localhost:8000: whoever has started a server there says so.
collect_ignore = [] if os.environ.get("FLOWFORGE_SERVER") else ["test_integration.py"]


@pytest.fixture(autouse=True)
def in_the_folder_of_the_workflow(monkeypatch):
    monkeypatch.chdir(EXAMPLE)


@pytest.fixture(autouse=True)
def the_client_that_is_patched(monkeypatch):
    """The tests patch `flowforge.FlowForgeClient` when the script has imported that name already, and one of them polls
    the mock until an execution has ended: the script is given whatever stands there now, and mocks end at once."""

    def client(*args, **kwargs):
        made = flowforge.FlowForgeClient(*args, **kwargs)
        if isinstance(made, Mock):
            made.flows.get_execution_status.return_value = {"status": "completed", "duration": 0.0}
        return made

    monkeypatch.setattr("order_fulfillment.FlowForgeClient", client)


def load_workflow_definition():
    return json.loads((EXAMPLE / "workflow.json").read_text())


def load_test_order_data():
    return json.loads((EXAMPLE / "test-data.json").read_text())["valid_order"]


builtins.load_workflow_definition = load_workflow_definition
builtins.load_test_order_data = load_test_order_data
