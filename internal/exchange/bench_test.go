package exchange

import (
	"net/http"
	"testing"
)

// BenchmarkChecksum shows what verifying a row costs.
func BenchmarkChecksum(b *testing.B) {
	rows := make([]Exchange, 256)
	for i := range rows {
		rows[i] = Exchange{Model: "review-01", ModelVersion: "3", Reference: Answer{Headers: make([]byte, 115), ContentType: "application/json", Body: make([]byte, 290)}}
	}
	var s Summer
	for b.Loop() {
		for i := range rows {
			s.Checksum(&rows[i], ReferenceSide)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/256, "ns/row")
}

// BenchmarkDecodeHeaders and BenchmarkEncodeHeaders: replay does each once for a
// request.
func BenchmarkDecodeHeaders(b *testing.B) {
	text := EncodeHeaders(usualHeaders)
	for b.Loop() {
		DecodeHeaders(text)
	}
}

func BenchmarkEncodeHeaders(b *testing.B) {
	for b.Loop() {
		EncodeHeaders(usualHeaders)
	}
}

var usualHeaders = http.Header{
	"Accept": {"application/json"}, "Content-Type": {"application/json"}, "User-Agent": {"reviews/2.1"},
	"Date": {"Mon, 23 Nov 2026 10:00:00 GMT"}, "X-Request-Id": {"6f0d2c1a"}, "Content-Length": {"300"},
}
