"""Standard errors of an unpenalised logistic regression by statsmodels: from the inverse Hessian and clustered by patient.

Reads a CSV without a header (columns, label, patient) and prints one line a coefficient, the intercept last: plain and
clustered standard error.
"""

import sys

import numpy as np
import statsmodels.api as sm

table = np.loadtxt(sys.argv[1], delimiter=",")
x = np.column_stack([table[:, :-2], np.ones(len(table))])
model = sm.GLM(table[:, -2], x, family=sm.families.Binomial())
plain = model.fit(tol=1e-14, maxiter=200)
clustered = model.fit(
    tol=1e-14, maxiter=200, cov_type="cluster", cov_kwds={"groups": table[:, -1].astype(int), "use_correction": False}
)
for pair in zip(plain.bse, clustered.bse):
    print(*(repr(float(number)) for number in pair))
