package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/replay"
)

// What it prints must work when it is pasted.
func TestExample(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	done := make(chan error)
	go func() { done <- run(ctx, in) }()
	lines := bufio.NewScanner(out)
	for range 2 {
		lines.Scan()
		for pair := range strings.FieldsSeq(strings.TrimPrefix(lines.Text(), "export ")) {
			name, value, _ := strings.Cut(pair, "=")
			t.Setenv(name, value)
		}
	}
	go io.Copy(io.Discard, out)
	t.Setenv("AWS_SESSION_TOKEN", "")
	sender, err := replay.New(replay.Options{Target: "sagemaker://mod-{model}", RunID: "example"})
	if err != nil {
		t.Fatal(err)
	}
	rows := requests()
	var got answers
	if _, err := sender.Split(t.Context(), &source{rows}, &got); err != nil {
		t.Fatal(err)
	}
	sender.Close()
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	for _, e := range got {
		if how, err := e.Candidate.HowDelivered(); err != nil || e.Candidate.Status != 200 || how.Variant != "AllTraffic" {
			t.Errorf("%s: %+v, %v", e.Model, e.Candidate, err)
		}
	}
	if len(got) != len(rows) {
		t.Errorf("%d answers to %d", len(got), len(rows))
	}
}

// requests are one of each of some of the demo's models.
func requests() (rows []exchange.Exchange) {
	for _, model := range []string{"formality", "language-id"} {
		rows = append(rows, exchange.Exchange{Model: model, Request: exchange.Request{
			Method: "POST", Path: "/models/" + model + "/classify", Body: []byte(`{"id":"1","text":"good service"}`),
			Headers: exchange.EncodeHeaders(http.Header{"Content-Type": {"application/json"}}),
		}})
	}
	return rows
}

type source struct{ rows []exchange.Exchange }

func (s *source) Read(_ context.Context, b *exchange.Batch) error {
	if b.Rows = s.rows; len(s.rows) == 0 {
		return io.EOF
	}
	s.rows = nil
	return nil
}
func (s *source) Close() error { return nil }

type answers []exchange.Exchange

func (a *answers) Write(_ context.Context, b *exchange.Batch) error {
	*a = append(*a, b.Rows...)
	return nil
}
func (a *answers) Commit(context.Context) error { return nil }
func (a *answers) Close() error                 { return nil }
