#!/usr/bin/env python3
"""The command, as a user meets it: every line of its manual, on generated pictures.

    SCANTLING=build/release/driver/scantling SCT_CORPUS=build/release/corpus SCT_SOURCE_DIR=. \\
        python3 tests/e2e/cli_test.py [-v] [Class[.test]]
"""

import os
import sys
import unittest

sys.dont_write_bytecode = True  # nothing appears in the source folder
for name in ("SCANTLING", "SCT_CORPUS", "SCT_SOURCE_DIR"):  # tests have other current folders
    if os.environ.get(name):
        os.environ[name] = os.path.abspath(os.environ[name])

from cli_support import check_environment  # noqa: E402

check_environment()

from cli_compare_cases import Butteraugli, Compare, Decoded  # noqa: E402,F401
from cli_formats_cases import Formats, Limits  # noqa: E402,F401
from cli_output_cases import Collisions, Files, Names, Streams  # noqa: E402,F401
from cli_report_cases import ExitStatus, Info, Json, Lines, Progress, Work  # noqa: E402,F401
from cli_resize_cases import CommandLine, Kernels, Settings, Sizes, Unchanged  # noqa: E402,F401
from cli_sandbox_cases import Sandbox  # noqa: E402,F401
from cli_variants_cases import Manual, Variants  # noqa: E402,F401
from cli_watch_cases import Watch, WatchKilled, WatchLive  # noqa: E402,F401

if __name__ == "__main__":
    unittest.main()
