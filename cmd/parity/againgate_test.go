package main

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
)

// Without this, sending again would take back what was shown: a model that is
// noisier than the old system would pass once its noise was asked for again, one
// that answers wrong once it answers garbage, and one that nobody can judge would
// fail.
func TestSendingAgainTakesNothingBack(t *testing.T) {
	none := func(int, bool) string { return "" }
	wrong := func(i int) string { return fmt.Sprintf(`{"n":%d}`, i+1) }
	for name, c := range map[string]struct {
		old, new func(i int, again bool) string // "" is what was asked
		code     int
	}{
		"more noise than the old system": {
			old: func(i int, _ bool) string {
				if i%50 == 0 {
					return wrong(i)
				}
				return ""
			},
			new: func(i int, again bool) string {
				if i%3 == 0 && !again {
					return wrong(i)
				}
				return ""
			}, code: exitNotShown,
		},
		"garbage after what was wrong": {
			old: none,
			new: func(i int, again bool) string {
				switch {
				case i%3 == 0 && !again:
					return wrong(i)
				case i%3 == 0:
					return `{"n":`
				}
				return ""
			}, code: exitNotShown,
		},
	} {
		t.Run(name, func(t *testing.T) {
			recording := makeRecording(t, 700, 100)
			control, run := filepath.Join(t.TempDir(), "control"), filepath.Join(t.TempDir(), "run")
			config := writeConfig(t, "gate: {budget: 5%, min_samples: 50}")
			mustParity(t, exitDone, "replay", recording, "--target", saying(t, c.old).URL, "--out", control)
			mustParity(t, exitDone, "replay", recording, "--target", saying(t, c.new).URL, "--out", run, "--concurrency", "8")
			judge := func() {
				mustParity(t, exitDone, "compare", run, "--control", control, "--config", config)
				mustParity(t, c.code, "gate", run, "--config", config)
			}
			judge()
			again := []string{"replay", run, "--config", config, "--concurrency", "1"}
			for i := 0; i < 700; i += 3 {
				again = append(again, "--again", fmt.Sprint("r", i))
			}
			mustParity(t, exitDone, again...)
			judge()
		})
	}
}

// saying answers what say says, told whether the request was there before.
func saying(t *testing.T, say func(i int, again bool) string) *echo {
	var seen sync.Map
	return newEcho(t, func(w http.ResponseWriter, r *http.Request) {
		body := readBody(r)
		_, again := seen.LoadOrStore(body, true)
		w.Header().Set("Content-Type", "application/json")
		if text := say(number(body), again); text != "" {
			body = text
		}
		io.WriteString(w, body)
	})
}
