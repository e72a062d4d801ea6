package recorder_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/modelparity/parity/capture"
	"github.com/modelparity/parity/capture/recorder"
	"github.com/modelparity/parity/internal/dataset"
)

// A service that records itself. It needs a folder of its own for the spool; the
// recording may be s3://bucket/prefix as well.
func Example() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	model, err := capture.ParseRule("path:/models/{model}/classify")
	if err != nil {
		log.Fatal(err)
	}
	r, err := recorder.Open(context.Background(), filepath.Join(dir, "recording"), capture.Options{
		Spool: filepath.Join(dir, "spool"), Model: []capture.Rule{model},
	})
	if err != nil {
		log.Fatal(err)
	}
	classify := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, `{"label":"ham"}`) })
	server := httptest.NewServer(r.Middleware(classify)) // http.ListenAndServe, in a real one
	res, err := http.Post(server.URL+"/models/spam/classify", "application/json", strings.NewReader(`{"text":"hi"}`))
	if err != nil {
		log.Fatal(err)
	}
	res.Body.Close()
	server.Close()
	if err := r.Close(context.Background()); err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Sidecar().Ledger())

	recording, err := dataset.OpenRecording(context.Background(), filepath.Join(dir, "recording"))
	if err != nil {
		log.Fatal(err)
	}
	stats, err := recording.Stats(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(stats.Rows, stats.Models["spam"].Rows)
	// Output:
	// served 1 = recorded 1 + sampled out 0 + dropped 0 + lost in a crash 0
	// 1 1
}
