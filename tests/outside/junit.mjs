// What two readers make of a JUnit report, as one JSON object: of each case whether it passed, its failure's text and its seconds. Run where
// their packages are installed.
import fs from "fs";
import { createRequire } from "module";

const require = createRequire(process.cwd() + "/");
const file = process.argv[2];
const { parse } = require("junit2json");
const results = require("test-results-parser");

const suites = await parse(fs.readFileSync(file, "utf8"));
const first = {};
for (const suite of suites.testsuite)
	for (const test of suite.testcase) {
		const failures = [...(test.failure ?? []), ...(test.error ?? [])];
		first[test.name] = { passed: failures.length === 0, failure: failures.map((failure) => failure.inner ?? failure.message).join(), seconds: test.time };
	}
const report = results.parse({ type: "junit", files: [file] });
const second = {};
for (const suite of report.suites)
	for (const test of suite.cases) second[test.name] = { passed: test.status === "PASS", failure: test.failure ?? "", seconds: test.duration / 1000 };
console.log(JSON.stringify({
	junit2json: first,
	"test-results-parser": second,
	counts: [[suites.tests, suites.failures + suites.errors], [report.total, report.failed + report.errors]],
}));
