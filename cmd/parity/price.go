package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/modelparity/parity/internal/config"
	"github.com/modelparity/parity/internal/dataset"
)

// bill is what a plan costs at an endpoint that is paid by the time it computes, as
// a formula with what goes into it: the prices are the config's, and its user's to
// check. Retries, cold starts and what else is billed are not in it.
type bill struct {
	Formula string   `json:"formula"`
	Amount  *float64 `json:"amount,omitempty"` // where the config has all that goes into it
}

// newBill is nil where nothing is paid so, as far as anybody said.
func newBill(t *dataset.Totals, target string, p config.Price) *bill {
	if !strings.HasPrefix(target, "sagemaker://") && p == (config.Price{}) {
		return nil
	}
	of := func(unit string) string { return strings.TrimSuffix(" "+printable(p.Currency), " ") + " per " + unit }
	gb := float64(t.RequestBytes+t.ResponseBytes) / 1e9
	compute, known1 := product(counted(t.Sendable, "invocation"), factor{"seconds", " s", p.Seconds},
		factor{"memory_gb", " GB", p.MemoryGB}, factor{"per_gb_second", of("GB-second"), p.PerGBSecond})
	data, known2 := product(fmt.Sprintf("%.3f GB of data", gb), factor{"per_gb", of("GB"), p.PerGB})
	b := &bill{Formula: compute + " + " + data}
	if known1 && known2 {
		amount := float64(t.Sendable)**p.Seconds**p.MemoryGB**p.PerGBSecond + gb**p.PerGB
		b.Amount = &amount
	}
	return b
}

// factor is a number of the config, or the name that stands for it there.
type factor struct {
	name, unit string
	value      *float64 // nil: not given
}

// product writes a product, and says whether all of it is known.
func product(text string, factors ...factor) (_ string, known bool) {
	known = true
	for _, f := range factors {
		if f.value == nil {
			text, known = text+" × "+f.name, false
			continue
		}
		text += " × " + strconv.FormatFloat(*f.value, 'f', -1, 64) + f.unit
	}
	return text, known
}

// text is the bill for people; target is the name of the target in the config.
func (b *bill) text(target string, p config.Price) string {
	if b.Amount == nil {
		return fmt.Sprintf("%s; targets.%s.price in the config gives the numbers, which your provider's price list has", b.Formula, target)
	}
	return fmt.Sprintf("%s = %.2f %s", b.Formula, *b.Amount, printable(p.Currency))
}
