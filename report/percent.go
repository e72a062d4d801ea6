package report

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// Percent is a fraction, 0.001, that people may also write as 0.1%.
type Percent float64

// UnmarshalText reads "0.1%" or "0.001"; both give the same number. Which
// numbers make sense is for the Validate of whoever holds it.
func (p *Percent) UnmarshalText(text []byte) error {
	number, percent := strings.CutSuffix(strings.TrimSpace(string(text)), "%")
	exact := number
	if percent {
		// Dividing by 100 would round a second time: 0.7/100 is not 0.007.
		exact = strings.TrimSpace(number) + "e-2"
	}
	v, err := strconv.ParseFloat(exact, 64)
	if err != nil {
		return fmt.Errorf("%q is not a percentage: write 0.1%% or 0.001", text)
	}
	*p = Percent(v)
	return nil
}

// UnmarshalYAML reads what UnmarshalText does. The error says line and column.
func (p *Percent) UnmarshalYAML(node ast.Node) error {
	if err := p.UnmarshalText([]byte(node.GetToken().Value)); err != nil {
		return &yaml.SyntaxError{Message: err.Error(), Token: node.GetToken()}
	}
	return nil
}

// MarshalText writes what String does.
func (p Percent) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// String is the shortest form with a percent sign, to 12 decimals: 0.1%.
func (p Percent) String() string {
	digits := strconv.FormatFloat(100*float64(p), 'f', 12, 64)
	return strings.TrimRight(strings.TrimRight(digits, "0"), ".") + "%"
}

// compareShare holds part/whole against a limit as people wrote it, without
// rounding: 7 of 25 are exactly 28%, which in floating point they are not. It is
// below 0 where the share is less, above where it is more; 0 of 0 is 0.
func compareShare(part, whole int64, limit float64) int {
	wrote, _ := new(big.Rat).SetString(strconv.FormatFloat(limit, 'g', -1, 64))
	return big.NewRat(part, max(whole, 1)).Cmp(wrote)
}
