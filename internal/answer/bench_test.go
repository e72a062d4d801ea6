package answer

import (
	"testing"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/tape"
)

// answer300 is an answer of some 300 bytes, as the judge sees a million of them.
const answer300 = `{"id":"7f3c","model":"spam-v2","predictions":[{"label":"spam","score":0.91234567890123456},{"label":"ham","score":0.08765432109876543}],` +
	`"explanation":{"tokens":["free","money","now"],"weights":[0.4123456789012345,0.3123456789012345,0.2123456789012345]},"version":12,"ok":true,"note":null}`

func benchmarkRead(b *testing.B, ref, cand *exchange.Answer) {
	var p Pair
	b.ReportAllocs()
	for b.Loop() {
		p.Read(ref, cand)
	}
	if p.Reference.Err != nil || p.Candidate.Err != nil {
		b.Fatal(p.Reference.Err, p.Candidate.Err)
	}
}

// What it costs beyond the two parses, which "parse" shows.
func BenchmarkRead(b *testing.B) {
	java := answered("application/json;charset=UTF-8", answer300, "Transfer-Encoding", "chunked", "Connection", "keep-alive", "X-Request-Id", "8d0a3c")
	python := answered("application/json", " "+answer300, "Server", "uvicorn", "Content-Length", "301", "X-Request-Id", "8d0a3d")
	b.Run("parse", func(b *testing.B) {
		var t, u tape.Tape
		for b.Loop() {
			if t.ReadJSON(java.Body) != nil || u.ReadJSON(python.Body) != nil {
				b.Fatal()
			}
		}
	})
	b.Run("json", func(b *testing.B) { benchmarkRead(b, java, python) })
	b.Run("gzip", func(b *testing.B) {
		zipped := packed(b, "gzip", answer300)
		benchmarkRead(b, answered("application/json", zipped, "Content-Encoding", "gzip"), answered("application/json", zipped+"", "Content-Encoding", "gzip"))
	})
	b.Run("csv", func(b *testing.B) {
		benchmarkRead(b, answered("text/csv", "label,score\nspam,0.9123\n"), answered("text/csv", "label,score\nspam,0.9124\n"))
	})
	b.Run("tensors", func(b *testing.B) {
		benchmarkRead(b, answered("application/json", oneTensor("FP32", "1,4", "[0.1,0.2,0.3,0.4]")), answered("application/json", oneTensor("FP32", "1,4", "[[0.1,0.2,0.3,0.5]]")))
	})
	b.Run("binary tensors", func(b *testing.B) {
		benchmarkRead(b, binaryTensor("FP32", "4", "abcdefghijklmnop"), binaryTensor("FP32", "4", "abcdefghijklmnoq"))
	})
}

func BenchmarkSame(b *testing.B) {
	java := answered("application/json;charset=UTF-8", answer300, "Transfer-Encoding", "chunked", "Connection", "keep-alive", "X-Request-Id", "8d0a3c")
	python := answered("application/json", answer300, "Server", "uvicorn", "Content-Length", "300", "X-Request-Id", "8d0a3d")
	other := answered("application/json", answer300, "Server", "uvicorn", "Content-Length", "300", "X-Request-Id", "8d0a3e")
	for name, ref := range map[string]*exchange.Answer{"another type": java, "one type": other} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !Same(ref, python) {
					b.Fatal()
				}
			}
		})
	}
}
