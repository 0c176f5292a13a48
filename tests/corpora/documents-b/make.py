#!/usr/bin/env python3
"""Makes the documents of this folder from their descriptions: make.py [NAME...]. The same description gives the same bytes.

The descriptions (NAME.form) and what makes documents of them are those of ../documents-a. After making, run
test_convert_corpus.py --update documents-b and read the notice against the description.
"""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE.parent / "documents-a"))

import make as documents  # noqa: E402, the path has to be known first

if __name__ == "__main__":
    documents.HERE = HERE
    documents.main()
