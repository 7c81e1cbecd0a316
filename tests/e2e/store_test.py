#!/usr/bin/env python3
"""Stores over the network: `scantling store` against a server of ours that fails on demand.

    SCANTLING=build/release/driver/scantling python3 tests/e2e/store_test.py [-v] [Class[.test]]

SCT_N_OBJECTS: how many objects the test of random faults writes; default 60.
"""

import sys
import unittest

sys.dont_write_bytecode = True  # nothing appears in the source folder

from store_support import check_environment  # noqa: E402

check_environment()

from store_fault_cases import Credentials, Repeats, Requests, Tls  # noqa: E402,F401

if __name__ == "__main__":
    unittest.main()
