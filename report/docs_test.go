package report

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/modelparity/parity/compare"
)

// Without this, the example of docs/gate.md could show other numbers than the gate
// gives: whoever checks a verdict by hand starts there.
func TestGateExample(t *testing.T) {
	tally := compare.NewTally()
	a := tally.Model("review-a")
	both(distinct(9_996, 0), both(mismatched(drift, 3), mismatched(flip, 1)))(a)
	a.Decided = 10_000
	b := tallyOf(tally.Model("review-b"), 8000, 0)
	traffic{strata: []stratum{{5000, 0, 1}, {30_000, 0, 0.1}}}.stratify(b, evidence(b, ""), []drawn{{5000, 0}, {3000, 0}}, 0)
	distinct(1000, 0)(tally.Model("legal-c"))
	s, err := Summarise(Input{Tally: tally, Recorded: Recorded{Exchanges: 20_000, Models: []string{"review-a", "review-b", "legal-c"}}, Gate: Gate{
		Coverage: CoverageLimits{Models: new(Percent(1)), Exchanges: new(Percent(0.95))},
		Models:   map[string]Limits{"legal-*": {Budget: new(Percent(0))}, "review-a": {Flips: new(Percent(0.0005))}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join("..", "docs", "gate.md"))
	if err != nil {
		t.Fatal(err)
	}
	models := map[string]Model{}
	for _, m := range s.Models {
		models[m.Name] = m
	}
	ma, mb, mc := models["review-a"], models["review-b"], models["legal-c"]
	for _, want := range []string{
		tableText(t, s, false),
		fmt.Sprintf("4 of 10,000 at a budget of 0.1 %%: p = %.5f, at most %s", chance(4, 10_000, 0.001), percentUp(ma.Upper)),
		fmt.Sprintf("1 flip of 10,000 at 0.05 %%: p = %.5f, at most %s", ma.PValue, percentUp(ma.Budgets[0].Upper)),
		fmt.Sprintf("5,000/10 + 3,000 = %s: p = 0.999^%v = %.5f", count(int64(mb.Effective)), mb.Effective, mb.PValue),
		fmt.Sprintf("0 of 1,000 at a budget of 0: at most %s, p = %.5f", percentUp(mc.Upper), mc.PValue),
		fmt.Sprintf("3 · %.5f = %.5f, 2 · %.5f = %.5f, 1 · %.5f = %.5f", mb.PValue, 3*mb.PValue, ma.PValue, 2*ma.PValue, mc.PValue, mc.PValue),
		fmt.Sprintf("1 − %.5f = %s", 3*mb.PValue, percentDown(s.Family.Confidence)),
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("docs/gate.md lacks\n%s", want)
		}
	}
}

// Without this, somebody could paste a gate from docs/gate.md that is refused.
func TestGateOfTheDocsIsOne(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "docs", "gate.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(text), "```yaml\n")
	block, _, _ = strings.Cut(block, "```")
	var config struct {
		Gate Gate `yaml:"gate"`
	}
	if err := yaml.UnmarshalWithOptions([]byte(block), &config, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	g := config.Gate
	if err := g.Validate(); err != nil || g.Flips == nil || g.Errors == nil || g.ServiceTime == nil || g.FamilyConfidence == nil || g.Coverage.Models == nil || g.Coverage.Exchanges == nil {
		t.Errorf("%v, %+v", err, g)
	}
}
