"""Writes a table of CSV as Parquet: numbers as doubles or whole numbers of 64 bits, missing cells as nulls, small row groups.

    columns.py IN.csv OUT.parquet
"""

import sys

import pyarrow
from pyarrow import csv, parquet

types = {"age": pyarrow.int64(), "adherence": pyarrow.float64(), "risk": pyarrow.float64(), "day": pyarrow.int64()}
options = csv.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=True)
table = csv.read_csv(sys.argv[1], convert_options=options)
parquet.write_table(table, sys.argv[2], row_group_size=101, compression="snappy")
