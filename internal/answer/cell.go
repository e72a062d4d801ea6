package answer

import "bytes"

// isNumber says whether a cell is a decimal number, or not finite as any
// language prints it.
func isNumber(cell []byte) bool {
	cell = bytes.TrimSpace(cell)
	if len(cell) > 0 && (cell[0] == '-' || cell[0] == '+') {
		cell = cell[1:]
	}
	for _, word := range []string{"nan", "inf", "infinity"} {
		if len(cell) == len(word) && bytes.EqualFold(cell, []byte(word)) {
			return true
		}
	}
	whole := digits(cell)
	cell = cell[whole:]
	if len(cell) > 0 && cell[0] == '.' {
		fraction := digits(cell[1:])
		whole += fraction
		cell = cell[1+fraction:]
	}
	if whole == 0 || len(cell) == 0 {
		return whole > 0
	}
	if cell[0]|0x20 != 'e' {
		return false
	}
	cell = cell[1:]
	if len(cell) > 0 && (cell[0] == '-' || cell[0] == '+') {
		cell = cell[1:]
	}
	return len(cell) > 0 && digits(cell) == len(cell)
}

// digits is how many digits text begins with.
func digits(text []byte) int {
	for i, b := range text {
		if b < '0' || b > '9' {
			return i
		}
	}
	return len(text)
}
