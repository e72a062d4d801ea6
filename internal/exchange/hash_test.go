package exchange

import "testing"

// Without this, two answers could pass for the same bytes that are not, or an
// unchanged answer would be read though nothing needs it.
func TestHashAnswer(t *testing.T) {
	answer := func(body, headers string) *Answer {
		return &Answer{Status: 200, Body: []byte(body), Headers: []byte(headers)}
	}
	plain := HashAnswer(answer("body", `[["date","Sun, 22 Nov 2026"]]`))
	for name, same := range map[string]*Answer{
		"another date": answer("body", `[["date","Mon, 23 Nov 2026"]]`),
		"no headers":   answer("body", ""),
		"in a value":   answer("body", `[["vary","content-encoding"]]`),
		"other status": {Status: 500, ContentType: "text/plain", Body: []byte("body")},
	} {
		if HashAnswer(same) != plain {
			t.Errorf("%s: the hash is another", name)
		}
	}
	for name, other := range map[string]*Answer{
		"another body":       answer("bodY", ""),
		"packed":             answer("body", `[["content-encoding","gzip"]]`),
		"binary tensors":     answer("body", `[["inference-header-content-length","2"]]`),
		"header in the body": answer(`bodycontent-encodinggzip`, ""),
		"damaged headers":    answer("body", `[["content-encoding"`),
	} {
		if HashAnswer(other) == plain {
			t.Errorf("%s: the hash is the same", name)
		}
	}
	if HashAnswer(answer("", "")) == 0 {
		t.Error("0 means that nobody computed it")
	}
}
