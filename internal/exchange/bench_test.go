package exchange

import "testing"

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
