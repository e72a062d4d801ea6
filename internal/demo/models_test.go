package demo

import (
	"testing"
)

// Models that guess would make the demo's scores meaningless: every model must
// know far more than the commonest label, on reviews that it has never seen.
func TestModelsLearn(t *testing.T) {
	t.Parallel()
	const heldOut = 1000
	for _, m := range shared.models {
		right, labels := 0, map[string]int{}
		g := newGenerator(1, hash("held out "+m.name))
		for range heldOut {
			r := m.write(g)
			labels[m.truth(&r)]++
			if m.answer(r.text, m.predict).Label == m.truth(&r) {
				right++
			}
		}
		commonest := 0
		for _, n := range labels {
			commonest = max(commonest, n)
		}
		accuracy, chance := float64(right)/heldOut, float64(commonest)/heldOut
		t.Logf("%-14s %d labels: accuracy %.3f, always the commonest %.3f", m.name, len(labels), accuracy, chance)
		if accuracy < chance+(1-chance)/2 {
			t.Errorf("%s: accuracy %.3f is not half way from %.3f to 1", m.name, accuracy, chance)
		}
	}
}
