package main

import (
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// secureTarget is an https server with a config beside the certificate that it
// signed itself.
func secureTarget(t *testing.T, tls string) (config string) {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(answerBack(0)))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	config = writeConfig(t, fmt.Sprintf("targets: { new: { url: %q, tls: %s } }\n", server.URL, tls))
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(filepath.Join(filepath.Dir(config), "own.pem"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	return config
}

// Without this, a file that is not there would be found out by ten million
// failures, or a run be begun that can't be sent.
func TestTLSOfTheConfig(t *testing.T) {
	recording, run := makeRecording(t, 20, 10), filepath.Join(t.TempDir(), "run")
	for tls, want := range map[string]string{
		"{ ca: none.pem }":                                 "target new: tls.ca: open ",
		"{ cert: own.pem, key: own.pem }":                  "target new: tls.cert own.pem and tls.key: ",
		"{ ca: own.pem, cert: /dev/null, key: /dev/null }": "tls.cert /dev/null",
	} {
		config := secureTarget(t, tls)
		if r := mustParity(t, exitFailed, "replay", recording, "--target", "new", "--out", run, "--config", config); !strings.Contains(r.stderr, want) {
			t.Errorf("%s says %s", tls, r.stderr)
		}
		if r := parity(t, "doctor", "--target", "new", "--config", config); r.code != exitFailed || !strings.Contains(r.stdout, "tls.c") {
			t.Errorf("doctor of %s says %s", tls, r.stdout)
		}
		if _, err := os.Stat(run); err == nil {
			t.Fatalf("%s: a run was begun", tls)
		}
	}
	config := secureTarget(t, "{ ca: own.pem, server_name: example.com }") // beside the config, wherever parity runs
	mustParity(t, exitDone, "replay", recording, "--target", "new", "--out", run, "--config", config)
	mustParity(t, exitDone, "compare", run, "--config", config)
	need(t, "curl")
	if command := curlLines(t, run, "--config", config)[0]; !strings.Contains(command, "--cacert "+filepath.Join(filepath.Dir(config), "own.pem")) {
		t.Errorf("without the authority:\n%s", command)
	} else if text, err := exec.Command("bash", "-c", command).CombinedOutput(); err != nil || !strings.Contains(string(text), `{"n":1}`) {
		t.Errorf("%v: %s\n%s", err, text, command)
	}
	if s := readSummary(t, run, "--config", config); s.Ledger.Match != 20 {
		t.Errorf("ledger %+v", s.Ledger)
	}
	if r := mustParity(t, exitDone, "doctor", "--target", "new", "--config", config); !strings.Contains(r.stdout, "connects by TLS 1.3") {
		t.Errorf("doctor says %s", r.stdout)
	}
	if r := parity(t, "doctor", "--target", "new", "--config", secureTarget(t, "{ server_name: example.com }")); !strings.Contains(r.stdout, "tls: { ca: FILE }") {
		t.Errorf("doctor without the authority says %s", r.stdout)
	}
}
