package telemetry

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// deployed reads a file of deploy/datadog.
func deployed(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "deploy", "datadog", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// query is aggregator:metric{filter} by {groups}, with the modifier that counts
// have.
var query = regexp.MustCompile(`\b(sum|avg|min|max|p[0-9]+):(parity\.[a-z_.]+)\{([^{}]*)\}(?: by \{([^{}]*)\})?(\.as_count\(\))?`)

// checkQueries checks every query in text against Metrics and returns the
// metrics that it shows.
func checkQueries(t *testing.T, text string, variables ...string) (shown []string) {
	t.Helper()
	found := query.FindAllStringSubmatch(text, -1)
	if n := strings.Count(text, ":parity."); n != len(found) {
		t.Errorf("%d queries, of which %d are understood", n, len(found))
	}
	for _, q := range found {
		aggregator, name, filter, by, asCount := q[1], q[2], q[3], q[4], q[5]
		i := slices.IndexFunc(Metrics, func(m Metric) bool { return m.Name == name })
		if i < 0 {
			t.Errorf("%s: no such metric is sent", q[0])
			continue
		}
		shown = append(shown, name)
		if isCount := Metrics[i].Type == CountType; isCount != (aggregator == "sum") || isCount != (asCount != "") {
			t.Errorf("%s: not how a %s is asked for", q[0], Metrics[i].Type)
		}
		for _, term := range strings.Split(filter, ",") {
			if variable, ok := strings.CutPrefix(term, "$"); ok && !slices.Contains(variables, variable) {
				t.Errorf("%s: no variable %s", q[0], term)
			} else if key, _, ok := strings.Cut(strings.TrimPrefix(term, "!"), ":"); ok && !slices.Contains(Metrics[i].Tags, key) {
				t.Errorf("%s: %s has no tag %s", q[0], name, key)
			}
		}
		if by != "" && !slices.Contains(Metrics[i].Tags, by) {
			t.Errorf("%s: %s has no tag %s", q[0], name, by)
		}
	}
	return shown
}

// dashboard is what matters here of Datadog's schema.
type dashboard struct {
	Title      string `json:"title"`
	LayoutType string `json:"layout_type"`
	Variables  []struct {
		Name   string `json:"name"`
		Prefix string `json:"prefix"`
	} `json:"template_variables"`
	Widgets []struct {
		Definition struct {
			Type     string    `json:"type"`
			Title    string    `json:"title"`
			Requests []request `json:"requests"`
		} `json:"definition"`
	} `json:"widgets"`
}

type request struct {
	Format  string `json:"response_format"`
	Queries []struct {
		Name       string `json:"name"`
		Source     string `json:"data_source"`
		Query      string `json:"query"`
		Aggregator string `json:"aggregator"`
	} `json:"queries"`
	Formulas []struct {
		Formula string `json:"formula"`
	} `json:"formulas"`
}

// Without this, a widget could stay empty for ever because it asks for a metric
// or a tag that the code does not send, and nobody would see that a metric is
// sent in vain.
func TestDashboardShowsWhatIsSent(t *testing.T) {
	text := deployed(t, "dashboard.json")
	var d dashboard
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	if d.Title == "" || d.LayoutType != "ordered" {
		t.Errorf("title %q, layout %q: Datadog takes no such dashboard", d.Title, d.LayoutType)
	}
	var variables []string
	for _, v := range d.Variables {
		variables = append(variables, v.Name)
		if v.Prefix != "model" && v.Prefix != RunTag {
			t.Errorf("variable %s is of tag %s, which no metric has", v.Name, v.Prefix)
		}
	}
	shown := checkQueries(t, text, variables...)
	for _, m := range Metrics {
		if !slices.Contains(shown, m.Name) {
			t.Errorf("%s is sent but not shown", m.Name)
		}
	}
	for _, w := range d.Widgets {
		if w.Definition.Type != "note" && len(w.Definition.Requests) == 0 {
			t.Errorf("widget %q asks for nothing", w.Definition.Title)
		}
		for _, r := range w.Definition.Requests {
			checkFormulas(t, w.Definition.Title, r)
		}
	}
}

// checkFormulas checks that the formulas use all queries of the request and
// nothing else.
func checkFormulas(t *testing.T, title string, r request) {
	t.Helper()
	var names, used []string
	for _, q := range r.Queries {
		names = append(names, q.Name)
		if q.Source != "metrics" || !query.MatchString(q.Query) {
			t.Errorf("widget %q: %q is no query for metrics", title, q.Query)
		}
		// Datadog takes another aggregator for a single number, and then shows none.
		aggregators := map[string]string{"timeseries": "", "scalar": "sum"}
		if strings.HasPrefix(q.Query, "p") {
			aggregators["scalar"] = "percentile"
		}
		if want, ok := aggregators[r.Format]; !ok || q.Aggregator != want {
			t.Errorf("widget %q: response format %q with aggregator %q, want %q", title, r.Format, q.Aggregator, want)
		}
	}
	word := regexp.MustCompile(`[a-z_][a-z_0-9]*`)
	for _, f := range r.Formulas {
		used = append(used, word.FindAllString(f.Formula, -1)...)
	}
	used = slices.DeleteFunc(used, func(name string) bool { return name == "default_zero" })
	slices.Sort(names)
	slices.Sort(used)
	if used = slices.Compact(used); !slices.Equal(names, used) {
		t.Errorf("widget %q has the queries %v and uses %v", title, names, used)
	}
}

// Without this, a monitor could never fire, or Datadog would refuse it: the
// threshold stands in the query and in the options.
func TestMonitorsWatchWhatIsSent(t *testing.T) {
	text := deployed(t, "monitors.json")
	var monitors []struct {
		Name    string `json:"name"`
		Type    string `json:"type"`
		Query   string `json:"query"`
		Message string `json:"message"`
		Options struct {
			Thresholds struct {
				Critical float64  `json:"critical"`
				Warning  *float64 `json:"warning"`
			} `json:"thresholds"`
		} `json:"options"`
	}
	if err := json.Unmarshal([]byte(text), &monitors); err != nil {
		t.Fatal(err)
	}
	if shown := checkQueries(t, text); len(monitors) == 0 || len(shown) < len(monitors) {
		t.Errorf("%d monitors with %d queries", len(monitors), len(shown))
	}
	for _, m := range monitors {
		_, threshold, ok := strings.Cut(m.Query, " > ")
		critical, err := strconv.ParseFloat(threshold, 64)
		if !ok || err != nil || critical != m.Options.Thresholds.Critical {
			t.Errorf("monitor %q: the query says %q, the options %v", m.Name, threshold, m.Options.Thresholds.Critical)
		}
		if w := m.Options.Thresholds.Warning; w != nil && *w >= critical {
			t.Errorf("monitor %q warns at %v, after the alert at %v", m.Name, *w, critical)
		}
		if m.Type != "query alert" || !strings.HasPrefix(m.Query, "sum(last_") && strings.Contains(m.Query, "as_count") {
			t.Errorf("monitor %q: Datadog sums counts in no other monitor", m.Name)
		}
		if strings.Contains(m.Query, ":parity.capture.") {
			if !strings.Contains(m.Message, "`parity ") && !strings.Contains(m.Message, "--spool") {
				t.Errorf("monitor %q does not say what to do", m.Name)
			}
			continue
		}
		if !strings.Contains(m.Query, "by {model}") || !strings.Contains(m.Message, "{{model.name}}") || !strings.Contains(m.Message, "`parity ") {
			t.Errorf("monitor %q does not say which model, and what to do", m.Name)
		}
	}
}

// Without this, the table that people look metrics up in would lack one, or its
// tags would be others than those sent.
func TestReadmeHasEveryMetric(t *testing.T) {
	text := deployed(t, "README.md")
	for _, m := range Metrics {
		tags := "—"
		if len(m.Tags) > 0 {
			tags = "`" + strings.Join(m.Tags, "`, `") + "`"
		}
		row := "| `" + m.Name + "` | " + string(m.Type) + " | " + tags + " |"
		if !strings.Contains(text, row) {
			t.Errorf("README.md has no row %s", row)
		}
	}
}
