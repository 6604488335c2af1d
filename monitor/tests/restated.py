"""Scores by the plain restatement of Evidently's formulas among the shared facts: argv is its folder and a JSON list of
{method, a, b, number, whole}; prints a JSON list of numbers, or of method names where the method is `default`."""
import json
import math
import sys

sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import reference_impl


def score(pair):
    a, b = pair["a"], pair["b"]
    if pair["method"] == "default":
        return reference_impl.default_method(a, b, pair["number"])
    value = reference_impl.score(pair["method"], a, b, pair["number"], pair["whole"])
    return None if math.isnan(value) else value


print(json.dumps([score(pair) for pair in json.load(open(sys.argv[2]))]))
