"""Scores of pairs of samples by SciPy: reads a JSON list of {method, a, b}, prints a JSON list of numbers."""
import json
import sys

from scipy import stats


def epps_singleton(a, b):
    return stats.epps_singleton_2samp(a, b).pvalue


def homogeneity(a, b):
    return stats.chi2_contingency([a, b], correction=False).pvalue


METHODS = {
    "ks": lambda a, b: stats.ks_2samp(a, b).pvalue,
    "mannw": lambda a, b: stats.mannwhitneyu(a, b, alternative="less").pvalue,
    "anderson": lambda a, b: stats.anderson_ksamp([a, b]).pvalue,
    "cramer_von_mises": lambda a, b: stats.cramervonmises_2samp(a, b).pvalue,
    "es": epps_singleton,
    "t_test": lambda a, b: stats.ttest_ind(a, b).pvalue,
    "ed": stats.energy_distance,
    "wasserstein": stats.wasserstein_distance,
    "homogeneity": homogeneity,
    "fisher_exact": lambda a, b: stats.fisher_exact([a, b]).pvalue,
}
pairs = json.load(open(sys.argv[1]))
print(json.dumps([float(METHODS[pair["method"]](pair["a"], pair["b"])) for pair in pairs]))
