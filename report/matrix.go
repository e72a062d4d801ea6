package report

import (
	"cmp"
	"slices"
)

// maxLabels is how many decisions the confusion matrix has rows and columns for.
const maxLabels = 8

// matrix is a confusion matrix to show: rows are the reference's decisions,
// columns the candidate's.
type matrix struct {
	Labels []string
	Rows   []matrixRow
	Hidden int64 // decisions with a label that has no place
}

type matrixRow struct {
	Label string
	Cells []matrixCell
}

// matrixCell is shaded by its share of the row.
type matrixCell struct {
	Count int64
	Heat  string // a class of report.css
	Share float64
}

// Matrix picks the labels with most flips, then those with most decisions.
func (d *Decision) Matrix() matrix {
	flips, all, counts := map[string]int64{}, map[string]int64{}, map[[2]string]int64{}
	for _, c := range d.Confusion {
		counts[[2]string{c.Reference, c.Candidate}] = c.Count
		for _, label := range []string{c.Reference, c.Candidate} {
			all[label] += c.Count
			if c.Reference != c.Candidate {
				flips[label] += c.Count
			}
		}
	}
	labels := slices.SortedFunc(slices.Values(sortedKeys(all)), func(a, b string) int {
		return cmp.Or(cmp.Compare(flips[b], flips[a]), cmp.Compare(all[b], all[a]), cmp.Compare(a, b))
	})
	labels = labels[:min(len(labels), maxLabels)]
	slices.SortFunc(labels, func(a, b string) int { return cmp.Or(cmp.Compare(all[b], all[a]), cmp.Compare(a, b)) })
	m := matrix{Labels: labels, Hidden: d.Decided}
	for _, reference := range labels {
		row := matrixRow{Label: reference}
		for _, candidate := range labels {
			n := counts[[2]string{reference, candidate}]
			row.Cells = append(row.Cells, matrixCell{Count: n})
			m.Hidden -= n
		}
		row.shade(slices.Index(labels, reference))
		m.Rows = append(m.Rows, row)
	}
	return m
}

// shade gives the cells their shares and classes; diagonal is the one where
// both sides agree.
func (r *matrixRow) shade(diagonal int) {
	sum := int64(0)
	for _, c := range r.Cells {
		sum += c.Count
	}
	for i := range r.Cells {
		c := &r.Cells[i]
		c.Share = share(c.Count, sum)
		tone := "flip"
		if i == diagonal {
			tone = "same"
		}
		if c.Count > 0 {
			c.Heat = tone + " heat" + heat(c.Share)
		}
	}
}

// heat is 1 to 5. The steps are finer at the low end, where flips are.
func heat(share float64) string {
	for i, below := range []float64{0.01, 0.05, 0.2, 0.6} {
		if share < below {
			return string(rune('1' + i))
		}
	}
	return "5"
}
