# Reads a JUnit XML file with junitparser and prints what a CI system makes of it.
import json, sys
import junitparser
from junitparser import JUnitXml

cases = []
suites = 0
for suite in JUnitXml.fromfile(sys.argv[1]):
    suites += 1
    for case in suite:
        results = [(type(r).__name__, r.type, r.message, r.text) for r in case.result]
        cases.append({"class": case.classname, "name": case.name, "time": case.time, "results": results})
    counted = (suite.tests, suite.failures, suite.errors, suite.skipped)
    suite.update_statistics()  # counts the cases
    if counted != (suite.tests, suite.failures, suite.errors, suite.skipped):
        sys.exit("the suite says %s" % (counted,))
print(json.dumps({"suites": suites, "cases": cases}))
