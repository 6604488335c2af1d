"""Writes one table as CSV and as Parquet in many ways, into the folder that is named.

The CSV is written by this script, cell by cell, from the same Python values; pyarrow writes the Parquet files.
"""

import datetime
import decimal
import random
import sys

import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 3000
folder = sys.argv[1]
random.seed(7)
START = datetime.date(2025, 1, 1)


def maybe(value, share=0.1):
    return None if random.random() < share else value


columns = {
    "patient_id": (pa.string(), [f"P-{row // 2}" for row in range(ROWS)]),
    "day": (pa.int32(), [14 * (row % 2 + 1) for row in range(ROWS)]),
    "date": (pa.date32(), [START + datetime.timedelta(days=row % 400) for row in range(ROWS)]),
    "age": (pa.int64(), [maybe(random.randint(18, 99)) for _ in range(ROWS)]),
    "big": (pa.int64(), [random.choice([-(2**53), 2**53, 0, 7]) for _ in range(ROWS)]),
    "small": (pa.uint8(), [random.randint(0, 255) for _ in range(ROWS)]),
    "weight": (pa.float64(), [maybe(random.uniform(-1e3, 1e3)) for _ in range(ROWS)]),
    "tiny": (pa.float64(), [random.choice([1e-300, 1e300, -0.0, 5e-324, 0.1]) for _ in range(ROWS)]),
    "single": (pa.float32(), [maybe(row / 8 + 0.5) for row in range(ROWS)]),
    "price": (pa.decimal128(9, 2), [maybe(decimal.Decimal(random.randint(-999999, 999999)).scaleb(-2)) for _ in range(ROWS)]),
    "is_remote": (pa.bool_(), [maybe(random.random() < 0.5) for _ in range(ROWS)]),
    "sex": (pa.string(), [maybe(random.choice(["F", "M"])) for _ in range(ROWS)]),
    "site": (pa.string(), [maybe(random.choice(["Köln", "Oslo", "a,b"])) for _ in range(ROWS)]),
    "censored": (pa.bool_(), [maybe(random.random() < 0.1) for _ in range(ROWS)]),
    "called": (pa.int8(), [maybe(random.randint(0, 1)) for _ in range(ROWS)]),
    "dropout": (pa.int32(), [random.randint(0, 1) for _ in range(ROWS)]),
}


def text(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    return '"a,b"' if value == "a,b" else str(value)


with open(f"{folder}/table.csv", "w", encoding="utf-8", newline="") as out:
    out.write(",".join(columns) + "\n")
    for row in zip(*(values for _, values in columns.values())):
        out.write(",".join(map(text, row)) + "\n")


def table(changed={}, extra={}):
    types = {name: changed.get(name, kind) for name, (kind, _) in columns.items()}
    arrays = {name: pa.array(values, type=columns[name][0]).cast(types[name]) for name, (_, values) in columns.items()}
    return pa.table(arrays | extra)


def write(name, what, **options):
    pq.write_table(what, f"{folder}/{name}.parquet", **options)


plain = table()
nested = {"labs": pa.array([[row, row + 1] for row in range(ROWS)]), "at": pa.array([{"x": row} for row in range(ROWS)])}
write("good-snappy", plain, compression="snappy")
write("good-none", plain, compression="none")
write("good-small-row-groups", plain, compression="snappy", row_group_size=700)
write("good-small-pages", plain, data_page_size=512, dictionary_pagesize_limit=64)
write("good-no-dictionary", plain, use_dictionary=False)
write("good-pages-v2", plain, data_page_version="2.0")
write("good-version-1", table({"small": pa.int32(), "called": pa.int32()}), version="1.0")
write("good-split-streams", plain, use_dictionary=False, column_encoding={"weight": "BYTE_STREAM_SPLIT", "big": "DELTA_BINARY_PACKED"})
write("good-large-texts", table({"patient_id": pa.large_string(), "sex": pa.large_string()}))
write("good-dictionary-type", table({name: pa.dictionary(pa.int32(), pa.string()) for name in ("patient_id", "sex", "site")}))
write("good-other-widths", table({"day": pa.int64(), "age": pa.int16(), "dropout": pa.float64(), "called": pa.float32(), "small": pa.uint64()}))
write("good-timestamp-ms", table({"date": pa.timestamp("ms")}))
write("good-timestamp-us-utc", table({"date": pa.timestamp("us", tz="UTC")}))
write("good-timestamp-ns", table({"date": pa.timestamp("ns")}))
write("good-timestamp-96", table({"date": pa.timestamp("ns")}), use_deprecated_int96_timestamps=True)
write("good-wide-decimal", table({"price": pa.decimal128(30, 2)}))
write("good-integer-decimal", plain, store_decimal_as_integer=True)
write("good-nested-beside", table(extra=nested))
write("good-columns-turned", plain.select(list(columns)[::-1]))
for codec in ("gzip", "zstd", "brotli", "lz4"):
    write(f"refused-{codec}", plain, compression=codec)
write("refused-delta", plain, use_dictionary=False, column_encoding={"patient_id": "DELTA_BYTE_ARRAY"})
turned = plain.drop(["site"]).append_column("site", nested["labs"])
write("refused-nested", turned)
write("refused-time", plain.set_column(3, "age", pa.array([datetime.time(1)] * ROWS)))
later = pa.array([datetime.datetime(2025, 1, 1, 12)] * ROWS, type=pa.timestamp("ms"))
write("refused-noon", plain.set_column(2, "date", later))
ages = [17 if row == 16 else age for row, age in enumerate(columns["age"][1])]
write("refused-age", plain.set_column(3, "age", pa.array(ages, type=pa.int64())))
write("refused-other", pa.table({"x": [1, 2]}))
write("small", plain.slice(0, 40).select(["patient_id", "day", "date", "weight", "sex", "dropout"]), compression="snappy")
write("small-plain", plain.slice(0, 40).select(["patient_id", "day", "date", "weight", "sex", "dropout"]), compression="none", use_dictionary=False)
