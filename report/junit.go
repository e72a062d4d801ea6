package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// maxLeads is how many signatures of a model JUnit XML and Markdown list.
const maxLeads = 5

// WriteJUnit writes s as JUnit XML: the run is a test suite, each of its models a
// test case. FAIL is a failure. INCONCLUSIVE is an error, a test that could not
// be carried out: Jenkins, GitLab and the GitHub actions that read such files
// show it as red as a failure, but count it apart, where a skipped test is
// green to all of them, and nothing that the gate does not pass may be.
//
// classname and name are the same in every run, so that a CI system can tell
// what is newly broken. time is the middle of the candidate's answer times, in
// seconds: it is what a trend of a model is good for.
func (s *Summary) WriteJUnit(w io.Writer) error {
	suite := junitSuite{Name: "parity", Properties: s.junitProperties()}
	if s.Info.Run != "" {
		suite.Name = visible(s.Info.Run)
	}
	for _, m := range s.worstFirst() {
		suite.add(m.Verdict, m.junitCase(s.Info))
	}
	if s.Verdict != Pass && suite.Failures+suite.Errors == 0 {
		// What no model says must not look green either.
		suite.add(s.Verdict, junitCase{Class: junitClass, Name: "all models", Result: &junitResult{Message: visible(s.Reason), Text: visible(s.Reason)}})
	}
	all := junitSuites{Name: "parity", Tests: suite.Tests, Failures: suite.Failures, Errors: suite.Errors, Suites: []junitSuite{suite}}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	_, err := io.WriteString(w, xml.Header)
	if err == nil {
		err = e.Encode(all)
	}
	if err == nil {
		_, err = io.WriteString(w, "\n")
	}
	if err != nil {
		return fmt.Errorf("write the summary as JUnit XML: %w", err)
	}
	return nil
}

// junitClass is where the test cases are listed: package and class of Jenkins.
const junitClass = "parity.models"

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string          `xml:"name,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Class      string          `xml:"classname,attr"`
	Name       string          `xml:"name,attr"`
	Time       string          `xml:"time,attr,omitempty"`
	Properties []junitProperty `xml:"properties>property,omitempty"`
	Result     *junitResult    // failure or error; nil: passed
}

// junitResult says why a test case did not pass. Not every system shows the
// message, so that the text says it again.
type junitResult struct {
	XMLName xml.Name
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",cdata"`
}

func (suite *junitSuite) add(v Verdict, c junitCase) {
	suite.Tests++
	switch v {
	case Fail:
		suite.Failures++
		c.Result.XMLName.Local, c.Result.Type = "failure", "over_budget"
	case Inconclusive:
		suite.Errors++
		c.Result.XMLName.Local, c.Result.Type = "error", "inconclusive"
	}
	suite.Cases = append(suite.Cases, c)
}

func (m *Model) junitCase(i Info) junitCase {
	c := junitCase{Class: junitClass, Name: visible(m.Name), Properties: m.junitProperties()}
	if m.CandidateLatency.Count > 0 {
		c.Time = strconv.FormatFloat(float64(m.CandidateLatency.P50)/1e6, 'f', 6, 64)
	}
	if m.Verdict != Pass {
		c.Result = &junitResult{Message: visible(m.Reason), Text: m.junitText(i)}
	}
	return c
}

func (m *Model) junitText(i Info) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", m.Verdict, visible(m.Reason))
	for _, l := range i.leads(m, maxLeads) {
		fmt.Fprintf(&b, "\n%s: %s", l.What, plural(l.Exchanges, "exchange"))
		if l.Seen != "" {
			fmt.Fprintf(&b, ", as %s", l.Seen)
		}
		b.WriteByte('\n')
		for _, command := range []string{l.Show, l.Again} {
			if command != "" {
				fmt.Fprintf(&b, "  %s\n", command)
			}
		}
	}
	return b.String()
}

func (m *Model) junitProperties() []junitProperty {
	fraction := func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
	return []junitProperty{
		{"verdict", string(m.Verdict)},
		{"requests", strconv.FormatInt(m.Requests, 10)},
		{"mismatched_requests", strconv.FormatInt(m.Mismatched, 10)},
		{"rate", fraction(m.Rate)},
		{"lower", fraction(m.Lower)},
		{"upper", fraction(m.Upper)},
		{"budget", fraction(m.Budget)},
		{"confidence", fraction(m.Confidence)},
		{"planned", strconv.FormatInt(m.Ledger.Planned, 10)},
	}
}

func (s *Summary) junitProperties() (list []junitProperty) {
	for _, p := range []junitProperty{
		{"verdict", string(s.Verdict)},
		{"reason", s.Reason},
		{"recording", s.Info.Recording},
		{"target", s.Info.Target},
		{"selection", s.Info.Selection},
		{"control", s.Info.Control},
		{"judgement", s.Info.Judgement},
		{"config", s.Info.Config},
		{"parity", s.Info.Version},
		{"coverage", strings.TrimPrefix(s.Coverage.line(), "covers  ")},
		{"ledger", strings.TrimPrefix(ledgerLine(s.Ledger), "ledger  ")},
	} {
		if p.Value != "" {
			list = append(list, junitProperty{p.Name, visible(strings.Join(strings.Fields(p.Value), " "))})
		}
	}
	return list
}
