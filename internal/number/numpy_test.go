package number

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// Users know numpy.isclose and take its tolerances over: a million verdicts
// must be the same. No literal is spelled as an integer here, for those we
// compare exactly and numpy as float64. Relative tolerances above 1 are left
// out: there numpy, from 1.25 on, calls an infinite candidate close to a finite
// reference whose tolerance overflows, and we never do.
func TestAgreesWithNumpy(t *testing.T) {
	python := pythonWithNumpy(t)
	script, err := os.ReadFile(filepath.Join("testdata", "isclose.py")) // so that go test knows when it changed
	if err != nil {
		t.Fatal(err)
	}
	pairs := randomPairs(1_000_000)
	cmd := exec.Command(python, "-c", string(script), writePairs(t, pairs))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("run numpy.isclose: %v", err)
	}
	verdicts := bytes.Fields(out)
	if len(verdicts) != len(pairs) {
		t.Fatalf("numpy gave %d verdicts on %d pairs", len(verdicts), len(pairs))
	}
	near, wrong := 0, 0
	for i, p := range pairs {
		want := verdicts[i][0] == '1'
		if want {
			near++
		}
		if _, equal := both(t, p.tolerance, p.ref, p.cand, Float64); equal != want {
			if wrong++; wrong <= 10 {
				t.Errorf("%+v: equal %v, by numpy %v", p, equal, want)
			}
		}
	}
	t.Logf("%d of %d pairs are close, %d verdicts differ", near, len(pairs), wrong)
	if min(near, len(pairs)-near) < len(pairs)/10 {
		t.Error("hardly any pair of one of the two kinds: this shows too little")
	}
}

// pythonWithNumpy finds a Python that has numpy. Debian's package belongs to the
// one in /usr/bin, which need not be the first.
func pythonWithNumpy(t *testing.T) string {
	t.Helper()
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(python, "-c", "import numpy").Run() == nil {
			return python
		}
	}
	const why = "no python3 with numpy here: apt-get install python3-numpy"
	if os.Getenv("PARITY_NO_SKIP") != "" {
		t.Fatal(why)
	}
	t.Skip(why)
	return ""
}

type pair struct {
	ref, cand string
	tolerance Tolerance
}

func randomPairs(n int) []pair {
	rng := rand.New(rand.NewPCG(1, 2))
	pairs := make([]pair, n)
	for i := range pairs {
		abs := []float64{0, 1e-9, 1e-8, 1e-5, 0.001, 1, 1e-300, 5e-324, 1e300}[rng.IntN(9)]
		rel := []float64{0, 1e-6, 1e-5, 1.3e-6, 1.6e-2, 0.1, 0.5, 1e-15, 2e-16, 1}[rng.IntN(10)]
		ref := anyFloat(rng)
		cand := partner(rng, ref, abs, rel)
		if i%2 == 0 { // one half is at the edge, where a verdict can be wrong
			cand = atEdge(rng, ref, abs, rel)
		}
		pairs[i] = pair{noInteger(ref), noInteger(cand), Tolerance{Abs: abs, Rel: rel}}
	}
	return pairs
}

func writePairs(t *testing.T, pairs []pair) (file string) {
	t.Helper()
	var text bytes.Buffer
	for _, p := range pairs {
		fmt.Fprintln(&text, p.ref, p.cand, p.tolerance.Abs, p.tolerance.Rel)
	}
	file = filepath.Join(t.TempDir(), "pairs")
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// anyFloat is any bit pattern, a usual number, an integer, or an edge case.
func anyFloat(rng *rand.Rand) float64 {
	switch rng.IntN(16) {
	case 0, 1:
		edges := []float64{
			0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), math.NaN(), 1, -1, 0.1, 1 << 53, 1e23,
			math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, 0x1p-1022, 0x1p-1022 - 0x1p-1074,
		}
		return edges[rng.IntN(len(edges))]
	case 2:
		return math.Float64frombits(rng.Uint64N(1 << 52)) // subnormal
	case 3, 4:
		return math.Float64frombits(rng.Uint64())
	case 5, 6:
		return float64(rng.Int64() >> rng.IntN(63))
	default:
		return rng.NormFloat64() * math.Pow10(rng.IntN(24)-12)
	}
}

// partner is the same number, its opposite, one a few steps away, or any.
func partner(rng *rand.Rand, ref, abs, rel float64) float64 {
	switch rng.IntN(6) {
	case 0:
		return ref
	case 1:
		return -ref
	case 2:
		return steps(ref, rng.IntN(9)-4)
	case 3:
		return ref + (rng.Float64()*4-2)*(abs+rel*math.Abs(ref))
	default:
		return anyFloat(rng)
	}
}

// atEdge is within some steps of the last number that is equal to ref.
func atEdge(rng *rand.Rand, ref, abs, rel float64) float64 {
	edge := abs + float64(rel*math.Abs(ref))
	if rng.IntN(2) == 0 {
		edge = -edge
	}
	return steps(ref+edge, rng.IntN(7)-3)
}

func steps(f float64, n int) float64 {
	for ; n > 0; n-- {
		f = math.Nextafter(f, math.Inf(1))
	}
	for ; n < 0; n++ {
		f = math.Nextafter(f, math.Inf(-1))
	}
	return f
}

// noInteger is the shortest decimal that reads as f, with a point or exponent.
func noInteger(f float64) string {
	text := strconv.FormatFloat(f, 'g', -1, 64)
	if isInteger([]byte(text)) {
		return text + ".0"
	}
	return text
}
