package capture

import (
	"bytes"
	"context"
	"log/slog"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// If this fails, a sidecar that drops fills the disk with what it says of that, or
// says nothing of some, or of models that are no longer told apart.
func TestDropsAreLoggedNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said bytes.Buffer
		o := options(t, "http://127.0.0.1:1", newStore())
		o.SyncInterval, o.Log = time.Second, slog.New(slog.NewTextHandler(&said, nil))
		s, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		w := newWriter(s)
		for i := range maxNames {
			w.rows.models[strconv.Itoa(i)] = true
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- w.run(ctx) }()
		const drops = 600
		for range drops {
			s.ledger.drop(queueFull)
			time.Sleep(100 * time.Millisecond)
		}
		stop()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if err := s.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		told, lines := 0, regexp.MustCompile(`queue_full=(\d+)`).FindAllStringSubmatch(said.String(), -1)
		for _, l := range lines {
			n, _ := strconv.Atoi(l[1])
			told += n
		}
		if told != drops || len(lines) < 6 || len(lines) > 8 {
			t.Errorf("in a minute %d lines tell of %d drops, and there were %d", len(lines), told, drops)
		}
		if n := strings.Count(said.String(), "as many models as are told apart"); n != 1 {
			t.Errorf("%d lines tell of too many models", n)
		}
		if t.Failed() {
			t.Log(said.String())
		}
	})
}
